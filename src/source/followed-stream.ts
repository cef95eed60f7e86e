import { SKEW_SECONDS } from "../core/format/manifest.ts";
import type { ShardPosition, StreamGap, StreamPosition } from "../core/ports/change-source.ts";
import { backoffMs, serviceBackoff, type Timing } from "../sdk/timing.ts";
import type { StreamsApi } from "./clients.ts";
import { PollBudget } from "./poll-budget.ts";
import { lastSequenceNumber, ShardCursor } from "./shard-cursor.ts";
import { ShardReader } from "./shard-reader.ts";
import { awaitsSuccessors, type ListedShard, type Reconciled, reconcile, startable } from "./shard-tree.ts";
import { StreamLister, type StreamListing } from "./stream-listing.ts";
import { toEventRecord } from "./stream-record.ts";
import { Bell } from "./timing.ts";

export interface StreamTuning {
  /** Milliseconds between two polls of a shard that has nothing new. */
  readonly pollMs: number;
  /** Polls of one shard in any second; the service allows 5. */
  readonly pollsPerSecondMax: number;
  /** How often the shards are listed when none of them closes. */
  readonly listEverySeconds: number;
  /** How long the service may fail before the reading does. */
  readonly outageSecondsMax: number;
}

export interface StreamToFollow {
  readonly api: StreamsApi;
  readonly streamArn: string;
  readonly listing: StreamListing;
  /** Where to go on; undefined for a stream that is read for the first time. */
  readonly from: StreamPosition | undefined;
  /** True when the table writes to another stream by now, so that this one only has to be emptied. */
  readonly superseded: boolean;
  readonly tuning: StreamTuning;
  readonly timing: Timing;
  readonly onNews: () => void;
}

/** All shards of one stream together. */
const budgetLimits = { callsMax: 16, bytesMax: 128_000_000 } as const;
/** The time of one poll, on average, that many idle shards may cost this machine and the bill. */
const pollShareMs = 20;
const listSoonMs = 1_000;
/** A listing shows the successor of a closed shard a moment later; whoever waits for the end of the stream waits no longer. */
const successorMsMax = 60_000;
/** Less than the hour that is allowed for clocks where it is told since when a new reader has everything. */
const firstReadMsMax = 30 * 60_000;

/** Follows one stream through all of its shards, parents before children, until it is closed, drained or gone. */
export class FollowedStream {
  readonly #stream: StreamToFollow;
  readonly #budget: PollBudget = new PollBudget(budgetLimits);
  readonly #lister: StreamLister;
  readonly #listBell: Bell;
  readonly #stop = new AbortController();
  readonly #readers: Map<string, ShardReader> = new Map();
  #positions: Map<string, ShardPosition>;
  #position: StreamPosition;
  /** Of each shard, when the newest record that was taken of it was made. */
  readonly #takenUntilSeconds: Map<string, number> = new Map();
  #listed: ReadonlyMap<string, ListedShard> = new Map();
  #gaps: StreamGap[] = [];
  readonly #resumed: boolean;
  readonly #openedMs: number;
  #enabled: boolean;
  #listings = 0;
  #fruitlessListings = 0;
  #shardsFinished = 0;
  #shardsFinishedAtListing = 0;
  /** When a shard was last read to its end; a shard of an earlier run counts as read when the stream was opened. */
  #finishedAtMs: number;
  #ended = false;
  #failure: unknown;
  #running: Promise<void> = Promise.resolve();

  constructor(stream: StreamToFollow) {
    this.#stream = stream;
    this.#lister = new StreamLister(stream.api, stream.streamArn, stream.timing);
    this.#listBell = new Bell(stream.timing);
    this.#enabled = stream.listing.enabled;
    this.#positions = new Map(Object.entries(stream.from?.shards ?? {}));
    this.#resumed = this.#positions.size > 0;
    this.#openedMs = stream.timing.nowMs();
    this.#finishedAtMs = this.#openedMs;
    this.#position = stream.from ?? { streamArn: stream.streamArn, shards: {} };
  }

  /** Covers exactly what was taken. The same object as before when nothing has changed. */
  get position(): StreamPosition {
    return this.#position;
  }

  /** The stream is empty and gets nothing more, or is gone: there is nothing left to be taken. */
  get ended(): boolean {
    return this.#ended && !this.#hasRecords;
  }

  /** Why nothing more comes; what had come before can still be taken. */
  get failure(): unknown {
    return this.#failure;
  }

