import { backoffMs, serviceBackoff, type Timing } from "../sdk/timing.ts";
import type { PollBudget } from "./poll-budget.ts";
import { recordsPerCallMax, type ShardCursor } from "./shard-cursor.ts";
import { isPassing } from "./source-error.ts";
import { CallRate } from "./timing.ts";
import type { WrittenRecord } from "./written-records.ts";

export interface ShardReading {
  readonly cursor: ShardCursor;
  readonly budget: PollBudget;
  readonly timing: Timing;
  readonly pollMs: () => number;
  readonly pollsPerSecondMax: number;
  readonly outageSecondsMax: number;
  /** Called after anything that whoever waits for this shard may want to know. */
  readonly onNews: () => void;
}

/** What one shard may hold in memory before it is not polled any more. */
const bufferRecordsMax = 10_000;
const bufferBytesMax = 32_000_000;

/** An answer of this size is full: the service ends one at 1 MB or at `recordsPerCallMax`. */
const fullAnswerBytes = 500_000;

/** A shard of a disabled stream closes; where an emulator leaves it open, this many empty answers count as its end. */
const drainedAfterEmptyPolls = 25;

/** Polls one shard into a buffer until it is closed. What passes by itself is retried; the rest ends the reading. */
export class ShardReader {
  readonly #reading: ShardReading;
  readonly #rate: CallRate;
  readonly #stop = new AbortController();
  readonly #buffer: WrittenRecord[] = [];
  #bufferBytes = 0;
  #fetched = 0;
  #taken = 0;
  /** An empty answer, and how many records had come before it. */
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
  }

  /** All records of the shard were fetched and taken. */
  get finished(): boolean {
    return this.#done && this.#buffer.length === 0;
  }

  /** The last poll brought nothing, and nothing is left to be taken. */
  get idle(): boolean {
    return this.#emptyPolls > 0 && this.#failures === 0 && this.#buffer.length === 0;
  }

  /** All that the shard had at this moment has been taken; 0 before the first one. */
  get takenUntilMs(): number {
    return this.#takenUntilMs;
  }

  get hasRecords(): boolean {
    return this.#buffer.length > 0;
  }

  /** Why the reading ended before the shard did; undefined while all is well. */
  get failure(): unknown {
    return this.#failure;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Ends the polling; what is in the buffer can still be taken. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /** From now on an empty shard is taken for a closed one. */
  drain(): void {
    this.#draining = true;
  }

  take(recordsMax: number): readonly WrittenRecord[] {
    const records = this.#buffer.splice(0, recordsMax);
    this.#taken += records.length;
    this.#passEnd();
    this.#countBytes(-bytesOf(records));
    return records;
  }

  async #run(): Promise<void> {
    const { timing, pollMs, onNews } = this.#reading;
    const { signal } = this.#stop;
    try {
      while (!signal.aborted && !this.#done) {
        const next = this.#hasRoom() ? await this.#poll(signal) : "later";
        if (next === "later" && !this.#done) await timing.sleep(pollMs(), signal);
      }
    } catch (error) {
      if (!signal.aborted) this.#failure = error;
    }
    onNews();
  }

  #hasRoom(): boolean {
    const { budget } = this.#reading;
    return this.#buffer.length <= bufferRecordsMax && this.#bufferBytes <= bufferBytesMax && budget.hasRoom;
  }

  /** One poll, and when the next one is due. */
  async #poll(signal: AbortSignal): Promise<"now" | "later"> {
    const { cursor, budget } = this.#reading;
    await this.#rate.turn(signal);
    let askedMs = 0;
    try {
      const records = await budget.call(async () => {
        signal.throwIfAborted();
        askedMs = this.#reading.timing.nowMs();
        return cursor.fetch(signal);
      });
      return this.#accept(records, askedMs);
    } catch (error) {
      if (!signal.aborted) await this.#recover(error, signal);
      return "now";
    }
  }

  #accept(records: readonly WrittenRecord[], askedMs: number): "now" | "later" {
    const bytes = bytesOf(records);
    this.#fetched += records.length;
    // One that waits to be passed stays: a reader that is always behind comes to it in the end.
    if (records.length === 0 && (this.#end === undefined || this.#end.after === this.#fetched))
      this.#end = { askedMs, after: this.#fetched };
    this.#passEnd();
    this.#buffer.push(...records);
    this.#countBytes(bytes);
    this.#failures = 0;
    this.#emptyPolls = records.length === 0 ? this.#emptyPolls + 1 : 0;
    this.#done =
      this.#reading.cursor.closed || (this.#draining && this.#emptyPolls >= drainedAfterEmptyPolls);
    if (records.length > 0) this.#reading.onNews();
    return records.length >= recordsPerCallMax || bytes >= fullAnswerBytes ? "now" : "later";
  }

  /** Makes the next poll possible and waits until it makes sense, or throws what cannot be mended. */
  async #recover(error: unknown, signal: AbortSignal): Promise<void> {
    const { cursor, timing, outageSecondsMax } = this.#reading;
    if (this.#failures === 0) this.#failingSinceMs = timing.nowMs();
    this.#failures++;
    const mended = cursor.mend(error);
    this.#done = cursor.closed;
    if (mended === "no" && !isPassing(error)) throw error;
    if (timing.nowMs() - this.#failingSinceMs > outageSecondsMax * 1_000) throw error;
    if (mended === "now" && this.#failures === 1) return;
    await timing.sleep(backoffMs(serviceBackoff, this.#failures, timing), signal);
  }

  #passEnd(): void {
    if (this.#end === undefined || this.#taken < this.#end.after) return;
    this.#takenUntilMs = this.#end.askedMs;
    this.#end = undefined;
  }

  #countBytes(bytes: number): void {
    this.#bufferBytes += bytes;
    this.#reading.budget.count(bytes);
  }
}

function bytesOf(records: readonly WrittenRecord[]): number {
  // A kilobyte stands for a size that is not told.
  return records.reduce((bytes, record) => bytes + (record.dynamodb?.SizeBytes ?? 1_000), 0);
}
