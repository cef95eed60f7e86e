/**
 * How far the shards of one stream have been read, and what follows from it: the position to save, whether the reader has
 * caught up, and until when it has every record.
 */
import { SKEW_SECONDS } from "../core/format/manifest.ts";
import type { ShardPosition, StreamPosition } from "../core/ports/change-source.ts";
import type { Timing } from "../sdk/timing.ts";
import { awaitsSuccessors, type ShardPositions, startable } from "./shard-tree.ts";

/** A listing shows the successor of a closed shard a moment late. A shard without one after this long has none. */
const SUCCESSOR_WAIT_MS_MAX = 60_000;

/** What progress depends on in the reader of a shard. */
export interface ShardState {
  /** The last poll returned nothing, and every record has been taken. */
  readonly idle: boolean;
  /** Every record that the shard had at this moment has been taken; milliseconds since the epoch, 0 before the first. */
  readonly takenUntilMs: number;
}

export type ShardStates = ReadonlyMap<string, ShardState>;

export class StreamProgress {
  readonly #streamArn: string;
  readonly #timing: Timing;
  #shards: Map<string, ShardPosition>;
  #position: StreamPosition | undefined;
  /** When the newest record taken from each shard was made. */
  readonly #newestTakenSeconds: Map<string, number> = new Map();
  #hasListing = false;
  #listingsAwaitingSuccessors = 0;
  #shardsFinished = 0;
  #shardsFinishedAtListing = 0;
  /** When a shard was last read to its end. Shards finished by an earlier run count as finished when this one began. */
  #lastFinishedAtMs: number;

  constructor(streamArn: string, from: StreamPosition | undefined, timing: Timing) {
    this.#streamArn = streamArn;
    this.#timing = timing;
    this.#shards = new Map(Object.entries(from?.shards ?? {}));
    this.#position = from;
    this.#lastFinishedAtMs = timing.nowMs();
  }

  /** Covers exactly the records taken. The same object until something changes. */
  get position(): StreamPosition {
    this.#position ??= { streamArn: this.#streamArn, shards: Object.fromEntries(this.#shards) };
    return this.#position;
  }

  get shards(): ShardPositions {
    return this.#shards;
  }

  get shardsFinished(): number {
    return this.#shardsFinished;
  }

  /** How many listings in a row have not shown the successor of a finished shard. */
  get listingsAwaitingSuccessors(): number {
    return this.#listingsAwaitingSuccessors;
  }

  /** The shards of the newest listing have been read to their ends. */
  get allListedRead(): boolean {
    return !this.#finishedSinceListing && startable(this.#shards).length === 0;
  }

  /** A shard has closed and no listing has shown its successor since. */
  get mayHaveUnknownShards(): boolean {
    if (!this.#hasListing || this.#finishedSinceListing) return true;
    const isYoung = this.#timing.nowMs() - this.#lastFinishedAtMs < SUCCESSOR_WAIT_MS_MAX;
    return isYoung && awaitsSuccessors(this.#shards); // breakage: closed-shard-awaits-successor
  }

  /** Every open shard is idle. */
  isIdle(states: ShardStates): boolean {
    return this.#openShards().every((id) => states.get(id)?.idle === true);
  }

  /** Seconds since the epoch by this machine's clock: every record that the open shards had then has been taken. */
  readUntilSeconds(states: ShardStates): number {
    const until = this.#openShards().map((id) => {
      // Records carry the service's clock, which may be ahead of this machine's.
      const newestSeconds = (this.#newestTakenSeconds.get(id) ?? 0) - SKEW_SECONDS;
      return Math.max(0, newestSeconds, (states.get(id)?.takenUntilMs ?? 0) / 1_000);
    });
    return Math.min(this.#timing.nowMs() / 1_000, ...until);
  }

  /** The oldest, over the shards that are read, of the last empty answer or the newest record taken, where each has one. */
  currentUntilSeconds(states: ShardStates): number | undefined {
    const until = [...states].map(([id, { takenUntilMs }]) =>
      Math.max(this.#newestTakenSeconds.get(id) ?? 0, takenUntilMs / 1_000),
    );
    const oldest = Math.min(this.#timing.nowMs() / 1_000, ...until); // breakage: oldest-shard-is-behind
    return until.length === 0 || oldest === 0 ? undefined : oldest;
  }

  /** The time of the records up to which every open shard has been taken; Infinity if nothing is left in any of them. */
  reachedSeconds(states: ShardStates): number {
    if (!this.#hasListing || this.#finishedSinceListing || awaitsSuccessors(this.#shards)) return 0;
    const reached = this.#openShards().map((id) =>
      states.get(id)?.idle === true ? Number.POSITIVE_INFINITY : (this.#newestTakenSeconds.get(id) ?? 0),
    );
    return Math.min(...reached); // breakage: every-shard-reached
  }

  /** Notes the last of the records taken from a shard; either value is missing if the service left it out. */
  taken(
    shardId: string,
    last: { readonly after?: string | undefined; readonly madeSeconds?: number | undefined },
  ): void {
    if (last.after !== undefined) this.#change(shardId, { after: last.after });
    if (last.madeSeconds !== undefined) this.#newestTakenSeconds.set(shardId, last.madeSeconds);
  }

  finished(shardIds: readonly string[]): void {
    for (const id of shardIds) this.#change(id, { finished: true });
    this.#shardsFinished += shardIds.length;
    this.#lastFinishedAtMs = this.#timing.nowMs();
  }

  /** Takes over the shards of a listing that was requested after `shardsFinished` shards had been finished. */
  listed(shards: ShardPositions, shardsFinished: number): void {
    const hasSameShards =
      shards.size === this.#shards.size && [...shards.keys()].every((id) => this.#shards.has(id));
    if (!hasSameShards) this.#position = undefined;
    this.#shards = new Map(shards);
    this.#hasListing = true;
    this.#shardsFinishedAtListing = shardsFinished;
    this.#listingsAwaitingSuccessors = awaitsSuccessors(shards) ? this.#listingsAwaitingSuccessors + 1 : 0;
  }

  get #finishedSinceListing(): boolean {
    return this.#shardsFinished !== this.#shardsFinishedAtListing;
  }

  #openShards(): readonly string[] {
    return [...this.#shards].filter(([, { finished }]) => !finished).map(([id]) => id);
  }

  #change(shardId: string, change: Partial<ShardPosition>): void {
    const before = this.#shards.get(shardId) ?? { finished: false };
    this.#shards.set(shardId, { ...before, ...change });
    this.#position = undefined;
  }
}
