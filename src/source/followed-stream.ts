/** Follows one stream through all of its shards: lists them, starts a reader for each, and hands out what the readers fetch. */
import type { StreamGap, StreamPosition } from "../core/ports/change-source.ts";
import { backoffMs, serviceBackoff, type Timing } from "../sdk/timing.ts";
import { Bell } from "./bell.ts";
import { toEventRecord } from "./event-record.ts";
import { PollBudget } from "./poll-budget.ts";
import { lastSequenceNumber, ShardCursor } from "./shard-cursor.ts";
import { ShardReader } from "./shard-reader.ts";
import { type ListedShard, type Reconciled, reconcile, startable } from "./shard-tree.ts";
import type { StreamsApi } from "./source-connection.ts";
import { StreamLister, type StreamListing } from "./stream-listing.ts";
import { StreamProgress } from "./stream-progress.ts";

export interface StreamTuning {
  /** Milliseconds between two polls of a shard that has nothing new. */
  readonly pollMs: number;
  /** Polls of one shard in any second; the service allows 5. */
  readonly pollsPerSecondMax: number;
  /** Seconds between two listings of the shards while none of them closes. */
  readonly listEverySeconds: number;
  /** Seconds of failing calls after which reading fails. */
  readonly outageSecondsMax: number;
}

export interface StreamToFollow {
  readonly api: StreamsApi;
  readonly streamArn: string;
  readonly listing: StreamListing;
  /** Where to resume; undefined to read the stream for the first time. */
  readonly from: StreamPosition | undefined;
  /** True if the table now writes to another stream: this one only has to be read to its end. */
  readonly superseded: boolean;
  readonly tuning: StreamTuning;
  readonly timing: Timing;
  readonly onNews: () => void;
}

/** For all shards of one stream together. */
const BUDGET = { callsMax: 16, bytesMax: 32_000_000 } as const;
/** Each shard slows the polling by this much, which bounds what many idle shards cost in CPU time and requests. */
const POLL_SHARE_MS = 20;
const LIST_SOON_MS = 1_000;
/**
 * A shard that is first polled this long after the stream was opened owes its beginning: what has been trimmed since is a gap.
 * Kept below the hour of clock skew that is allowed for in the time since which a new reader has every change.
 */
const FIRST_POLL_MS_MAX = 30 * 60_000;

/** Reads parents before children, until the stream is closed, drained or gone. */
export class FollowedStream {
  readonly #stream: StreamToFollow;
  readonly #progress: StreamProgress;
  readonly #budget: PollBudget = new PollBudget(BUDGET);
  readonly #lister: StreamLister;
  readonly #listBell: Bell;
  readonly #stop = new AbortController();
  readonly #readers: Map<string, ShardReader> = new Map();
  readonly #openedMs: number;
  #listed: ReadonlyMap<string, ListedShard> = new Map();
  #gaps: StreamGap[] = [];
  #enabled: boolean;
  /** Whether new shards must be read from their beginnings; the first shards of a first reading are taken as they are. */
  #owesBeginnings: boolean;
  #ended = false;
  #failure: unknown;
  #running: Promise<void> = Promise.resolve();

  constructor(stream: StreamToFollow) {
    this.#stream = stream;
    this.#progress = new StreamProgress(stream.streamArn, stream.from, stream.timing);
    this.#lister = new StreamLister(stream.api, stream.streamArn, stream.timing);
    this.#listBell = new Bell(stream.timing);
    this.#enabled = stream.listing.enabled;
    this.#owesBeginnings = this.#progress.shards.size > 0;
    this.#openedMs = stream.timing.nowMs();
  }

  /** Covers exactly the records taken. The same object until something changes. */
  get position(): StreamPosition {
    return this.#progress.position;
  }

  /** The stream is gone, or it is empty and receives no more records; and every fetched record has been taken. */
  get ended(): boolean {
    return this.#ended && !this.#hasRecords;
  }

  /** Why reading stopped. Records fetched before the failure can still be taken. */
  get failure(): unknown {
    return this.#failure;
  }

  get caughtUp(): boolean {
    return this.#isWhole && this.#progress.isIdle(this.#readers);
  }

  /** Every record that the stream had at this moment has been taken; by this machine's clock, 0 before the first. */
  get readUntilSeconds(): number {
    return this.#isWhole ? this.#progress.readUntilSeconds(this.#readers) : 0;
  }

  /** The oldest, over the shards that are read, of the last empty answer or the newest record taken, where each has one. */
  get currentUntilSeconds(): number | undefined {
    return this.#progress.currentUntilSeconds(this.#readers);
  }

