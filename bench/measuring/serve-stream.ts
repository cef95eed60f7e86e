/**
 * The process of `stream-endpoint.ts`: DynamoDB's JSON protocol for one table, Reviews, and its stream. Record n of the stream
 * exists from a moment on that the clock alone decides, so that no load on this process lowers the rate of the writes.
 */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { PatchedText, PLACE_MARK, SECONDS_MARK, SEQUENCE_MARK } from "../data/patched-text.ts";
import { itemSizes, modifyRecord, review } from "../data/stream-records.ts";
import type { EndpointMessage, EndpointRequest, StreamEndpointOptions } from "./stream-endpoint.ts";

const options: StreamEndpointOptions = JSON.parse(process.argv[2] ?? "{}");
const { records, shards, items } = options;
const recordsPerSecond = options.recordsPerSecond ?? Number.POSITIVE_INFINITY;

/** Different texts; they follow each other over and over, under new keys. */
const TEXTS = 2_000;
/** GetRecords and Scan give up to 1 MB. */
const ANSWER_BYTES_MAX = 1_000_000;
const ANSWER_RECORDS_MAX = 1_000;
const SEQUENCE_BASE = 500_000_000_000_000_000_000n;
const LABEL = "2026-11-01T00:00:00.000";
const TABLE_ARN = "arn:aws:dynamodb:us-east-1:000000000000:table/Reviews";
const STREAM_ARN = `${TABLE_ARN}/stream/${LABEL}`;

const reviews = Array.from({ length: TEXTS }, (): Readonly<Record<string, unknown>> => {
  const item = review(itemSizes[options.size]());
  return { ...item, Book: { S: `b${PLACE_MARK}` } };
});
const itemTexts = reviews.map((item) => new PatchedText(item));
const recordTexts = reviews.map(
  (item) =>
    new PatchedText(modifyRecord(item, { sequenceNumber: SEQUENCE_MARK, madeAtSeconds: SECONDS_MARK })),
);

let beganMs = Number.POSITIVE_INFINITY;

/** Records that exist by now. */
function written(): number {
  const sinceMs = Date.now() - beganMs;
  return sinceMs < 0 ? 0 : Math.min(records, Math.floor((sinceMs / 1_000) * recordsPerSecond) || records);
}

function sequenceNumber(place: number): string {
  return String(SEQUENCE_BASE + BigInt(place));
}

/** Texts `places` in one array, as many of them as fit in an answer. */
function textsOf(
  texts: readonly PatchedText[],
  places: Iterable<number>,
): { content: Buffer; taken: number } {
  const chosen: number[] = [];
  let bytes = 2;
  for (const place of places) {
    const { length } = texts[place % TEXTS] as PatchedText;
    if (chosen.length === ANSWER_RECORDS_MAX || (bytes + length > ANSWER_BYTES_MAX && chosen.length > 0))
      break;
    chosen.push(place);
    bytes += length + 1;
  }
  const content = Buffer.allocUnsafe(Math.max(2, bytes - (chosen.length > 0 ? 1 : 0)));
  let at = content.write("[");
  for (const place of chosen) {
    if (at > 1) at += content.write(",", at);
    const text = texts[place % TEXTS] as PatchedText;
    const madeMs = beganMs + (Number.isFinite(recordsPerSecond) ? (place * 1_000) / recordsPerSecond : 0);
    text.writeTo(content, at, {
      place: String(place).padStart(PLACE_MARK.length, "0"),
      sequenceNumber: sequenceNumber(place),
      seconds: String(Math.floor(madeMs / 1_000)),
    });
    at += text.length;
  }
  content.write("]", at);
  return { content, taken: chosen.length };
}

function* placesOfShard(shard: number, from: number): Generator<number> {
  const below = written();
  for (let place = from * shards + shard; place < below; place += shards) yield place;
}

function* placesBetween(from: number, below: number): Generator<number> {
  for (let place = from; place < below; place++) yield place;
}

type Input = Readonly<Record<string, unknown>>;
type Answer = readonly (string | Buffer)[];

const json = (value: unknown): Answer => [JSON.stringify(value)];
const shardId = (shard: number): string => `shardId-${String(shard + 1).padStart(20, "0")}-aaaaaaaa`;

const keySchema = [
  { AttributeName: "User", KeyType: "HASH" },
  { AttributeName: "Book", KeyType: "RANGE" },
];

