/**
 * Reads a stream while what was read before is being delivered. Records become rows as soon as they are read, so that little
 * waits in memory, and a delivery takes all that has been read by then.
 */
import type { Gap } from "../format/manifest.ts";
import type { ChangeReader, StreamPosition } from "../ports/change-source.ts";
import { gapFound } from "../table/gap.ts";
import { BatchRows, type RowReading } from "./batch-rows.ts";

export interface AheadContext extends RowReading {
  readonly nowSeconds: () => number;
  /** At most this many records are delivered at once. */
  readonly recordsMax: number;
  /** A batch waits at most this long for its first record. */
  readonly waitMs: number;
}

/** What one delivery takes, and what is so once it is done. */
export interface BatchAhead {
  readonly rows: BatchRows;
  /** Gaps before or within these records. */
  readonly gaps: readonly Gap[];
  /** Covers exactly these records and all before them. */
  readonly position: StreamPosition;
  /** The stream had no more when it was last read. */
  readonly caughtUp: boolean;
  /** Every record that the stream held at this time is among these or those before; 0 where no such time is known. */
  readonly readUntilSeconds: number;
  /** As `ChangeBatch` has it. */
  readonly currentUntilSeconds: number | undefined;
  readonly readAtSeconds: number;
}

/** Rows of more bytes than this make a batch full as well. */
const ROWS_BYTES_MAX = 32_000_000;

export class ReadAhead {
  readonly #context: AheadContext;
  readonly #reader: ChangeReader;
  #batch: BatchAhead | undefined;
  #reading: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;
  #onFull: () => void = () => undefined;

  constructor(context: AheadContext, reader: ChangeReader) {
    this.#context = context;
    this.#reader = reader;
  }

  /** All that was read since the last call, or else what comes next. Fails as the reader failed, after what it gave before. */
  async take(): Promise<BatchAhead> {
    while (this.#batch === undefined) {
      this.#throwFailure();
      this.start();
      await this.#reading;
    }
    const batch = this.#batch;
    this.#batch = undefined;
    return batch;
  }

  /** Reads on, until a batch is full or the stream has no more. */
  start(): void {
    if (this.#reading !== undefined || this.#failure !== undefined || this.#isFull) return;
    this.#reading = this.#read().then(
      (records) => {
        this.#reading = undefined;
        if (records > 0) this.start();
      },
      (error: unknown) => {
        this.#reading = undefined;
        this.#failure = { error };
      },
    );
  }

  /** How many records were fetched and not taken. */
  get waitingRecords(): number {
    return (this.#batch?.rows.records ?? 0) + (this.#reader.fetchedRecords ?? 0);
  }

  /** Resolves once a full batch waits. One waiter at a time. */
  full(): Promise<void> {
    if (this.#isFull) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onFull = resolve;
    });
  }

  /** Resolves when nothing is being read, which the reader's end brings about. */
  async close(): Promise<void> {
    await this.#reader.close();
    await this.#reading;
  }

  get #isFull(): boolean {
    const { records = 0, bytes = 0 } = this.#batch?.rows ?? {};
    return records >= this.#context.recordsMax || bytes >= ROWS_BYTES_MAX;
  }

  async #read(): Promise<number> {
    const { recordsMax, waitMs, nowSeconds } = this.#context;
    const room = recordsMax - (this.#batch?.rows.records ?? 0);
    const next = await this.#reader.next({ recordsMax: room, waitMs });
    const { records, gaps, position, caughtUp, readUntilSeconds = 0, currentUntilSeconds } = next;
    const readAtSeconds = nowSeconds();
    // What was there may have been taken while this was read.
    const { rows = new BatchRows(this.#context), gaps: earlier = [] } = this.#batch ?? {};
    rows.add({ records, source: position.streamArn, arrivedAtSeconds: readAtSeconds });
    const found = gaps.map((gap) => gapFound(gap, this.#reader.stream, readAtSeconds));
    const reached = { caughtUp, readUntilSeconds, currentUntilSeconds, readAtSeconds };
    this.#batch = { rows, gaps: [...earlier, ...found], position, ...reached };
    if (this.#isFull) this.#onFull();
    return records.length;
  }

  #throwFailure(): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure.error;
  }
}
