/** One file of an export becomes a file of staged wire rows: streamed, in bounded memory. */
import type { Readable } from "node:stream";
import { GetObjectCommand } from "@aws-sdk/client-s3";
import { DynalakeError } from "../../core/error.ts";
import { exportsPrefix } from "../../core/format/deployment-path.ts";
import { lakeFileBytes } from "../../core/format/lake-file.ts";
import { stagedRowsPath, tallyPath } from "../../core/format/lake-path.ts";
import { lineSplit } from "../../core/row/line-split.ts";
import { rowCodec } from "../../core/row/row.ts";
import { lineWriter } from "../../core/row/wire-line.ts";
import { splitsFor } from "../../core/schema/staging-splits.ts";
import { type QuarantinedRecord, quarantineRecords } from "../../core/table/quarantine.ts";
import { awsError } from "../../sdk/aws-error.ts";
import { SplitWriter } from "../../transcode/split-writer.ts";
import { type Transcoded, transcodePart } from "../../transcode/transcode.ts";
import { type GzipUpload, gzipUpload } from "../gzip-upload.ts";
import { readExportSummary } from "../source-export.ts";
import { PARTS_AT_ONCE_MAX } from "../unload.ts";
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
  if (!key.startsWith(`${exportsPrefix(context.entry.source)}/`))
    throw new DynalakeError("EXPORT_INVALID", `file "${name}" is not in the exports of the table's source`);
  const splits = await splitsOf(context, key);
  const transcoded = await stageRows(context, request, name, splits);
  const quarantined = transcoded.rejected.map(
    (line): QuarantinedRecord => ({ ...line, source: key, arrivedAtSeconds: nowSeconds() }),
  );
  if (quarantined.length > 0) await quarantineRecords(store, schema.table, quarantined);
  // Last: a file with a tally is done.
  const { items, skipped, rejected } = transcoded;
  const tally: Tally = { itemCount: request.itemCount, items, skipped, rejected: rejected.length, splits };
  await store.replace(tallyPath(schema.table, run, index), lakeFileBytes(tally));
  return transcoded;
}

/** Notes that the file cannot be staged for the table: planning its seed fails with this. */
export async function noteFailedPart(
  { store, opened }: StepContext,
  { run, index, itemCount }: Pick<SnapshotPartRequest, "run" | "index" | "itemCount">,
  { code, message }: DynalakeError,
): Promise<void> {
  const tally: Tally = { itemCount, items: 0, skipped: 0, rejected: 0, failure: { code, message } };
  await store.replace(tallyPath(opened.schema.table, run, index), lakeFileBytes(tally));
}

/** As many uploads go on at once. */
const SPLIT_LIMITS = { bucketsAtOnce: PARTS_AT_ONCE_MAX, splitsMax: 10 };

/** How many splits the items of the whole export get, so that no statement of the seed reads all of them. */
async function splitsOf({ store, opened }: StepContext, key: string): Promise<number> {
  const { partitioning } = opened.schema;
  if (partitioning?.kind === "bucket") return splitsFor(partitioning, 0, SPLIT_LIMITS);
  const { itemCount } = await readExportSummary(store, key.slice(0, key.lastIndexOf("/data/") + 1));
  return splitsFor(partitioning, itemCount, SPLIT_LIMITS);
}

/** The rows' objects appear when all of them are whole: an upload that fails is taken back. */
async function stageRows(
  context: StepContext,
  request: SnapshotPartRequest,
  name: string,
  splits: number,
): Promise<Transcoded> {
  const { schema } = context.opened;
  const source = await readStream(context, request.key);
  let broken: DynalakeError | undefined;
  source.once("error", (error) => {
    broken = readFailure(error, request.key);
  });
  const objects = Array.from({ length: splits }, (_, split) => {
    const path = stagedRowsPath(schema.table, request.run, request.index, splits === 1 ? undefined : split);
    return gzipUpload(context, path, (failure) => source.destroy(failure));
  });
  try {
    const writer = lineWriter(rowCodec(schema, request.maskKey));
    const part = { name, itemCount: request.itemCount, md5: request.md5 };
    const divided = new SplitWriter(splits, lineSplit(schema, splits), (split, bytes) =>
      (objects[split] as GzipUpload).write(bytes),
    );
    const transcoded = await transcodePart(writer, part, source, (piece) => divided.write(piece));
    await divided.flush();
    await Promise.all(objects.map((object) => object.finish()));
    return transcoded;
  } catch (error) {
    await Promise.all(objects.map((object) => object.abort()));
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
