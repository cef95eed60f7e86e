/** One data file of an export on this machine to staged wire rows. */
import { createReadStream } from "node:fs";
import { basename } from "node:path";
import { DynalakeError } from "../../core/error.ts";
import type { LineWriter } from "../../core/row/wire-line.ts";
import { fileError, systemCode } from "../../files/file-error.ts";
import type { SplitWriter } from "../../transcode/split-writer.ts";
import { type Transcoded, type TranscodingOptions, transcodePart } from "../../transcode/transcode.ts";

export interface StagingTask extends TranscodingOptions {
  /** The data file: gzip of JSON lines. */
  readonly source: string;
  readonly itemCount: number;
  /** Base64 of the MD5 of the data file. */
  readonly md5: string;
}

const READ_BYTES = 256 * 1024;

/** Stages one file in bounded memory. Throws EXPORT_INVALID if it is not what the manifest says, and DISK_FULL. */
export async function stageFile(
  writer: LineWriter,
  task: StagingTask,
  target: SplitWriter,
  signal?: AbortSignal,
): Promise<Transcoded> {
  const name = basename(task.source);
  const source = createReadStream(task.source, {
    highWaterMark: READ_BYTES,
    ...(signal === undefined ? {} : { signal }),
  });
  try {
    const transcoded = await transcodePart(
      writer,
      { ...task, name },
      source,
      (piece) => target.write(piece),
      task,
    );
    await target.flush();
    return transcoded;
  } catch (error) {
    signal?.throwIfAborted();
    const isFromSystem = !(error instanceof DynalakeError) && systemCode(error) !== undefined;
    throw isFromSystem ? fileError(error, `data/${name}`) : error;
  }
}
