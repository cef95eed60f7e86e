/**
 * One reading of a stream for several readers, each at its own place: an answer of the service is kept for a while, and goes to every
 * reader whose place lies in it. Else each lake table of a source would be one more reader of each shard, and a shard takes two.
 */
import type { GetRecordsInput, GetShardIteratorInput } from "@aws-sdk/client-dynamodb-streams";
import * as z from "zod/mini";
import type { Timing } from "../sdk/timing.ts";
import type { WrittenRecord, WrittenRecords } from "./get-records.ts";
import { recordBytes } from "./record-bytes.ts";
import type { StreamsApi } from "./source-connection.ts";

/** What answers may hold in memory, for all shards together; the oldest go first. */
const KEPT_BYTES_MAX = 16_000_000;
const KEPT_ANSWERS_MAX = 1_000;
/** The service's iterators last for 15 minutes, and readers that are further apart than this read for themselves. */
const KEPT_MS_MAX = 60_000;
/** How old the news may be that there is nothing new: about as old as they get between two polls. */
const NOTHING_NEW_MS_MAX = 200;

/** A reader's place: the iterator that the service gave it, and what it means. It travels as the reader's iterator. */
interface Place {
  readonly shard: string;
  /** The last record before it; undefined at the oldest record. */
  readonly after?: string | undefined;
  readonly iterator: string;
}

interface KeptAnswer {
  readonly shard: string;
  /** Its records are all that follow this one. */
  readonly after: string;
  readonly last: string;
  readonly records: readonly WrittenRecord[];
  readonly bytes: number;
  readonly next: string | undefined;
  readonly askedMs: number;
}

/** Nothing followed this record when the service was asked. */
interface NothingNew {
  readonly after: string;
  readonly next: string;
  readonly askedMs: number;
}

/** The same calls for all readers of one connection. They fail as the service's do. */
export function sharedStreams(api: StreamsApi, timing: Timing): StreamsApi {
  const shared = new SharedAnswers(api, timing);
  return {
    describeStream: (input, signal) => api.describeStream(input, signal),
    getShardIterator: (input, signal) => shared.iterator(input, signal),
    getRecords: (input, signal) => shared.records(input, signal),
  };
}

class SharedAnswers {
  readonly #api: StreamsApi;
  readonly #timing: Timing;
  /** The oldest first. */
  readonly #kept: KeptAnswer[] = [];
  #keptBytes = 0;
  /** By shard. */
  readonly #nothingNew: Map<string, NothingNew> = new Map();
  /** Calls under way, by shard and place. */
  readonly #asked: Map<string, Promise<unknown>> = new Map();

  constructor(api: StreamsApi, timing: Timing) {
    this.#api = api;
    this.#timing = timing;
  }

  async iterator(
    input: GetShardIteratorInput,
    signal: AbortSignal,
  ): Promise<{ readonly ShardIterator?: string }> {
    const { ShardIterator: iterator } = await this.#api.getShardIterator(input, signal);
    if (iterator === undefined) return {};
    const shard = `${input.StreamArn} ${input.ShardId}`;
    const after = input.ShardIteratorType === "AFTER_SEQUENCE_NUMBER" ? input.SequenceNumber : undefined;
    return { ShardIterator: tokenOf({ shard, after, iterator }) };
  }

  async records(input: GetRecordsInput, signal: AbortSignal): Promise<WrittenRecords> {
    this.#forgetOld();
    const place = placeOf(input.ShardIterator ?? "");
    const key = `${place.shard} ${place.after}`;
    const known = this.#answer(place);
    if (known !== undefined) return known;
    const asked = place.after === undefined ? undefined : this.#asked.get(key);
    if (asked !== undefined) {
      await untilSettled(asked, signal);
      const answered = this.#answer(place);
      if (answered !== undefined) return answered;
    }
    const asking = this.#ask(place, input, signal);
    this.#asked.set(key, asking);
    try {
      return await asking;
    } finally {
      if (this.#asked.get(key) === asking) this.#asked.delete(key);
    }
  }

  async #ask(place: Place, input: GetRecordsInput, signal: AbortSignal): Promise<WrittenRecords> {
    const askedMs = this.#timing.nowMs();
    const answer = await this.#api.getRecords({ ...input, ShardIterator: place.iterator }, signal);
    const records = answer.Records ?? [];
    const next = answer.NextShardIterator ?? undefined;
    this.#keep(place, records, next, askedMs);
    const last = records.at(-1)?.dynamodb?.SequenceNumber ?? place.after;
    return answerOf(place, { records, last, next, askedMs });
  }

