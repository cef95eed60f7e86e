/** DynamoDB and its streams in memory, with failures that tests request. */
import type { DescribeTableOutput } from "@aws-sdk/client-dynamodb";
import type {
  DescribeStreamInput,
  DescribeStreamOutput,
  GetRecordsInput,
  GetShardIteratorInput,
  GetShardIteratorOutput,
  Shard,
} from "@aws-sdk/client-dynamodb-streams";
import type { WrittenRecord, WrittenRecords } from "../../src/source/get-records.ts";
import type { StreamsApi, TablesApi } from "../../src/source/source-connection.ts";
import type { SourcePlace } from "../../src/source/source-error.ts";

export interface FakeShard {
  readonly id: string;
  readonly parent?: string;
  readonly startsAt: string;
  records: string[];
  closed: boolean;
  /** How many of the oldest records are gone. */
  trimmed: number;
  /** The first listing that contains the shard, counted from 0. */
  listedFrom: number;
  expired: boolean;
}

export type FakeCall = "describeTable" | "describeStream" | "getShardIterator" | "getRecords";

/** An error as the SDK throws it for an error response of the service. */
export function serviceError(name: string, fault: "client" | "server" = "client"): Error {
  const $metadata = { httpStatusCode: fault === "client" ? 400 : 500 };
  return Object.assign(new Error(`${name} of the fake`), { name, $fault: fault, $metadata });
}

export function networkError(code: string): Error {
  return Object.assign(new Error(`connect ${code}`), { code });
}

/** A stream in the service. */
export class FakeStream {
  readonly arn: string;
  status = "ENABLED";
  viewType = "NEW_AND_OLD_IMAGES";
  readonly shards: FakeShard[] = [];
  listings = 0;
  #sequence = 100;

  constructor(arn: string) {
    this.arn = arn;
  }

