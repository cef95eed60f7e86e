/** Rows out of an engine of their own, which ends with them: when they are read, when they are cut off, or when they are left. */
import { DynalakeError } from "../core/error.ts";
import type { Lifetime, Operation } from "./lifetime.ts";

/** What gives the rows, opened. */
export interface RowSource<Head, R> {
  readonly head: Head;
  readonly batches: AsyncIterator<readonly R[]>;
  /** Interrupts what runs, waits for it, and frees everything. */
  close(): Promise<void>;
}

export class RowStream<Head, R> {
  readonly #lifetime: Lifetime;
  readonly #signal: AbortSignal | undefined;
  readonly #open: (signal: AbortSignal) => Promise<RowSource<Head, R>>;
  #opened: Promise<RowSource<Head, R>> | undefined;
  #operation: Operation | undefined;
  #closing: Promise<void> | undefined;
  /** Why it could not be opened: whatever is asked for afterwards fails for the same reason. */
  #failure: unknown;
  #isClaimed = false;

  constructor(
    lifetime: Lifetime,
    signal: AbortSignal | undefined,
    open: (signal: AbortSignal) => Promise<RowSource<Head, R>>,
  ) {
    this.#lifetime = lifetime;
    this.#signal = signal;
    this.#open = open;
  }

  /** What comes before the rows. */
  async head(): Promise<Head> {
    return (await this.#source()).head;
  }

  /** The rows, one by one, as `of` makes them. */
  async *rows<T>(of: (row: R, head: Head) => T): AsyncGenerator<T> {
    for await (const batch of this.batches((rows) => rows)) {
      const head = await this.head();
      for (const row of batch) {
        this.#operation?.signal.throwIfAborted();
        yield of(row, head);
      }
    }
  }

  /** The rows, many at a time. Throws USAGE the second time. */
  async *batches<T>(of: (rows: readonly R[]) => T): AsyncGenerator<T> {
    if (this.#isClaimed) throw this.#failure ?? readTwice();
    this.#isClaimed = true;
    try {
      const { batches } = await this.#source();
      for (let next = await batches.next(); !next.done; next = await batches.next()) yield of(next.value);
    } finally {
      await this.close();
    }
  }

  /** Frees everything. Rows that are asked for afterwards are refused. */
  close(): Promise<void> {
    this.#isClaimed = true;
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    // The engine computes a statement's first rows before it is opened.
    this.#operation?.abort(readTwice());
    const opened = await this.#opened?.catch(() => undefined);
    await opened?.close();
    this.#operation?.end();
  }

  #source(): Promise<RowSource<Head, R>> {
    this.#opened ??= this.#begin();
    return this.#opened;
  }

  async #begin(): Promise<RowSource<Head, R>> {
    if (this.#closing !== undefined) throw readTwice();
    const operation = this.#lifetime.begin(this.#signal);
    this.#operation = operation;
    // Rows that are half-read and not asked for hold an engine, too.
    operation.signal.addEventListener("abort", () => void this.close(), { once: true });
    try {
      return await this.#open(operation.signal);
    } catch (error) {
      this.#failure = operation.signal.aborted ? operation.signal.reason : error;
      void this.close();
      throw this.#failure;
    }
  }
}

function readTwice(): DynalakeError {
  return new DynalakeError("USAGE", "the rows can be read once, and not after they were closed", {
    next: "Start another query, or keep the rows in memory with all().",
  });
}
