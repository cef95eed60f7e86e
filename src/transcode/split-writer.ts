/** Staged lines on their way to the files of their splits, gathered in a buffer for each. */
import type { LineSplit } from "../core/row/line-split.ts";
import { LINE_FEED } from "./whole-lines.ts";

/** Takes the bytes of whole lines for a split, and is done with them before it returns. */
export type WriteSplit = (split: number, bytes: Uint8Array) => Promise<void>;

/** All buffers together, and each of them. */
const BUFFERS_BYTES = 16 * 1024 * 1024;
const BUFFER_BYTES_MAX = 256 * 1024;

export class SplitWriter {
  readonly #splitOf: LineSplit;
  readonly #write: WriteSplit;
  readonly #buffers: readonly Uint8Array[];
  readonly #lengths: number[];

  constructor(splits: number, splitOf: LineSplit, write: WriteSplit) {
    const bytes = Math.min(BUFFER_BYTES_MAX, Math.floor(BUFFERS_BYTES / splits));
    this.#splitOf = splitOf;
    this.#write = write;
    // A single split needs no buffer: pieces are large enough.
    this.#buffers = splits === 1 ? [] : Array.from({ length: splits }, () => new Uint8Array(bytes));
    this.#lengths = this.#buffers.map(() => 0);
  }

  /** Takes a piece of whole lines. */
  async write(piece: Uint8Array): Promise<void> {
    if (this.#buffers.length === 0) {
      if (piece.length > 0) await this.#write(0, piece);
      return;
    }
    for (let from = 0; from < piece.length; ) {
      const end = piece.indexOf(LINE_FEED, from) + 1;
      const split = this.#splitOf(piece, from, end);
      if (!this.#fits(split, end - from)) await this.#flushSplit(split);
      if (this.#fits(split, end - from)) this.#keep(split, piece.subarray(from, end));
      else await this.#write(split, piece.subarray(from, end));
      from = end;
    }
  }

  /** Writes what is left in the buffers. */
  async flush(): Promise<void> {
    for (let split = 0; split < this.#buffers.length; split++) await this.#flushSplit(split);
  }

  #fits(split: number, bytes: number): boolean {
    return (this.#lengths[split] as number) + bytes <= (this.#buffers[split] as Uint8Array).length;
  }

  #keep(split: number, line: Uint8Array): void {
    (this.#buffers[split] as Uint8Array).set(line, this.#lengths[split]);
    this.#lengths[split] = (this.#lengths[split] as number) + line.length;
  }

  async #flushSplit(split: number): Promise<void> {
    const length = this.#lengths[split] as number;
    this.#lengths[split] = 0;
    if (length > 0) await this.#write(split, (this.#buffers[split] as Uint8Array).subarray(0, length));
  }
}