const operations: Readonly<Record<string, (input: Input) => Answer>> = {
  DescribeTable: () =>
    json({
      Table: {
        TableName: "Reviews",
        TableStatus: "ACTIVE",
        TableArn: TABLE_ARN,
        KeySchema: keySchema,
        AttributeDefinitions: keySchema.map(({ AttributeName }) => ({ AttributeName, AttributeType: "S" })),
        BillingModeSummary: { BillingMode: "PAY_PER_REQUEST" },
        ItemCount: items,
        TableSizeBytes: items * 600,
        CreationDateTime: 1_793_491_200,
        StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" },
        LatestStreamArn: STREAM_ARN,
        LatestStreamLabel: LABEL,
      },
    }),
  DescribeStream: ({ ExclusiveStartShardId }) =>
    json({
      StreamDescription: {
        StreamArn: STREAM_ARN,
        StreamLabel: LABEL,
        StreamStatus: "ENABLED",
        StreamViewType: "NEW_AND_OLD_IMAGES",
        TableName: "Reviews",
        KeySchema: keySchema,
        CreationRequestDateTime: 1_793_491_200,
        Shards:
          ExclusiveStartShardId !== undefined
            ? []
            : Array.from({ length: shards }, (_, shard) => ({
                ShardId: shardId(shard),
                SequenceNumberRange: { StartingSequenceNumber: sequenceNumber(shard) },
              })),
      },
    }),
  GetShardIterator: ({ ShardId, ShardIteratorType, SequenceNumber }) => {
    const shard = Number(String(ShardId).split("-")[1]) - 1;
    const named =
      SequenceNumber === undefined
        ? 0
        : Math.floor((Number(BigInt(String(SequenceNumber)) - SEQUENCE_BASE) - shard) / shards);
    const from = ShardIteratorType === "AFTER_SEQUENCE_NUMBER" ? named + 1 : named;
    return json({ ShardIterator: `${shard}:${from}` });
  },
  GetRecords: ({ ShardIterator }) => {
    const [shard = 0, from = 0] = String(ShardIterator).split(":").map(Number);
    const { content, taken } = textsOf(recordTexts, placesOfShard(shard, from));
    if (taken > 0) tell({ kind: "served", records: taken });
    return ['{"Records":', content, `,"NextShardIterator":"${shard}:${from + taken}"}`];
  },
  Scan: ({ TotalSegments = 1, Segment = 0, ExclusiveStartKey }) => {
    const edge = (segment: number): number => Math.floor((items * segment) / Number(TotalSegments));
    const last = (ExclusiveStartKey as { readonly Book: { readonly S: string } } | undefined)?.Book.S;
    const from = last === undefined ? edge(Number(Segment)) : Number(last.slice(1)) + 1;
    const below = edge(Number(Segment) + 1);
    const { content, taken } = textsOf(itemTexts, placesBetween(from, below));
    const Book = { S: `b${String(from + taken - 1).padStart(PLACE_MARK.length, "0")}` };
    const key = { User: reviews[(from + taken - 1) % TEXTS]?.User, Book };
    const end = from + taken < below ? `,"LastEvaluatedKey":${JSON.stringify(key)}` : "";
    return ['{"Items":', content, `,"Count":${taken},"ScannedCount":${taken}${end}}`];
  },
};

function tell(message: EndpointMessage): void {
  process.send?.(message);
}

async function bodyOf(request: IncomingMessage): Promise<Input> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return JSON.parse(Buffer.concat(pieces).toString() || "{}");
}

const server = createServer(async (request, response) => {
  const input = await bodyOf(request);
  const operation = operations[String(request.headers["x-amz-target"]).split(".")[1] ?? ""];
  response.setHeader("content-type", "application/x-amz-json-1.0");
  if (operation === undefined) response.writeHead(400).end('{"__type":"UnknownOperationException"}');
  else response.end(Buffer.concat(operation(input).map((piece) => Buffer.from(piece))));
});
server.listen(0, "127.0.0.1", () =>
  tell({ kind: "listening", port: (server.address() as AddressInfo).port }),
);
let utilizationAtBegin = performance.eventLoopUtilization();
process.on("message", ({ kind }: EndpointRequest) => {
  if (kind === "tell-busy") {
    tell({ kind: "busy", share: performance.eventLoopUtilization(utilizationAtBegin).utilization });
    return;
  }
  beganMs = Date.now();
  utilizationAtBegin = performance.eventLoopUtilization();
  tell({ kind: "began", atMs: beganMs });
});
process.on("disconnect", () => process.exit());
