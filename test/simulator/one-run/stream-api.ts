/** The model's table and streams, as the calls of DynamoDB answer for them: what the product's own reader of streams reads. */
import type { DescribeTableOutput } from "@aws-sdk/client-dynamodb";
import type {
  DescribeStreamInput,
  DescribeStreamOutput,
  GetRecordsInput,
  GetShardIteratorInput,
} from "@aws-sdk/client-dynamodb-streams";
import type { WrittenRecord, WrittenRecords } from "../../../src/source/get-records.ts";
import type { SourceConnection } from "../../../src/source/source-connection.ts";
import { networkError, serviceError } from "../../source/fake-stream.ts";
import { type Actor, InjectedFailure } from "../actors.ts";
import type { Counts } from "../counts.ts";
import {
  eventOf,
  type ModelRecord,
  type ModelShard,
  type ModelStream,
  type ModelTable,
} from "../model-table.ts";

export interface StreamModel {
  readonly table: ModelTable;
  readonly nowMs: number;
  readonly recordsPerAnswer: number;
  readonly sequenceOf: (record: ModelRecord) => number;
  readonly counts: Counts;
}

export type ModelConnection = Pick<SourceConnection, "tables" | "streams" | "place">;

/** Each call waits for the simulation. One that fails does so as the service or the network does. */
export function modelConnection(model: StreamModel, actor: Actor): ModelConnection {
  let failures = 0;
  const called = async <T>(call: string, signal: AbortSignal, answer: () => T): Promise<T> => {
    signal.throwIfAborted();
    const answered = actor
      .call(call, async () => answer())
      .catch((error: unknown) => {
        if (!(error instanceof InjectedFailure)) throw error;
        failures++;
        throw PASSING[failures % PASSING.length]?.() ?? error;
      });
    return untilAborted(answered, signal);
  };
  return {
    place: { endpoint: "http://dynamo.example:8000", region: "eu-west-1" },
    tables: {
      describeTable: (_, signal = NEVER) => called("describeTable", signal, () => described(model)),
      scan: () => Promise.reject(new Error("it is not scanned")),
    },
    streams: {
      describeStream: (input, signal) => called("describeStream", signal, () => listed(model, input)),
      getShardIterator: (input, signal) =>
        called(`getShardIterator ${input.ShardId}`, signal, () => ({
          ShardIterator: iterator(model, input),
        })),
      getRecords: (input, signal) => {
        model.counts.add("answers that the service is asked for");
        return called("getRecords", signal, () => records(model, input));
      },
    },
  };
}

const NEVER = new AbortController().signal;

const PASSING: readonly (() => Error)[] = [
  () => networkError("ECONNRESET"),
  () => serviceError("LimitExceededException"),
  () => serviceError("ExpiredIteratorException"),
  () => serviceError("InternalServerError", "server"),
];

async function untilAborted<T>(answered: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    void answered.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

function described({ table }: StreamModel): DescribeTableOutput {
  const newest = table.streams.at(-1);
  const StreamSpecification = { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" } as const;
  return {
    Table: {
      TableName: "model",
      TableArn: "arn:aws:dynamodb:eu-west-1:123456789012:table/model",
      LatestStreamArn: newest?.arn,
      ...(newest?.disabledAtSeconds === undefined ? { StreamSpecification } : {}),
    },
  };
}

function listed({ table }: StreamModel, { StreamArn }: DescribeStreamInput): DescribeStreamOutput {
  const stream = streamOf(table, StreamArn);
  return {
    StreamDescription: {
      StreamArn,
      StreamStatus: stream.disabledAtSeconds === undefined ? "ENABLED" : "DISABLED",
      CreationRequestDateTime: new Date(stream.createdAtSeconds * 1000),
      Shards: stream.shards
        .filter(({ expired }) => !expired)
        .map(({ id, parent }) => ({
          ShardId: id,
          ...(parent === undefined ? {} : { ParentShardId: parent }),
          SequenceNumberRange: { StartingSequenceNumber: "1" },
        })),
    },
  };
}

/** A stream that is off lives as long as its records. */
function streamOf(table: ModelTable, arn: string | undefined): ModelStream {
  const stream = table.streams.find((each) => each.arn === arn);
  const isThere = stream?.disabledAtSeconds === undefined || stream.shards.some(({ expired }) => !expired);
  if (stream === undefined || !isThere) throw serviceError("ResourceNotFoundException");
  return stream;
}

function shardOf(table: ModelTable, arn: string | undefined, id: string | undefined): ModelShard {
  const shard = streamOf(table, arn).shards.find((each) => each.id === id && !each.expired);
  if (shard === undefined) throw serviceError("ResourceNotFoundException");
  return shard;
}

/** A place in a shard, which is known for a while. */
interface Iterator {
  readonly arn: string | undefined;
  readonly shard: string | undefined;
  readonly index: number;
  readonly madeMs: number;
}

const ITERATOR_MS_MAX = 15 * 60_000;

function iterator({ nowMs, sequenceOf, table }: StreamModel, input: GetShardIteratorInput): string {
  const { StreamArn: arn, ShardId, ShardIteratorType: type, SequenceNumber = "0" } = input;
  const shard = shardOf(table, arn, ShardId);
  const number = Number(SequenceNumber);
  const isBefore = (record: ModelRecord): boolean =>
    type === "AFTER_SEQUENCE_NUMBER" ? sequenceOf(record) <= number : sequenceOf(record) < number;
  const index = type === "TRIM_HORIZON" ? shard.trimmed : shard.records.filter(isBefore).length;
  if (index < shard.trimmed) throw serviceError("TrimmedDataAccessException");
  return textOf({ arn, shard: ShardId, index, madeMs: nowMs });
}

function records(
  { nowMs, recordsPerAnswer, sequenceOf, table }: StreamModel,
  input: GetRecordsInput,
): WrittenRecords {
  const { arn, shard: id, index, madeMs }: Iterator = JSON.parse(input.ShardIterator ?? "{}");
  const shard = shardOf(table, arn, id);
  if (nowMs - madeMs > ITERATOR_MS_MAX) throw serviceError("ExpiredIteratorException");
  if (index < shard.trimmed) throw serviceError("TrimmedDataAccessException");
  const given = shard.records.slice(index, index + recordsPerAnswer);
  const next = index + given.length;
  const isEnd = shard.closedAtSeconds !== undefined && next >= shard.records.length;
  return {
    Records: given.map((record) => recordOf(record, sequenceOf(record))),
    ...(isEnd ? {} : { NextShardIterator: textOf({ arn, shard: id, index: next, madeMs: nowMs }) }),
  };
}

function textOf(place: Iterator): string {
  return JSON.stringify(place);
}

function recordOf(record: ModelRecord, sequence: number): WrittenRecord {
  const event = eventOf(record) as WrittenRecord;
  return { ...event, dynamodb: { ...event.dynamodb, SequenceNumber: String(sequence), SizeBytes: 100 } };
}