  /** How many records have been fetched and not taken. */
  get fetchedRecords(): number {
    return [...this.#readers.values()].reduce((records, reader) => records + reader.bufferedRecords, 0);
  }

  /** The time of the records up to which every open shard has been taken; Infinity if nothing is left in any of them. */
  get reachedSeconds(): number {
    return this.#draining ? 0 : this.#progress.reachedSeconds(this.#readers);
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
      const madeSeconds = taken.at(-1)?.dynamodb?.ApproximateCreationDateTime;
      this.#progress.taken(id, { after: lastSequenceNumber(taken), madeSeconds });
      // To the end of the line: the others come first next time.
      this.#readers.delete(id);
      this.#readers.set(id, reader);
    }
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

  /** The readers cover every shard that the stream has. */
  get #isWhole(): boolean {
    const isReading = !this.#ended && this.#failure === undefined && !this.#draining;
    return isReading && !this.#progress.mayHaveUnknownShards;
  }

  /** The stream receives no more records. */
  get #draining(): boolean {
    return this.#stream.superseded || !this.#enabled;
  }

  async #follow(): Promise<void> {
    try {
      let listing: StreamListing | undefined = this.#stream.listing;
      let shardsFinished = 0;
      while (listing !== undefined && !this.#stop.signal.aborted) {
        if (await this.#apply(listing, shardsFinished)) break;
        await this.#listBell.wait(this.#listInMs());
        // Counted before the request: a listing may miss the successors of shards that are finished while it is under way.
        shardsFinished = this.#progress.shardsFinished;
        listing = await this.#list(); // breakage: finished-counted-before-listing
      }
      this.#ended = !this.#stop.signal.aborted;
    } catch (error) {
      this.#failure = error;
    }
    for (const reader of this.#readers.values()) void reader.stop();
    this.#stream.onNews();
  }

  /** Takes over a listing. True if everything has been read and no more records can come. */
  async #apply(listing: StreamListing, shardsFinished: number): Promise<boolean> {
    let { positions, gaps } = this.#reconcile(listing.shards);
    if (gaps.length > 0) {
      // A listing of many pages is not taken at one moment. A shard that two listings miss is gone.
      await this.#stream.timing.sleep(LIST_SOON_MS, this.#stop.signal);
      const again = await this.#list();
      // The stream is gone, or reading was stopped: either way there is nothing to take over.
      if (again === undefined) return true;
      ({ positions, gaps } = this.#reconcile([...listing.shards, ...again.shards]));
    }
    this.#enabled = listing.enabled;
    this.#listed = new Map(listing.shards.map((shard) => [shard.id, shard]));
    this.#progress.listed(positions, shardsFinished);
    this.#startReaders();
    this.#owesBeginnings = true;
    this.#settle();
    if (gaps.length > 0) this.#report(gaps);
    return this.#draining && this.#progress.allListedRead;
  }

  #reconcile(shards: readonly ListedShard[]): Reconciled {
    return reconcile(this.#progress.shards, shards, new Set(this.#readers.keys()));
  }

  #report(gaps: readonly StreamGap[]): void {
    this.#gaps.push(...gaps);
    this.#stream.onNews();
  }

  async #list(): Promise<StreamListing | undefined> {
    return this.#lister.listWithRetries(this.#stream.tuning.outageSecondsMax, this.#stop.signal);
  }

  #listInMs(): number {
    const { shards, listingsAwaitingSuccessors } = this.#progress;
    if (this.#draining || shards.size === 0) return LIST_SOON_MS;
    if (listingsAwaitingSuccessors === 0) return this.#stream.tuning.listEverySeconds * 1_000;
    // A closed shard has a successor, which a listing shows a moment later.
    return backoffMs(serviceBackoff, listingsAwaitingSuccessors, this.#stream.timing);
  }

  #startReaders(): void {
    for (const id of this.#stop.signal.aborted ? [] : startable(this.#progress.shards)) {
      if (this.#readers.has(id)) continue;
      const reader = this.#readerOf(id);
      this.#readers.set(id, reader);
      reader.start();
    }
    if (this.#draining) for (const reader of this.#readers.values()) reader.drain();
  }

  #readerOf(shardId: string): ShardReader {
    const { api, streamArn, tuning, timing } = this.#stream;
    const isOwed = this.#owesBeginnings;
    const cursor = new ShardCursor({
      api,
      streamArn,
      shardId,
      after: this.#progress.shards.get(shardId)?.after,
      startsAt: this.#listed.get(shardId)?.startsAt,
      // breakage: late-first-read-owes-beginning
      beginningIsOwed: () => isOwed || timing.nowMs() - this.#openedMs > FIRST_POLL_MS_MAX,
      onGap: (gap) => this.#report([gap]),
    });
    return new ShardReader({
      cursor,
      budget: this.#budget,
      timing,
      pollMs: () => Math.max(tuning.pollMs, this.#readers.size * POLL_SHARE_MS),
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

  /** Finishes the shards from which every record has been taken, and starts their successors. */
  #settle(): void {
    const finished = [...this.#readers].filter(([, reader]) => reader.finished).map(([id]) => id);
    if (finished.length === 0) return;
    for (const id of finished) this.#readers.delete(id);
    this.#progress.finished(finished);
    this.#startReaders();
    this.#listBell.ring();
  }
}
