import type { StreamGap } from "../core/ports/change-source.ts";
import { failureName } from "../sdk/aws-error.ts";
import type { StreamsApi } from "./clients.ts";
import { shardExpired } from "./shard-tree.ts";
import { isPassing } from "./source-error.ts";
import type { WrittenRecord } from "./written-records.ts";

export interface ShardPlace {
  readonly api: StreamsApi;
  readonly streamArn: string;
  readonly shardId: string;
  /** Sequence number of the last record that was given out earlier. */
  readonly after: string | undefined;
  /** Sequence number with which the shard begins. */
  readonly startsAt: string | undefined;
  /** Whether the shard's beginning is owed by now: if that has been trimmed, it is a gap. */
  readonly beginningIsOwed: () => boolean;
  readonly onGap: (gap: StreamGap) => void;
}

/** The service's limit for one GetRecords call; the other is 1 MB. */
export const recordsPerCallMax = 1_000;

/** A shard that the service does not find is asked for this often before it counts as lost. */
const missingAnswersMax = 3;

/** A place in one shard: moves on with each call, and comes back to its place when an iterator or the place itself is lost. */
export class ShardCursor {
  readonly #place: ShardPlace;
  #iterator: string | undefined;
  #lastFetched: string | undefined;
  #fromHorizon = false;
  #beginningProven: boolean;
  #closed = false;
  #missingAnswers = 0;
  #trimTold = false;

  constructor(place: ShardPlace) {
    this.#place = place;
    this.#lastFetched = place.after;
    this.#beginningProven = place.startsAt === undefined;
  }

  /** The shard has no more records: its last answer had no further iterator, which is the only sign of it. */
  get closed(): boolean {
    return this.#closed;
  }

  /** The next records; throws what the SDK throws, and has not moved then. */
  async fetch(signal: AbortSignal): Promise<readonly WrittenRecord[]> {
    this.#iterator ??= await this.#obtainIterator(signal);
    const request = { ShardIterator: this.#iterator, Limit: recordsPerCallMax };
    const answer = await this.#place.api.getRecords(request, signal);
    signal.throwIfAborted();
    const records = answer.Records ?? [];
    const last = lastSequenceNumber(records);
    if (last !== undefined) {
      this.#lastFetched = last;
      this.#fromHorizon = false;
    }
    this.#missingAnswers = 0;
    this.#trimTold = false;
    this.#iterator = answer.NextShardIterator ?? undefined;
    this.#closed = this.#iterator === undefined;
    return records;
  }

  /** Does what a failure of `fetch` asks for. "now": try again at once; "later": try again; "no": nothing was to be done. */
  mend(error: unknown): "now" | "later" | "no" {
    switch (failureName(error)) {
      case "ResourceNotFoundException":
        this.#missingAnswers++;
        if (this.#missingAnswers < missingAnswersMax) return "later";
        this.#place.onGap(shardExpired(this.#place.shardId));
        this.#closed = true;
        return "now";
      case "TrimmedDataAccessException":
        this.#fromHorizon = true;
        this.#iterator = undefined;
        if (this.#lastFetched !== undefined || this.#place.beginningIsOwed()) this.#tellTrimmed();
        return "now";
      case "ExpiredIteratorException":
        this.#iterator = undefined;
        return "now";
      case "ValidationException":
        // An emulator that was started anew does not know its iterators any more and calls them invalid.
        if (this.#iterator === undefined) return "no";
        this.#iterator = undefined;
        return "now";
      default:
        return "no";
    }
  }

  async #obtainIterator(signal: AbortSignal): Promise<string | undefined> {
    const { api, streamArn, shardId, beginningIsOwed } = this.#place;
    const after = this.#fromHorizon ? undefined : this.#lastFetched;
    const start =
      after === undefined
        ? ({ ShardIteratorType: "TRIM_HORIZON" } as const)
        : ({ ShardIteratorType: "AFTER_SEQUENCE_NUMBER", SequenceNumber: after } as const);
    const answer = await api.getShardIterator({ StreamArn: streamArn, ShardId: shardId, ...start }, signal);
    // In this order: what is trimmed between the two answers is noticed by the second.
    if (after === undefined && !this.#beginningProven && beginningIsOwed())
      await this.#proveBeginning(signal);
    return answer.ShardIterator;
  }

  /**
   * TRIM_HORIZON skips what was trimmed without a word; an iterator at the shard's first sequence number is refused
   * then. That the service refuses this too is inferred from its refusal of any number before the trim point, so
   * nothing else is made of the answer: the shard is read from TRIM_HORIZON in any case.
   */
  async #proveBeginning(signal: AbortSignal): Promise<void> {
    const { api, streamArn, shardId, startsAt } = this.#place;
    const start = { ShardIteratorType: "AT_SEQUENCE_NUMBER", SequenceNumber: startsAt } as const;
    try {
      await api.getShardIterator({ StreamArn: streamArn, ShardId: shardId, ...start }, signal);
    } catch (error) {
      if (failureName(error) === "TrimmedDataAccessException") this.#tellTrimmed();
      else if (isPassing(error)) throw error;
    }
    this.#beginningProven = true;
  }

  #tellTrimmed(): void {
    if (this.#trimTold) return;
    this.#trimTold = true;
    const from = this.#lastFetched === undefined ? "at its beginning" : `after ${this.#lastFetched}`;
    const detail = `Shard ${this.#place.shardId} has lost records ${from}: they were older than the stream keeps them`;
    this.#place.onGap({ reason: "trimmed", detail });
  }
}

export function lastSequenceNumber(records: readonly WrittenRecord[]): string | undefined {
  return records.findLast((record) => record.dynamodb?.SequenceNumber !== undefined)?.dynamodb
    ?.SequenceNumber;
}
