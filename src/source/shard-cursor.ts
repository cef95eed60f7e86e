/** A place in one shard of a stream. */
import { defined } from "../core/defined.ts";
import type { StreamGap } from "../core/ports/change-source.ts";
import { failureName } from "../sdk/aws-error.ts";
import type { WrittenRecord } from "./get-records.ts";
import { shardExpired } from "./shard-tree.ts";
import type { StreamsApi } from "./source-connection.ts";
import { isPassing } from "./source-error.ts";

export interface ShardPlace {
  readonly api: StreamsApi;
  readonly streamArn: string;
  readonly shardId: string;
  /** Sequence number of the last record taken by an earlier reader. */
  readonly after: string | undefined;
  /** Sequence number at which the shard begins. */
  readonly startsAt: string | undefined;
  /** Whether the reader owes the shard's beginning: if it has been trimmed, there is a gap. */
  readonly beginningIsOwed: () => boolean;
  readonly onGap: (gap: StreamGap) => void;
}

export interface FetchedRecords {
  readonly records: readonly WrittenRecord[];
  readonly askedMs?: number;
}

/** The service's limit for one GetRecords call, besides 1 MB. */
export const RECORDS_PER_CALL_MAX = 1_000;

/** A shard counts as lost once the service has failed to find it this often in a row. */
const MISSING_ANSWERS_MAX = 3;

/** Advances with each call, and finds its place again after an iterator has expired or records have been trimmed. */
export class ShardCursor {
  readonly #place: ShardPlace;
  #iterator: string | undefined;
  #lastFetched: string | undefined;
  #fromHorizon = false;
  #beginningProven: boolean;
  #closed = false;
  #missingAnswers = 0;
  #trimReported = false;

  constructor(place: ShardPlace) {
    this.#place = place;
    this.#lastFetched = place.after;
    this.#beginningProven = place.startsAt === undefined;
  }

  /** The shard has no more records. The only sign of it is an answer without another iterator. */
  get closed(): boolean {
    return this.#closed;
  }

  /** The next records, and when the service was asked if that was before. Throws the SDK's errors, without having advanced. */
  async fetch(signal: AbortSignal): Promise<FetchedRecords> {
    this.#iterator ??= await this.#obtainIterator(signal);
    const request = { ShardIterator: this.#iterator, Limit: RECORDS_PER_CALL_MAX };
    const answer = await this.#place.api.getRecords(request, signal);
    signal.throwIfAborted();
    const records = answer.Records ?? [];
    const last = lastSequenceNumber(records);
    if (last !== undefined) {
      this.#lastFetched = last;
      this.#fromHorizon = false;
    }
    this.#missingAnswers = 0;
    this.#trimReported = false;
    this.#iterator = answer.NextShardIterator ?? undefined;
    this.#closed = this.#iterator === undefined;
    return { records, ...defined({ askedMs: answer.askedMs }) };
  }

  /**
   * Recovers from a failure of `fetch`. "now": retry at once. "later": retry after a wait. "no": the failure is not one of
   * an iterator or a shard, and the caller decides.
   */
  recover(error: unknown): "now" | "later" | "no" {
    switch (failureName(error)) {
      case "ResourceNotFoundException":
        this.#missingAnswers++;
        if (this.#missingAnswers < MISSING_ANSWERS_MAX) return "later";
        this.#place.onGap(shardExpired(this.#place.shardId));
        this.#closed = true;
        return "now";
      case "TrimmedDataAccessException":
        this.#fromHorizon = true;
        this.#iterator = undefined;
        if (this.#lastFetched !== undefined || this.#place.beginningIsOwed()) this.#reportTrim();
        return "now";
      case "ExpiredIteratorException":
        this.#loseIterator();
        return "now";
      case "ValidationException":
        // A restarted emulator no longer knows its iterators and calls them invalid.
        if (this.#iterator === undefined) return "no";
        this.#loseIterator();
        return "now";
      default:
        return "no";
    }
  }

  /** Where nothing was fetched yet, the beginning may have been trimmed since: a machine that slept for a day. */
  #loseIterator(): void {
    this.#iterator = undefined;
    this.#beginningProven = this.#place.startsAt === undefined; // breakage: beginning-proven-again
  }

  async #obtainIterator(signal: AbortSignal): Promise<string | undefined> {
    const { api, streamArn, shardId, beginningIsOwed } = this.#place;
    const after = this.#fromHorizon ? undefined : this.#lastFetched;
    const start =
      after === undefined
        ? ({ ShardIteratorType: "TRIM_HORIZON" } as const)
        : ({ ShardIteratorType: "AFTER_SEQUENCE_NUMBER", SequenceNumber: after } as const);
    const answer = await api.getShardIterator({ StreamArn: streamArn, ShardId: shardId, ...start }, signal);
    // In this order: the second call detects what is trimmed between the two.
    if (after === undefined && !this.#beginningProven && beginningIsOwed())
      await this.#proveBeginning(signal);
    return answer.ShardIterator;
  }

  /**
   * TRIM_HORIZON silently skips trimmed records, whereas the service refuses an iterator at a sequence number before the
   * trim point. That it refuses the shard's first number too is inferred from this, so a refusal only reports the gap: the
   * shard is read from TRIM_HORIZON either way.
   */
  async #proveBeginning(signal: AbortSignal): Promise<void> {
    const { api, streamArn, shardId, startsAt } = this.#place;
    const start = { ShardIteratorType: "AT_SEQUENCE_NUMBER", SequenceNumber: startsAt } as const;
    try {
      await api.getShardIterator({ StreamArn: streamArn, ShardId: shardId, ...start }, signal);
    } catch (error) {
      if (failureName(error) === "TrimmedDataAccessException") this.#reportTrim();
      else if (isPassing(error)) throw error;
    }
    this.#beginningProven = true;
  }

  #reportTrim(): void {
    if (this.#trimReported) return;
    this.#trimReported = true;
    const from = this.#lastFetched === undefined ? "at its beginning" : `after ${this.#lastFetched}`;
    const detail = `Shard ${this.#place.shardId} lost records ${from}: the stream trimmed them before they were read`;
    this.#place.onGap({ reason: "trimmed", detail });
  }
}

/** The sequence number of the last record that has one. */
export function lastSequenceNumber(records: readonly WrittenRecord[]): string | undefined {
  return records.findLast((record) => record.dynamodb?.SequenceNumber !== undefined)?.dynamodb
    ?.SequenceNumber;
}
