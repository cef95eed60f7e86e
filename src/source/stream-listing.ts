/** Lists the shards of a stream. */
import type { DescribeStreamOutput, Shard } from "@aws-sdk/client-dynamodb-streams";
import { counted } from "../core/counted.ts";
import { streamLabel } from "../core/table/stream-arn.ts";
import { failureName } from "../sdk/aws-error.ts";
import { backoffMs, serviceBackoff, type Timing } from "../sdk/timing.ts";
import { CallRate } from "./call-rate.ts";
import type { ListedShard } from "./shard-tree.ts";
import type { StreamsApi } from "./source-connection.ts";
import { isPassing } from "./source-error.ts";

/** A stream as DescribeStream reports it, all pages together. */
export interface StreamListing {
  /** False once the stream is disabled: it can be read for another 24 hours, and receives no more records. */
  readonly enabled: boolean;
  readonly createdAtSeconds?: number;
  readonly shards: readonly ListedShard[];
}

/** At 100 shards a page this is far more than any table has. It ends a service that repeats its pages. */
const PAGES_MAX = 10_000;

/** The service allows 10; other readers may be describing the stream too. */
const CALLS_PER_SECOND_MAX = 5;

/** Keeps to the rate that the service allows. */
export class StreamLister {
  readonly #api: StreamsApi;
  readonly #streamArn: string;
  readonly #timing: Timing;
  readonly #rate: CallRate;

  constructor(api: StreamsApi, streamArn: string, timing: Timing) {
    this.#api = api;
    this.#streamArn = streamArn;
    this.#timing = timing;
    this.#rate = new CallRate(CALLS_PER_SECOND_MAX, timing);
  }

  /** Undefined if the stream is gone. Throws any other failure as the SDK does. */
  async list(signal: AbortSignal): Promise<StreamListing | undefined> {
    const shards: ListedShard[] = [];
    let after: string | undefined;
    for (let page = 0; page < PAGES_MAX; page++) {
      await this.#rate.turn(signal);
      const described = await describe(this.#api, this.#streamArn, after, signal);
      if (described === undefined) return undefined;
      shards.push(...(described.Shards ?? []).flatMap(toListedShard));
      const next = described.LastEvaluatedShardId;
      if (next === undefined || next === after) return toListing(described, shards);
      after = next;
    }
    throw new Error(`The stream lists more than ${counted(PAGES_MAX, "page")} of shards.`);
  }

  /** The same, with retries of passing failures for `secondsMax`. Undefined if the signal is aborted, too. */
  async listWithRetries(secondsMax: number, signal: AbortSignal): Promise<StreamListing | undefined> {
    const sinceMs = this.#timing.nowMs();
    for (let failures = 1; !signal.aborted; failures++) {
      try {
        return await this.list(signal);
      } catch (error) {
        if (signal.aborted) break;
        if (!isPassing(error) || this.#timing.nowMs() - sinceMs > secondsMax * 1_000) throw error;
        await this.#timing.sleep(backoffMs(serviceBackoff, failures, this.#timing), signal);
      }
    }
    return undefined;
  }
}

type Described = NonNullable<DescribeStreamOutput["StreamDescription"]>;

async function describe(
  api: StreamsApi,
  streamArn: string,
  after: string | undefined,
  signal: AbortSignal,
): Promise<Described | undefined> {
  try {
    const page = after === undefined ? {} : { ExclusiveStartShardId: after };
    const answer = await api.describeStream({ StreamArn: streamArn, ...page }, signal);
    const description = answer.StreamDescription;
    // dynoxide describes the table's current stream in place of any earlier one.
    const label = description?.StreamLabel;
    return label !== undefined && label !== streamLabel(streamArn) ? undefined : description;
  } catch (error) {
    if (failureName(error) === "ResourceNotFoundException") return undefined;
    throw error;
  }
}

function toListing(described: Described, shards: readonly ListedShard[]): StreamListing {
  const created = described.CreationRequestDateTime;
  return {
    enabled: described.StreamStatus !== "DISABLED" && described.StreamStatus !== "DISABLING",
    ...(created === undefined ? {} : { createdAtSeconds: created.getTime() / 1_000 }),
    shards,
  };
}

function toListedShard(shard: Shard): readonly ListedShard[] {
  if (shard.ShardId === undefined) return [];
  const startsAt = shard.SequenceNumberRange?.StartingSequenceNumber;
  // The range's end means nothing: dynoxide reports one for open shards too.
  return [
    {
      id: shard.ShardId,
      ...(shard.ParentShardId === undefined ? {} : { parent: shard.ParentShardId }),
      ...(startsAt === undefined ? {} : { startsAt }),
    },
  ];
}
