/** A replay into one of several lake tables of a source: what was put aside for it alone is not for the others. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, expect, test } from "@jest/globals";
import type { AwsLake } from "../../src/aws/aws-lake.ts";
import type { Deployment } from "../../src/aws/deployment.ts";
import { VERSION_DIGITS } from "../../src/core/change/change.ts";
import { errorsFolder, failedBatchesFolder, schemaPath } from "../../src/core/format/lake-path.ts";
import { rowCodec } from "../../src/core/row/row.ts";
import { changeLine, lineWriter } from "../../src/core/row/wire-line.ts";
import { parseSchema } from "../../src/core/schema/schema.ts";
import { readItem } from "../../src/core/values/attribute-value.ts";
import { keyOf } from "../../src/core/values/key.ts";
import type { GivenFile } from "../../src/files/given-file.ts";
import type { OpenedStack } from "../../src/stack/open-stack.ts";
import { replayIntoDeployment } from "../../src/stack/replay.ts";
import { withFolder } from "../support/folders.ts";
import { MemoryStore } from "../support/memory-store.ts";
import { register, sourceEntry, tableEntry } from "../support/registry.ts";

const SOURCE = sourceEntry("Orders");
const KEY = { key: { hash: "id" }, attributes: { id: { type: "string" } } } as const;
const PRICED = {
  ...KEY,
  table: "priced",
  attributes: { ...KEY.attributes, price: { type: "bigint" } },
} as const;
const BATCH = `${failedBatchesFolder(SOURCE.eventSourceMapping)}shard/2026-11-20T10.00.00-batch`;
const UNCONVERTED = `${errorsFolder("priced")}unconverted`;
const DEPLOYMENT = {
  ...{ table: "priced", bucket: "lake", source: "Orders", deliveryStream: "priced-delivery" },
  ...{ sourceTableArn: SOURCE.sourceTableArn, eventSourceMapping: SOURCE.eventSourceMapping },
  ...{ mappingIds: [SOURCE.eventSourceMapping, "former"] as readonly string[] },
} as Deployment;

let store: MemoryStore;
/** Rows by the names of delivery streams, as "item@version". */
let sent: Record<string, string[]>;

beforeEach(() => {
  sent = {};
  store = new MemoryStore();
  const tables = ["priced", "plain"].map((table) => tableEntry("Orders", table));
  register(store, { sources: [SOURCE], tables });
  store.plant(schemaPath("priced"), JSON.stringify({ ...PRICED, source: "Orders" }));
  store.plant(schemaPath("plain"), JSON.stringify({ ...KEY, table: "plain", source: "Orders" }));
  store.plant(BATCH, JSON.stringify({ Records: [inserted("a", 5)] }));
  store.plant(UNCONVERTED, unconverted("a", 9));
});

function inserted(id: string, number: number): object {
  const Keys = { id: { S: id } };
  const dynamodb = { Keys, NewImage: Keys, SequenceNumber: String(number) };
  return { eventName: "INSERT", eventSourceARN: `${SOURCE.sourceTableArn}/stream/2026`, dynamodb };
}

/** A row of "priced" as Firehose returns it. No other table has its column. */
function unconverted(id: string, number: number): string {
  const schema = parseSchema(PRICED, "a test");
  const item = readItem({ id: { S: id }, price: { N: "1" } });
  const line = changeLine(lineWriter(rowCodec(schema)), {
    operation: "INSERT",
    key: keyOf(schema.key, item) ?? [],
    version: String(number).padStart(VERSION_DIGITS, "0"),
    changedAtSeconds: 1,
    expired: false,
    item,
    before: undefined,
  });
  return JSON.stringify({ rawData: Buffer.from(line.content).toString("base64") });
}

async function send({ input }: { readonly input: unknown }): Promise<object> {
  const { DeliveryStreamName, Records } = input as {
    readonly DeliveryStreamName: string;
    readonly Records: readonly { readonly Data: Uint8Array }[];
  };
  const lines = Records.flatMap(({ Data }) => new TextDecoder().decode(Data).trimEnd().split("\n"));
  for (const { id, _version } of lines.map((line) => JSON.parse(line)))
    sent[DeliveryStreamName] = [...(sent[DeliveryStreamName] ?? []), `${id}@${Number(_version)}`];
  return { FailedPutCount: 0, RequestResponses: Records.map((_, i) => ({ RecordId: String(i) })) };
}

function replayed(...files: readonly GivenFile[]): ReturnType<typeof replayIntoDeployment> {
  const lake = { store, clients: { firehose: { send } } } as unknown as AwsLake;
  const stack = { lakeOf: () => lake, signal: new AbortController().signal } as unknown as OpenedStack;
  const wish = { maskKey: undefined, partial: false, anySource: false, dryRun: false };
  return replayIntoDeployment(stack, DEPLOYMENT, { ...wish, files, onProgress: () => undefined });
}

const inBucket = (path: string): GivenFile => ({ name: `s3://lake/${path}`, path: "" });

test("rows that Firehose did not convert for one table hold up no changes of another", async () => {
  const { totals } = await replayed(inBucket(BATCH), inBucket(UNCONVERTED));
  expect(totals).toMatchObject({ rows: 2, quarantined: 0 });
  expect(sent).toEqual({ "priced-delivery": ["a@5", "a@9"], "plain-delivery": ["a@5"] });
  expect(store.paths("plain/quarantine/")).toEqual([]);
  expect([BATCH, UNCONVERTED].filter((path) => store.objects.has(path))).toEqual([]);
});

test("neither does a file of this machine", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "rows.jsonl");
    await writeFile(path, unconverted("a", 9));
    await replayed({ name: path, path }, inBucket(BATCH));
  });
  expect(sent).toEqual({ "priced-delivery": ["a@9", "a@5"], "plain-delivery": ["a@5"] });
  expect(store.paths("plain/quarantine/")).toEqual([]);
});

test("each object is read twice: to see what stays held, and to be sent", async () => {
  await replayed(inBucket(BATCH), inBucket(UNCONVERTED), inBucket(BATCH));
  const reads = [BATCH, UNCONVERTED].map((path) => store.calls.filter((call) => call === `read ${path}`));
  expect(reads.map(({ length }) => length)).toEqual([2, 2]);
});

test("a batch of a mapping that read the source before is for all tables of the source, and goes", async () => {
  const batch = `${failedBatchesFolder("former")}shard/2026-11-20T10.00.00-batch`;
  store.plant(batch, JSON.stringify({ Records: [inserted("b", 3)] }));
  await replayed(inBucket(batch));
  expect(sent).toEqual({ "priced-delivery": ["b@3"], "plain-delivery": ["b@3"] });
  expect(store.objects.has(batch)).toBe(false);
});

test("a table that was added after a batch failed takes no part, though nothing is in it yet", async () => {
  const fromSeconds = Date.UTC(2026, 10, 21) / 1000;
  const later = { served: [{ configuration: "one", fromSeconds }] };
  register(store, { tables: [tableEntry("Orders", "added", later)] });
  await replayed(inBucket(BATCH));
  expect(sent).toEqual({ "priced-delivery": ["a@5"], "plain-delivery": ["a@5"] });
});
