/** One data file of an export on this machine to one file of staged wire rows. */
import { createReadStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { basename } from "node:path";
import { DynalakeError } from "../../core/error.ts";
import type { LineWriter } from "../../core/row/wire-line.ts";
import { fileError, systemCode } from "../../files/file-error.ts";
import { type Transcoded, transcodePart } from "../../transcode/transcode.ts";

export interface StagingTask {
  /** The data file: gzip of JSON lines. */
  readonly source: string;
  /** Where the wire rows go, as JSON lines. Not synced: an interrupted snapshot starts from the beginning. */
  readonly target: string;
  readonly itemCount: number;
  /** Base64 of the MD5 of the data file. */
  readonly md5: string;
}

const READ_BYTES = 256 * 1024;

/** Stages one file in bounded memory. Throws EXPORT_INVALID if it is not what the manifest says, and DISK_FULL. */
export async function stageFile(
  writer: LineWriter,
  task: StagingTask,
  signal?: AbortSignal,
): Promise<Transcoded> {
  const name = basename(task.source);
  const output = await open(task.target, "wx").catch((error: unknown) => {
    throw fileError(error, task.target);
  });
  const source = createReadStream(task.source, {
    highWaterMark: READ_BYTES,
    ...(signal === undefined ? {} : { signal }),
  });
  const write = (piece: Uint8Array): Promise<void> =>
    writeAll(output, piece).catch((error: unknown) => {
      throw fileError(error, task.target);
    });
  try {
    return await transcodePart(writer, { ...task, name }, source, write);
  } catch (error) {
    signal?.throwIfAborted();
    const isFromSystem = !(error instanceof DynalakeError) && systemCode(error) !== undefined;
    throw isFromSystem ? fileError(error, `data/${name}`) : error;
  } finally {
    await output.close();
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at)).bytesWritten;
}
