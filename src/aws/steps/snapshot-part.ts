/** One file of an export becomes a file of staged wire rows: streamed, in bounded memory. */
import { once } from "node:events";
import type { Readable } from "node:stream";
import { createGzip } from "node:zlib";
import { GetObjectCommand } from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { DynalakeError } from "../../core/error.ts";
import { lakeFileBytes } from "../../core/format/lake-file.ts";
import { exportsPrefix, stagedRowsPath, tallyPath } from "../../core/format/lake-path.ts";
import { rowCodec } from "../../core/row/row.ts";
import { lineWriter } from "../../core/row/wire-line.ts";
import { type QuarantinedRecord, quarantineRecords } from "../../core/table/quarantine.ts";
import { awsError } from "../../sdk/aws-error.ts";
import { type Transcoded, transcodePart } from "../../transcode/transcode.ts";
import type { StepContext } from "./step-context.ts";
import type { Tally } from "./tally.ts";

export interface SnapshotPartRequest {
  readonly run: string;
  /** The number of the file in the export's manifest. */
  readonly index: number;
  readonly key: string;
  readonly itemCount: number;
  /** Base64 of the MD5 of the file. */
  readonly md5: string;
  readonly maskKey: Uint8Array | undefined;
}

/** Doing it again replaces the same objects. */
export async function snapshotPart(context: StepContext, request: SnapshotPartRequest): Promise<Transcoded> {
  const { store, nowSeconds } = context;
  const { schema } = context.opened;
  const { run, index, key } = request;
  const name = key.slice(key.lastIndexOf("/") + 1);
  if (!key.startsWith(`${exportsPrefix(schema.table)}/`))
    throw new DynalakeError("EXPORT_INVALID", `file "${name}" is not in the exports of the table`);
  const transcoded = await stageRows(context, request, name);
  const quarantined = transcoded.rejected.map(
    (line): QuarantinedRecord => ({ ...line, source: key, arrivedAtSeconds: nowSeconds() }),
  );
  if (quarantined.length > 0) await quarantineRecords(store, schema.table, quarantined);
  // Last: a file with a tally is done.
  const { items, skipped, rejected } = transcoded;
  const tally: Tally = { itemCount: request.itemCount, items, skipped, rejected: rejected.length };
  await store.replace(tallyPath(schema.table, run, index), lakeFileBytes(tally));
  return transcoded;
}

/** The rows' object appears when it is whole: an upload that fails is taken back. */
async function stageRows(
  context: StepContext,
  request: SnapshotPartRequest,
  name: string,
): Promise<Transcoded> {
  const { bucket, clients } = context;
  const { schema } = context.opened;
  const source = await readStream(context, request.key);
  let broken: DynalakeError | undefined;
  source.once("error", (error) => {
    broken = readFailure(error, request.key);
  });
  const gzip = createGzip({ level: 1 });
  const Key = stagedRowsPath(schema.table, request.run, request.index);
  const upload = new Upload({
    client: clients.s3,
    params: { Bucket: bucket, Key, Body: gzip },
    queueSize: 2,
  });
  const uploaded = upload.done().catch((error: unknown) => {
    const failure = awsError(error, { attempt: `write ${Key}`, service: "S3", otherwise: "STORE_FAILED" });
    gzip.destroy(failure);
    source.destroy(failure);
    throw failure;
  });
  try {
    const writer = lineWriter(rowCodec(schema, request.maskKey));
    const part = { name, itemCount: request.itemCount, md5: request.md5 };
    const transcoded = await transcodePart(writer, part, source, async (piece) => {
      // The piece's memory is used again for the next one.
      if (!gzip.write(Buffer.from(piece))) await once(gzip, "drain");
    });
    gzip.end();
    await uploaded;
    return transcoded;
  } catch (error) {
    uploaded.catch(() => undefined);
    await upload.abort();
    // A body that breaks off is a passing failure and is reported as one: its file alone is read again.
    throw broken ?? error;
  }
}

async function readStream({ bucket, clients }: StepContext, key: string): Promise<Readable> {
  try {
    const { Body } = await clients.s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return Body as Readable;
  } catch (error) {
    throw readFailure(error, key);
  }
}

function readFailure(error: unknown, key: string): DynalakeError {
  return awsError(error, { attempt: `read ${key}`, service: "S3", otherwise: "STORE_FAILED" });
}