  /** What an earlier answer says of what follows this place. */
  #answer(place: Place): WrittenRecords | undefined {
    const { shard, after } = place;
    if (after === undefined) return undefined;
    const holds = (kept: KeptAnswer): boolean =>
      // breakage: shared-answers-reach-back
      kept.shard === shard && !isBefore(after, kept.after) && isBefore(after, kept.last);
    const kept = this.#kept.findLast(holds);
    if (kept !== undefined) {
      const isNew = ({ dynamodb }: WrittenRecord): boolean => isBefore(after, dynamodb?.SequenceNumber ?? "");
      return answerOf(place, { ...kept, records: kept.records.filter(isNew) });
    }
    const nothing = this.#nothingNew.get(shard);
    // A reader that has had this answer asks for a newer one.
    if (nothing === undefined || nothing.after !== after || nothing.next === place.iterator) return undefined;
    if (this.#timing.nowMs() - nothing.askedMs >= NOTHING_NEW_MS_MAX) return undefined;
    return answerOf(place, { ...nothing, records: [], last: after });
  }

  #keep(
    { shard, after }: Place,
    records: readonly WrittenRecord[],
    next: string | undefined,
    askedMs: number,
  ): void {
    if (records.length === 0) {
      if (after !== undefined && next !== undefined) this.#nothingNew.set(shard, { after, next, askedMs });
      return;
    }
    const numbers = records.map(({ dynamodb }) => dynamodb?.SequenceNumber);
    const [first, last] = [numbers[0], numbers.at(-1)];
    if (first === undefined || last === undefined || numbers.includes(undefined)) return;
    const bytes = recordBytes(records);
    this.#kept.push({ shard, after: after ?? first, last, records, bytes, next, askedMs });
    this.#keptBytes += bytes;
    // breakage: shared-answers-bounded
    while (this.#keptBytes > KEPT_BYTES_MAX || this.#kept.length > KEPT_ANSWERS_MAX) this.#forgetOldest();
  }

  #forgetOld(): void {
    const oldestMs = this.#timing.nowMs() - KEPT_MS_MAX;
    while ((this.#kept[0]?.askedMs ?? oldestMs) < oldestMs) this.#forgetOldest(); // breakage: shared-answers-grow-old
  }

  #forgetOldest(): void {
    this.#keptBytes -= this.#kept.shift()?.bytes ?? 0;
  }
}

function answerOf(
  { shard }: Place,
  answer: {
    readonly records: readonly WrittenRecord[];
    readonly last: string | undefined;
    readonly next: string | undefined;
    readonly askedMs: number;
  },
): WrittenRecords {
  const { records, last: after, next: iterator, askedMs } = answer;
  return {
    Records: records,
    askedMs,
    ...(iterator === undefined ? {} : { NextShardIterator: tokenOf({ shard, after, iterator }) }),
  };
}

const placeShape = z.object({ shard: z.string(), after: z.optional(z.string()), iterator: z.string() });

function tokenOf(place: Place): string {
  return JSON.stringify(place);
}

function placeOf(token: string): Place {
  return placeShape.parse(JSON.parse(token));
}

/** Sequence numbers are whole numbers of up to 40 digits, without leading zeros. */
function isBefore(one: string, other: string): boolean {
  return one.length === other.length ? one < other : one.length < other.length;
}

/** Resolves when the work has ended, in whatever way, or at the signal. */
async function untilSettled(work: Promise<unknown>, signal: AbortSignal): Promise<void> {
  let end = (): void => undefined;
  const aborted = new Promise<void>((resolve) => {
    end = resolve;
    signal.addEventListener("abort", end);
  });
  try {
    await Promise.race([work.catch(() => undefined), aborted]);
  } finally {
    signal.removeEventListener("abort", end);
  }
}
