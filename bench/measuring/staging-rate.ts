/** How fast one core stages the files of an export as the function `snapshot-part` does: read, check, transcode and compress. */
import { createReadStream } from "node:fs";
import { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { rowCodec } from "../../src/core/row/row.ts";
import { lineWriter } from "../../src/core/row/wire-line.ts";
import { parseSchema } from "../../src/core/schema/schema.ts";
import { openExport } from "../../src/embedded/exports/export-folder.ts";
import { transcodePart } from "../../src/transcode/transcode.ts";

export interface StagingRate {
  /** JSON lines written, before compression. */
  readonly megabytes: number;
  readonly cpuSeconds: number;
  /** The part of it that a second round without compression does not need. */
  readonly gzipSeconds: number;
}

/** Uploading is left out: it depends on the network, and takes little CPU. */
export async function stagingRate(folder: string, schemaFile: unknown): Promise<StagingRate> {
  const compressed = await staged(folder, schemaFile, true);
  const plain = await staged(folder, schemaFile, false);
  return { ...compressed, gzipSeconds: compressed.cpuSeconds - plain.cpuSeconds };
}

async function staged(
  folder: string,
  schemaFile: unknown,
  compresses: boolean,
): Promise<Omit<StagingRate, "gzipSeconds">> {
  const writer = lineWriter(rowCodec(parseSchema(schemaFile, "the benchmark's schema")));
  const { parts } = await openExport(folder);
  const before = process.cpuUsage();
  let bytes = 0;
  for (const { file, itemCount, md5 } of parts) {
    const gzip = createGzip({ level: 1 });
    const written = finished(gzip.pipe(new Writable({ write: (_chunk, _encoding, done) => done() })));
    await transcodePart(writer, { name: file, itemCount, md5 }, createReadStream(file), async (piece) => {
      bytes += piece.length;
      if (compresses && !gzip.write(Buffer.from(piece)))
        await new Promise((resolve) => gzip.once("drain", resolve));
    });
    gzip.end();
    await written;
  }
  const { user, system } = process.cpuUsage(before);
  return { megabytes: bytes / 1e6, cpuSeconds: (user + system) / 1e6 };
}
