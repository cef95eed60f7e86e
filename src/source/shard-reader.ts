/** Polls one shard of a stream into a buffer. */
import { backoffMs, serviceBackoff, type Timing } from "../sdk/timing.ts";
import { Bell } from "./bell.ts";
import { CallRate } from "./call-rate.ts";
import type { WrittenRecord } from "./get-records.ts";
import type { PollBudget } from "./poll-budget.ts";
import { recordBytes } from "./record-bytes.ts";
import { RECORDS_PER_CALL_MAX, type ShardCursor } from "./shard-cursor.ts";
import { isPassing } from "./source-error.ts";

export interface ShardReading {
  readonly cursor: ShardCursor;
  readonly budget: PollBudget;
  readonly timing: Timing;
  readonly pollMs: () => number;
  readonly pollsPerSecondMax: number;
  readonly outageSecondsMax: number;
  /** Called when records have arrived, and when reading has ended. */
  readonly onNews: () => void;
}

/** A shard is not polled while its buffer exceeds either limit: records that wait parsed cost memory, and time to keep it. */
const BUFFER_RECORDS_MAX = 2_000;
const BUFFER_BYTES_MAX = 4_000_000;

/** An answer of this size suggests that more is waiting: the service ends one at 1 MB or at `RECORDS_PER_CALL_MAX`. */
const FULL_ANSWER_BYTES = 500_000;

/** The shards of a disabled stream close. Emulators may leave them open: this many empty answers in a row count as the end. */
const DRAINED_AFTER_EMPTY_POLLS = 25;

/** Polls until the shard is closed. Retries passing failures; any other ends the reading. */
export class ShardReader {
  readonly #reading: ShardReading;
  readonly #rate: CallRate;
  readonly #roomBell: Bell;
  readonly #stop = new AbortController();
  readonly #buffer: WrittenRecord[] = [];
  #bufferBytes = 0;
  #fetched = 0;
  #taken = 0;
  /** An empty answer: when it was requested, and how many records had been fetched before it. */
  #end: { readonly askedMs: number; readonly after: number } | undefined;
  #takenUntilMs = 0;
  #running: Promise<void> = Promise.resolve();
  #done = false;
  #draining = false;
  #emptyPolls = 0;
  #failures = 0;
  #failingSinceMs = 0;
  #failure: unknown;

  constructor(reading: ShardReading) {
    this.#reading = reading;
    this.#rate = new CallRate(reading.pollsPerSecondMax, reading.timing);
    this.#roomBell = new Bell(reading.timing);
  }

  /** Every record of the shard has been fetched and taken. */
  get finished(): boolean {
    return this.#done && this.#buffer.length === 0;
  }

  /** The last poll returned nothing, and every record has been taken. */
  get idle(): boolean {
    return this.#emptyPolls > 0 && this.#failures === 0 && this.#buffer.length === 0;
  }

  /** Every record that the shard had at this moment has been taken; milliseconds since the epoch, 0 before the first. */
  get takenUntilMs(): number {
    return this.#takenUntilMs;
  }

  get hasRecords(): boolean {
    return this.#buffer.length > 0;
  }

  get bufferedRecords(): number {
    return this.#buffer.length;
  }

  /** Why reading ended before the shard did; undefined if it did not. */
  get failure(): unknown {
    return this.#failure;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Ends the polling; buffered records can still be taken. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#roomBell.ring();
    await this.#running;
  }

  /** From now on an empty shard counts as closed. */
  drain(): void {
    this.#draining = true;
  }

  take(recordsMax: number): readonly WrittenRecord[] {
    const records = this.#buffer.splice(0, recordsMax);
    this.#taken += records.length;
    this.#passEnd();
    this.#countBytes(-recordBytes(records));
    if (records.length > 0) this.#roomBell.ring();
    return records;
  }

  async #run(): Promise<void> {
    const { timing, pollMs, onNews } = this.#reading;
    const { signal } = this.#stop;
    try {
      while (!signal.aborted && !this.#done) {
        // Other shards fill the budget, too, and ring no bell here when they leave room.
        if (!this.#hasRoom()) await this.#roomBell.wait(pollMs());
        else if ((await this.#poll(signal)) === "later" && !this.#done) await timing.sleep(pollMs(), signal);
      }
    } catch (error) {
      if (!signal.aborted) this.#failure = error;
    }
    onNews();
  }

  #hasRoom(): boolean {
    const { budget } = this.#reading;
    return (
      this.#buffer.length <= BUFFER_RECORDS_MAX && this.#bufferBytes <= BUFFER_BYTES_MAX && budget.hasRoom
    );
  }

  /** Polls once, and returns when the next poll is due. */
  async #poll(signal: AbortSignal): Promise<"now" | "later"> {
    const { cursor, budget } = this.#reading;
    await this.#rate.turn(signal);
    try {
      const { records, askedMs } = await budget.call(async () => {
        signal.throwIfAborted();
        const nowMs = this.#reading.timing.nowMs();
        return { askedMs: nowMs, ...(await cursor.fetch(signal)) }; // breakage: asked-for-another-reader
      });
      return this.#accept(records, askedMs);
    } catch (error) {
      if (!signal.aborted) await this.#recover(error, signal);
      return "now";
    }
  }

  #accept(records: readonly WrittenRecord[], askedMs: number): "now" | "later" {
    const bytes = recordBytes(records);
    this.#fetched += records.length;
    // A pending end is kept: a reader that is always behind still passes it at some point.
    if (records.length === 0 && (this.#end === undefined || this.#end.after === this.#fetched))
      this.#end = { askedMs, after: this.#fetched };
    this.#passEnd();
    this.#buffer.push(...records);
    this.#countBytes(bytes);
    this.#failures = 0;
    this.#emptyPolls = records.length === 0 ? this.#emptyPolls + 1 : 0;
    this.#done =
      this.#reading.cursor.closed || (this.#draining && this.#emptyPolls >= DRAINED_AFTER_EMPTY_POLLS);
    if (records.length > 0) this.#reading.onNews();
    return records.length >= RECORDS_PER_CALL_MAX || bytes >= FULL_ANSWER_BYTES ? "now" : "later";
  }

  /** Recovers from a failure and waits before the next poll; throws the failure if it is permanent. */
  async #recover(error: unknown, signal: AbortSignal): Promise<void> {
    const { cursor, timing, outageSecondsMax } = this.#reading;
    if (this.#failures === 0) this.#failingSinceMs = timing.nowMs();
    this.#failures++;
    const retry = cursor.recover(error);
    this.#done = cursor.closed;
    if (retry === "no" && !isPassing(error)) throw error;
    if (timing.nowMs() - this.#failingSinceMs > outageSecondsMax * 1_000) throw error;
    if (retry === "now" && this.#failures === 1) return;
    await timing.sleep(backoffMs(serviceBackoff, this.#failures, timing), signal);
  }

  #passEnd(): void {
    // breakage: only-taken-records-count
    if (this.#end === undefined || this.#taken < this.#end.after) return;
    this.#takenUntilMs = this.#end.askedMs;
    this.#end = undefined;
  }

  #countBytes(bytes: number): void {
    this.#bufferBytes += bytes;
    this.#reading.budget.count(bytes);
  }
}
