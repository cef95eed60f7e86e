/**
 * Rows of recordings between their reading and their delivery. All recordings are read before anything is delivered, to see what of
 * them cannot be and so holds up older changes. Where nothing is held, their rows are delivered as they were read.
 */
import type { BatchRows } from "./batch-rows.ts";
import type { Recorded } from "./recorded-events.ts";

/** Rows beyond that are not kept: their records are read again. */
const KEPT_BYTES_MAX = 128 * 1024 * 1024;

export class KeptRows {
  /** By the records of a recording, and the place of a batch among them. */
  readonly #batches = new Map<readonly Recorded[], Map<number, BatchRows>>();
  readonly #bytesMax: number;
  #bytes = 0;

  constructor(bytesMax: number = KEPT_BYTES_MAX) {
    this.#bytesMax = bytesMax;
  }

  /** Keeps the rows of one of the recording's batches, unless there are too many. */
  keep(recording: readonly Recorded[], batch: number, rows: BatchRows): void {
    if (this.#bytes + rows.bytes > this.#bytesMax) return;
    this.#bytes += rows.bytes;
    const batches = this.#batches.get(recording) ?? new Map<number, BatchRows>();
    this.#batches.set(recording, batches.set(batch, rows));
  }

  /** The rows of a batch, once; undefined where they are not kept. */
  take(recording: readonly Recorded[], batch: number): BatchRows | undefined {
    const batches = this.#batches.get(recording);
    const rows = batches?.get(batch);
    batches?.delete(batch);
    return rows;
  }
}