  shard(id: string, parent?: string): FakeShard {
    const shard: FakeShard = {
      id,
      ...(parent === undefined ? {} : { parent }),
      startsAt: String(++this.#sequence),
      records: [],
      closed: false,
      trimmed: 0,
      listedFrom: 0,
      expired: false,
    };
    this.shards.push(shard);
    return shard;
  }

  /** Adds `count` records and returns their sequence numbers. */
  write(shard: FakeShard, count: number): readonly string[] {
    const written = Array.from({ length: count }, () => String(++this.#sequence));
    shard.records.push(...written);
    return written;
  }
}

/** The part of DynamoDB that a reader of streams uses, with failures that a test requests. */
export class FakeDynamo {
  readonly place: SourcePlace = { endpoint: "http://dynamo.example:8000", region: "eu-west-1" };
  readonly streamsByArn: Map<string, FakeStream> = new Map();
  readonly calls: Record<FakeCall, number> = {
    describeTable: 0,
    describeStream: 0,
    getShardIterator: 0,
    getRecords: 0,
  };
  /** The requested iterators, as "<shard> <type> <sequence number>". */
  readonly iterators: string[] = [];
  tableExists = true;
  /** The stream that the table writes to; undefined if none is enabled. */
  current: FakeStream | undefined;
  /** False after the stream was disabled: as on AWS, the table still names it. */
  enabled = true;
  shardsPerPage = 100;
  recordsPerAnswer = 1_000;
  recordBytes = 100;
  /** When a record was made, by its sequence number; undefined if the record does not say. */
  madeAtSeconds: (sequenceNumber: number) => number | undefined = () => undefined;
  /** Called before each call is answered. If it returns an error, the call throws it. */
  fault: (call: FakeCall, subject: string) => Error | undefined = () => undefined;
  #obtained = 0;

  stream(arn: string): FakeStream {
    const stream = new FakeStream(arn);
    this.streamsByArn.set(arn, stream);
    this.current = stream;
    return stream;
  }

  readonly tables: TablesApi = {
    describeTable: async ({ TableName }): Promise<DescribeTableOutput> => {
      this.#begin("describeTable", TableName ?? "");
      if (!this.tableExists) throw serviceError("ResourceNotFoundException");
      const stream = this.current && {
        LatestStreamArn: this.current.arn,
        ...(this.enabled
          ? {
              StreamSpecification: {
                StreamEnabled: true,
                StreamViewType: this.current.viewType as "NEW_IMAGE",
              },
            }
          : {}),
      };
      return { Table: { TableName, TableArn: `arn:aws:dynamodb:eu-west-1:1:table/${TableName}`, ...stream } };
    },
    scan: (): Promise<never> => Promise.reject(new Error("not scanned")),
  };

  readonly streams: StreamsApi = {
    describeStream: async (input) => this.#describeStream(input),
    getShardIterator: async (input) => this.#getShardIterator(input),
    getRecords: async (input) => this.#getRecords(input),
  };

  #begin(call: FakeCall, subject: string): void {
    this.calls[call]++;
    const error = this.fault(call, subject);
    if (error !== undefined) throw error;
  }

  #describeStream(input: DescribeStreamInput): DescribeStreamOutput {
    const arn = input.StreamArn ?? "";
    this.#begin("describeStream", arn);
    const stream = this.#streamOf(arn);
    const after = input.ExclusiveStartShardId;
    const listing = after === undefined ? stream.listings++ : stream.listings - 1;
    const listed = stream.shards.filter((shard) => shard.listedFrom <= listing && !shard.expired);
    const start = after === undefined ? 0 : listed.findIndex((shard) => shard.id === after) + 1;
    const page = listed.slice(start, start + this.shardsPerPage);
    const more = start + page.length < listed.length;
    return {
      StreamDescription: {
        StreamArn: arn,
        StreamLabel: arn.slice(arn.lastIndexOf("/") + 1),
        StreamStatus: stream.status as "ENABLED",
        CreationRequestDateTime: new Date(1_600_000_000_500),
        Shards: page.map(toShard),
        ...(more ? { LastEvaluatedShardId: page.at(-1)?.id } : {}),
      },
    };
  }

  #getShardIterator(input: GetShardIteratorInput): GetShardIteratorOutput {
    const { StreamArn: arn = "", ShardId: id = "", ShardIteratorType: type, SequenceNumber: number } = input;
    this.#begin("getShardIterator", id);
    this.iterators.push([id, type, number].filter((part) => part !== undefined).join(" "));
    const shard = this.#shardOf(arn, id);
    const from = BigInt(number ?? "0");
    const firstKept = shard.records[shard.trimmed];
    const lost = shard.trimmed > 0 && type !== "TRIM_HORIZON" && from < BigInt(firstKept ?? "999999");
    if (lost) throw serviceError("TrimmedDataAccessException");
    const before = (record: string) =>
      type === "AFTER_SEQUENCE_NUMBER" ? BigInt(record) <= from : BigInt(record) < from;
    const index = type === "TRIM_HORIZON" ? shard.trimmed : shard.records.filter(before).length;
    return { ShardIterator: [arn, id, index, this.#obtained++].join("|") };
  }

  #getRecords(input: GetRecordsInput): WrittenRecords {
    const [arn = "", id = "", at = "0"] = (input.ShardIterator ?? "").split("|");
    this.#begin("getRecords", id);
    const shard = this.#shardOf(arn, id);
    const index = Number(at);
    if (index < shard.trimmed) throw serviceError("TrimmedDataAccessException");
    const records = shard.records.slice(index, index + Math.min(input.Limit ?? 1_000, this.recordsPerAnswer));
    const next = index + records.length;
    const ended = shard.closed && next >= shard.records.length;
    return {
      Records: records.map((sequenceNumber) => this.#toRecord(id, sequenceNumber)),
      ...(ended ? {} : { NextShardIterator: [arn, id, next, this.#obtained++].join("|") }),
    };
  }

  #toRecord(shardId: string, sequenceNumber: string): WrittenRecord {
    const made = this.madeAtSeconds(Number(sequenceNumber));
    return {
      eventID: `${shardId}:${sequenceNumber}`,
      eventName: "INSERT",
      dynamodb: {
        SequenceNumber: sequenceNumber,
        ...(made === undefined ? {} : { ApproximateCreationDateTime: made }),
        SizeBytes: this.recordBytes,
        Keys: { Id: { S: sequenceNumber } },
      },
    };
  }

  #streamOf(arn: string): FakeStream {
    const stream = this.streamsByArn.get(arn);
    if (stream === undefined) throw serviceError("ResourceNotFoundException");
    return stream;
  }

  #shardOf(arn: string, id: string): FakeShard {
    const shard = this.#streamOf(arn).shards.find((each) => each.id === id && !each.expired);
    if (shard === undefined) throw serviceError("ResourceNotFoundException");
    return shard;
  }
}

/** The shard and sequence number of a record of the fake, as "<shard>:<sequence number>". */
export function recordName(record: unknown): string {
  return String((record as { readonly eventID: unknown }).eventID);
}

function toShard(shard: FakeShard): Shard {
  return {
    ShardId: shard.id,
    ...(shard.parent === undefined ? {} : { ParentShardId: shard.parent }),
    // Open shards have an end too, as with dynoxide: a reader must ignore it.
    SequenceNumberRange: { StartingSequenceNumber: shard.startsAt, EndingSequenceNumber: shard.startsAt },
  };
}
