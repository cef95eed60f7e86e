/** A stream of bytes cut at line feeds, in bounded memory. */
import { DynalakeError } from "../core/error.ts";
import { LINE_BYTES_MAX } from "../core/row/wire-line.ts";

export const LINE_FEED = 10;

/**
 * Regions of whole lines, each with its line feed unless the file ends without one. Chunks are not copied but at their ends.
 * Throws EXPORT_INVALID where a line has no end: `name` is that of the data file.
 */
export async function* wholeLines(chunks: AsyncIterable<Buffer>, name: string): AsyncGenerator<Buffer> {
  /** The pieces of a line that has not ended yet. */
  let pieces: Buffer[] = [];
  for await (const chunk of chunks) {
    const last = chunk.lastIndexOf(LINE_FEED);
    if (last !== -1) {
      const start = pieces.length === 0 ? 0 : chunk.indexOf(LINE_FEED) + 1;
      if (start > 0) yield Buffer.concat([...pieces, chunk.subarray(0, start)]);
      if (last >= start) yield chunk.subarray(start, last + 1);
      pieces = [];
    }
    if (last < chunk.length - 1) pieces.push(chunk.subarray(last + 1));
    // breakage: export-lines-limited
    if (pieces.reduce((sum, piece) => sum + piece.length, 0) > LINE_BYTES_MAX) {
      throw new DynalakeError(
        "EXPORT_INVALID",
        `data/${name} has a line of more than ${LINE_BYTES_MAX} bytes`,
      );
    }
  }
  if (pieces.length > 0) yield Buffer.concat(pieces);
}