  get caughtUp(): boolean {
    if (!this.#isWhole) return false;
    return [...this.#positions].every(
      ([id, { finished }]) => finished || this.#readers.get(id)?.idle === true,
    );
  }

  /** All that the stream had at this moment has been taken, by this machine's clock; 0 before the first one. */
  get readUntilSeconds(): number {
    if (!this.#isWhole) return 0;
    const open = [...this.#positions].filter(([, { finished }]) => !finished);
    const until = open.map(([id]) => {
      // What the records tell goes by clocks of others.
      const toldSeconds = (this.#takenUntilSeconds.get(id) ?? 0) - SKEW_SECONDS;
      return Math.max(0, toldSeconds, (this.#readers.get(id)?.takenUntilMs ?? 0) / 1_000);
    });
    return Math.min(this.#stream.timing.nowMs() / 1_000, ...until);
  }

  /** The moment up to which every open shard has been taken; Infinity where nothing is left in any of them. */
  get reachedSeconds(): number {
    const mayHaveMore = this.#shardsFinished !== this.#shardsFinishedAtListing || this.#listings === 0;
    if (mayHaveMore || this.#draining || awaitsSuccessors(this.#positions)) return 0;
    const open = [...this.#positions].filter(([, { finished }]) => !finished);
    const reached = open.map(([id]) =>
      this.#readers.get(id)?.idle === true
        ? Number.POSITIVE_INFINITY
        : (this.#takenUntilSeconds.get(id) ?? 0),
    );
    return Math.min(...reached);
  }

  start(): void {
    this.#running = this.#follow();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#listBell.ring();
    await Promise.all([this.#running, ...[...this.#readers.values()].map((reader) => reader.stop())]);
  }

  /** The next records, from each shard in turn, in the shape of a Lambda event. */
  take(recordsMax: number): readonly unknown[] {
    const records: unknown[] = [];
    for (const [id, reader] of [...this.#readers]) {
      if (!reader.hasRecords || records.length >= recordsMax) continue;
      const taken = reader.take(recordsMax - records.length);
      for (const record of taken) records.push(toEventRecord(record, this.#stream.streamArn));
      const after = lastSequenceNumber(taken);
      if (after !== undefined) this.#setPosition(id, { after });
      const made = taken.at(-1)?.dynamodb?.ApproximateCreationDateTime;
      if (typeof made === "number") this.#takenUntilSeconds.set(id, made);
      // Whoever was served goes to the end of the line.
      this.#readers.delete(id);
      this.#readers.set(id, reader);
    }
    if (records.length > 0) this.#publish();
    this.#settle();
    return records;
  }

  takeGaps(): readonly StreamGap[] {
    const gaps = this.#gaps;
    this.#gaps = [];
    return gaps;
  }

  get #hasRecords(): boolean {
    return [...this.#readers.values()].some((reader) => reader.hasRecords);
  }

  /** What is read is all shards that the stream has. */
  get #isWhole(): boolean {
    return !this.#ended && this.#failure === undefined && !this.#draining && !this.#mayHaveUnknownShards;
  }

  /** A shard has closed, and what follows it was not listed since then. One that gets no successor for long has none. */
  get #mayHaveUnknownShards(): boolean {
    if (this.#listings === 0 || this.#shardsFinished !== this.#shardsFinishedAtListing) return true;
    const isYoung = this.#stream.timing.nowMs() - this.#finishedAtMs < successorMsMax;
    return isYoung && awaitsSuccessors(this.#positions);
  }

  /** Nothing is added to the stream any more. */
  get #draining(): boolean {
    return this.#stream.superseded || !this.#enabled;
  }

  async #follow(): Promise<void> {
    try {
      let listing: StreamListing | undefined = this.#stream.listing;
      while (listing !== undefined && !this.#stop.signal.aborted) {
        if (await this.#apply(listing)) break;
        await this.#listBell.wait(this.#listInMs());
        const finished = this.#shardsFinished;
        listing = await this.#list();
        this.#shardsFinishedAtListing = finished;
      }
      this.#ended = !this.#stop.signal.aborted;
    } catch (error) {
      this.#failure = error;
    }
    for (const reader of this.#readers.values()) void reader.stop();
    this.#stream.onNews();
  }

  /** Takes a listing over; true when it shows that everything was read and nothing will be added. */
  async #apply(listing: StreamListing): Promise<boolean> {
    let { positions, gaps } = this.#reconcile(listing.shards);
    if (gaps.length > 0) {
      // A listing of many pages is not one moment of the stream; what two of them miss is gone.
      await this.#stream.timing.sleep(listSoonMs, this.#stop.signal);
      const again = await this.#list();
      // Gone, or stopped: either way there is nothing to take over.
      if (again === undefined) return true;
      ({ positions, gaps } = this.#reconcile([...listing.shards, ...again.shards]));
    }
    this.#enabled = listing.enabled;
    this.#listed = new Map(listing.shards.map((shard) => [shard.id, shard]));
    this.#fruitlessListings = awaitsSuccessors(positions) ? this.#fruitlessListings + 1 : 0;
    const known = this.#positions;
    this.#positions = new Map(positions);
    if (positions.size !== known.size || [...positions.keys()].some((id) => !known.has(id))) this.#publish();
    this.#startReaders();
    this.#listings++;
    this.#settle();
    if (gaps.length > 0) this.#tell(gaps);
    const allRead =
      this.#shardsFinished === this.#shardsFinishedAtListing && startable(this.#positions).length === 0;
    return this.#draining && allRead;
  }

  #reconcile(shards: readonly ListedShard[]): Reconciled {
    return reconcile(this.#positions, shards, new Set(this.#readers.keys()));
  }

  #tell(gaps: readonly StreamGap[]): void {
    this.#gaps.push(...gaps);
    this.#stream.onNews();
  }

  async #list(): Promise<StreamListing | undefined> {
    return this.#lister.listInTheEnd(this.#stream.tuning.outageSecondsMax, this.#stop.signal);
  }

  #listInMs(): number {
    if (this.#draining || this.#positions.size === 0) return listSoonMs;
    if (this.#fruitlessListings === 0) return this.#stream.tuning.listEverySeconds * 1_000;
    // A closed shard has a successor, which the listing shows a moment later.
    return backoffMs(serviceBackoff, this.#fruitlessListings, this.#stream.timing);
  }

  #startReaders(): void {
    for (const id of this.#stop.signal.aborted ? [] : startable(this.#positions)) {
      if (this.#readers.has(id)) continue;
      const reader = this.#readerOf(id);
      this.#readers.set(id, reader);
      reader.start();
    }
    if (this.#draining) for (const reader of this.#readers.values()) reader.drain();
  }

  #readerOf(shardId: string): ShardReader {
    const { api, streamArn, tuning, timing } = this.#stream;
    const isOwed = this.#resumed || this.#listings > 0;
    const cursor = new ShardCursor({
      api,
      streamArn,
      shardId,
      after: this.#positions.get(shardId)?.after,
      startsAt: this.#listed.get(shardId)?.startsAt,
      // Whoever reads a stream for the first time takes its oldest shards as they are at that time, and not as they are hours later.
      beginningIsOwed: () => isOwed || timing.nowMs() - this.#openedMs > firstReadMsMax,
      onGap: (gap) => this.#tell([gap]),
    });
    return new ShardReader({
      cursor,
      budget: this.#budget,
      timing,
      pollMs: () => Math.max(tuning.pollMs, this.#readers.size * pollShareMs),
      pollsPerSecondMax: tuning.pollsPerSecondMax,
      outageSecondsMax: tuning.outageSecondsMax,
      onNews: () => this.#onReaderNews(),
    });
  }

  #onReaderNews(): void {
    this.#settle();
    for (const reader of this.#readers.values()) {
      if (reader.failure === undefined || this.#failure !== undefined) continue;
      this.#failure = reader.failure;
      this.#stop.abort();
      this.#listBell.ring();
    }
    this.#stream.onNews();
  }

  /** Moves on from the shards of which everything was taken. */
  #settle(): void {
    const finished = [...this.#readers].filter(([, reader]) => reader.finished).map(([id]) => id);
    if (finished.length === 0) return;
    for (const id of finished) {
      this.#readers.delete(id);
      this.#setPosition(id, { finished: true });
    }
    this.#shardsFinished += finished.length;
    this.#finishedAtMs = this.#stream.timing.nowMs();
    this.#publish();
    this.#startReaders();
    this.#listBell.ring();
  }

  #setPosition(id: string, change: Partial<ShardPosition>): void {
    const before = this.#positions.get(id) ?? { finished: false };
    this.#positions.set(id, { ...before, ...change });
  }

  #publish(): void {
    this.#position = { streamArn: this.#stream.streamArn, shards: Object.fromEntries(this.#positions) };
  }
}
