/** How `verify` reads a source table: consistently, every key, and with retries of passing failures. */
import type { BatchGetItemInput } from "@aws-sdk/client-dynamodb";
import { beforeEach, describe, expect, test } from "@jest/globals";
import { parseSchema } from "../../src/core/schema/schema.ts";
import type { Item } from "../../src/core/values/attribute-value.ts";
import type { ScanPageInput } from "../../src/source/scan-page.ts";
import { type BatchGet, type VerifiedTableRequest, verifiedTable } from "../../src/source/verified-table.ts";
import { networkError, serviceError } from "./fake-stream.ts";
import { VirtualTiming } from "./virtual-timing.ts";

const SCHEMA = parseSchema(
  { table: "t", source: "T", key: { hash: "Id", range: "At" }, attributes: { Id: { type: "string" } } },
  "a test",
);

const key = (n: number) => [{ S: `id${n}` }, { B: "AAE=" }] as const;
const item = (n: number) => ({ Id: { S: `id${n}` }, At: { B: new Uint8Array([0, 1]) }, N: { N: "1.0" } });
const written = (n: number) => ({ Id: { S: `id${n}` }, At: { B: "AAE=" }, N: { N: "1.0" } });
const read = (n: number): Item => ({ Id: { S: `id${n}` }, At: { B: "AAE=" }, N: { N: "1" } });

/** Answers each request, except for what the test withholds. */
class Table {
  readonly timing = new VirtualTiming();
  readonly asked: BatchGetItemInput[] = [];
  readonly scans: ScanPageInput[] = [];
  missing: ReadonlySet<string> = new Set();
  processedMax = 100;
  readUnits: number | undefined;
  failures: Error[] = [];
  onCall: () => void = () => undefined;

  readonly batchGet: BatchGet = async (input) => {
    this.asked.push(input);
    this.onCall();
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    const [[name, { Keys: keys = [] }] = ["T", { Keys: [] }]] = Object.entries(input.RequestItems ?? {});
    const processed = keys.slice(0, this.processedMax);
    const left = keys.slice(this.processedMax);
    const found = processed.filter(({ Id }) => !this.missing.has(String(Id?.S)));
    return {
      // In another order than the keys.
      Responses: { [name]: found.map(({ Id }) => item(Number(String(Id?.S).slice(2)))).reverse() },
      ...(left.length === 0 ? {} : { UnprocessedKeys: { [name]: { Keys: left } } }),
      ConsumedCapacity: [{ TableName: "T", CapacityUnits: processed.length }],
    };
  };

  source(more: Partial<Omit<VerifiedTableRequest, "schema">> = {}) {
    const provisioned =
      this.readUnits === undefined
        ? { BillingModeSummary: { BillingMode: "PAY_PER_REQUEST" as const } }
        : { ProvisionedThroughput: { ReadCapacityUnits: this.readUnits } };
    const connection = {
      place: { endpoint: "http://dynamo.example:8000" },
      batchGet: this.batchGet,
      tables: {
        describeTable: async () => ({ Table: { TableName: "T", ...provisioned } }),
        scan: async (input: ScanPageInput) => {
          this.scans.push(input);
          return { Items: [written(Number(input.Segment))], ConsumedCapacity: { CapacityUnits: 1 } };
        },
      },
    };
    return verifiedTable(
      connection,
      { schema: SCHEMA, signal: new AbortController().signal, ...more },
      this.timing,
    );
  }
}

let table: Table;

beforeEach(() => {
  table = new Table();
});

test("a scan reads consistently and gives items in their one form", async () => {
  const found: Item[] = [];
  await table.source().scan(async (items) => void found.push(...items.map((each) => each.item())));
  expect(found).toEqual([0, 1, 2, 3].map(read));
  expect(table.scans.every(({ ConsistentRead }) => ConsistentRead === true)).toBe(true);
});

test("a table of another account is asked for by its ARN, in scans and for items", async () => {
  const tableArn = "arn:aws:dynamodb:eu-west-1:222222222222:table/T";
  table.processedMax = 1;
  const source = table.source({ tableArn });
  await source.scan(async () => undefined);
  expect(await source.items([key(1), key(2)])).toEqual([read(1), read(2)]);
  expect(new Set(table.scans.map(({ TableName }) => TableName))).toEqual(new Set([tableArn]));
  const asked = table.asked.map(({ RequestItems }) => Object.keys(RequestItems ?? {}));
  expect(asked).toEqual([[tableArn], [tableArn]]);
});

describe("items by their keys", () => {
  const keys = Array.from({ length: 250 }, (_, n) => key(n));

  test("come in the order of the keys, read consistently, a hundred at a time", async () => {
    table.missing = new Set(["id7", "id249"]);
    const found = await table.source().items(keys);
    expect(found).toEqual(keys.map((_, n) => (n === 7 || n === 249 ? undefined : read(n))));
    expect(table.asked.map(({ RequestItems }) => RequestItems?.T?.Keys?.length)).toEqual([100, 100, 50]);
    expect(table.asked.every(({ RequestItems }) => RequestItems?.T?.ConsistentRead === true)).toBe(true);
  });

  test("that the service has left out are asked for again, until it gives all of them", async () => {
    table.processedMax = 30;
    expect(await table.source().items(keys)).toEqual(keys.map((_, n) => read(n)));
  });

  test("are asked for again where a failure passes by itself, and not where it does not", async () => {
    table.failures = [serviceError("ProvisionedThroughputExceededException"), networkError("ECONNRESET")];
    expect(await table.source().items([key(1)])).toEqual([read(1)]);
    expect(table.asked).toHaveLength(3);
    table.failures = [serviceError("AccessDeniedException")];
    await expect(table.source().items([key(1)])).rejects.toMatchObject({ code: "CREDENTIALS" });
  });

  test("that are interrupted during a call end as INCOMPLETE", async () => {
    const stop = new AbortController();
    const source = table.source({ signal: stop.signal });
    table.failures = [Object.assign(new Error("aborted"), { name: "AbortError" })];
    table.onCall = () => stop.abort();
    await expect(source.items([key(1)])).rejects.toMatchObject({ code: "INCOMPLETE" });
    expect(table.asked).toHaveLength(1);
  });

  test("keep to the pace that was given", async () => {
    const beganMs = table.timing.nowMs();
    await table.source({ readUnitsPerSecond: 25 }).items(keys);
    // 250 units, of which half a second's are available at the start; the last call is paid for after it.
    expect((table.timing.nowMs() - beganMs) / 1000).toBeGreaterThan(5);
  });
});
