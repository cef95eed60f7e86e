import type { DescribeStreamOutput, Shard } from "@aws-sdk/client-dynamodb-streams";
import { streamLabel } from "../core/table/stream-arn.ts";
import { failureName } from "../sdk/aws-error.ts";
import { backoffMs, serviceBackoff, type Timing } from "../sdk/timing.ts";
import type { ListedShard } from "./shard-tree.ts";
import type { StreamsApi } from "./source-connection.ts";
import { isPassing } from "./source-error.ts";
import { CallRate } from "./timing.ts";

/** A stream as DescribeStream tells it, all pages together. */
export interface StreamListing {
  /** False once the stream is disabled: it can be read for a day more, and nothing is added. */
  readonly enabled: boolean;
  readonly createdAtSeconds?: number;
  readonly shards: readonly ListedShard[];
}

/** The most pages that are read, at 100 shards a page: far above any table, and an end to a service that repeats itself. */
const pagesMax = 10_000;

/** Allowed are 10 calls in a second; others may be describing the stream, too. */
const callsPerSecondMax = 5;

export class StreamLister {
  readonly #api: StreamsApi;
  readonly #streamArn: string;
  readonly #timing: Timing;
  readonly #rate: CallRate;

  constructor(api: StreamsApi, streamArn: string, timing: Timing) {
    this.#api = api;
    this.#streamArn = streamArn;
    this.#timing = timing;
    this.#rate = new CallRate(callsPerSecondMax, timing);
  }

  /** Undefined when the stream is gone. Any other failure is thrown as the SDK has it. */
  async list(signal: AbortSignal): Promise<StreamListing | undefined> {
    const shards: ListedShard[] = [];
    let after: string | undefined;
    for (let page = 0; page < pagesMax; page++) {
      await this.#rate.turn(signal);
      const described = await describe(this.#api, this.#streamArn, after, signal);
      if (described === undefined) return undefined;
      shards.push(...(described.Shards ?? []).flatMap(toListedShard));
      const next = described.LastEvaluatedShardId;
      if (next === undefined || next === after) return toListing(described, shards);
      after = next;
    }
    throw new Error(`The stream listed more than ${pagesMax} pages of shards.`);
  }

  /** The same, but what passes is retried for up to `secondsMax`. Undefined, too, when the signal is aborted. */
  async listInTheEnd(secondsMax: number, signal: AbortSignal): Promise<StreamListing | undefined> {
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
    // dynoxide answers for any stream that the table ever had with the one that it has now.
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
  // The range's end says nothing: dynoxide gives one to a shard that is open.
  return [
    {
      id: shard.ShardId,
      ...(shard.ParentShardId === undefined ? {} : { parent: shard.ParentShardId }),
      ...(startsAt === undefined ? {} : { startsAt }),
    },
  ];
}
