import { expect, test } from "@jest/globals";
import { type LookedAtSource, lookAtSource } from "../../src/aws/steps/look-at-source.ts";
import { publishMoments } from "../../src/aws/tables-view.ts";
import { DynalakeError } from "../../src/core/error.ts";
import { saveFound } from "../../src/core/overlay/found-record.ts";
import { parseSchema } from "../../src/core/schema/schema.ts";
import { deployedMoments } from "../../src/core/status/tables-view.ts";
import { wholenessOf } from "../../src/core/status/wholeness.ts";
import { openTableOf } from "../../src/core/table/open-table.ts";
import { MemoryCatalog } from "../crash-points/memory-catalog.ts";
import { MemoryStore } from "../support/memory-store.ts";
import { register, sourceEntry, tableEntry } from "../support/registry.ts";
import { statementOf } from "../support/view-statement.ts";

const STREAM = "arn:aws:dynamodb:eu-west-1:1:table/orders/stream/2026-01-01T00:00:00.000";
const SOURCE = sourceEntry("orders");

function storeOfTwo(): MemoryStore {
  const store = new MemoryStore();
  register(store, { sources: [SOURCE], tables: [tableEntry("orders", "a"), tableEntry("orders", "b")] });
  return store;
}

function look(
  store: MemoryStore,
  State = "Enabled",
  {
    source = SOURCE,
    stream = STREAM,
    catalog = new MemoryCatalog(),
    ages = async (): Promise<object> => ({}),
  } = {},
): Promise<LookedAtSource> {
  const Table = { LatestStreamArn: stream, StreamSpecification: { StreamEnabled: true } };
  const lake = {
    store,
    engine: { catalog },
    nowSeconds: () => 1_800_000_000,
    clients: { dynamodb: { send: async () => ({ Table }) } },
    cloudWatch: { send: ages },
    lambda: { send: async () => ({ EventSourceArn: STREAM, State, LastModified: new Date(0) }) },
  };
  return lookAtSource(lake as unknown as Parameters<typeof lookAtSource>[0], source);
}

test("a look at a source counts its failed batches, and what waits for a person in each of its tables", async () => {
  const store = storeOfTwo();
  store.plant("aws/lambda/orders-mapping/batch", "{}");
  store.plant("aws/lambda/other-mapping/batch", "{}");
  store.plant("b/errors/one", "{}");
  const { failures, metrics, tables } = await look(store);
  expect(metrics).toEqual({ OnFailureObjects: 1, FailedLooks: 0, StreamUnreadSeconds: 0 });
  expect(tables).toMatchObject([
    { table: "a", gaps: [], health: { UndeliveredObjects: 0, OpenGaps: 0 } },
    { table: "b", gaps: [], health: { UndeliveredObjects: 1, ErrorObjects: 1 } },
  ]);
  expect(failures).toEqual([]);
  expect(store.text("a/beginning.json")).toContain(STREAM);
});

test("a look counts what failed of a mapping that read the source before", async () => {
  const store = storeOfTwo();
  for (const mapping of ["orders-mapping", "former", "other"])
    store.plant(`aws/lambda/${mapping}/batch`, "{}");
  const source = sourceEntry("orders", { formerMappings: ["former"] });
  expect((await look(store, "Enabled", { source })).metrics).toMatchObject({ OnFailureObjects: 2 });
});

test("a look counts the values that no column shows, as compactions have found them", async () => {
  const store = new MemoryStore();
  const table = tableEntry("orders", "a");
  const schema = { ...table.schema, evolve: "types" as const };
  register(store, { sources: [SOURCE], tables: [{ ...table, schema }] });
  const [attribute = "", { type = "" } = {}] = Object.entries(schema.attributes)[0] ?? [];
  const found = { attribute, hidden: 3, values: 3, types: { L: 3 }, wholeDigits: 0, fractionDigits: 0 };
  const column = { name: attribute, type };
  await saveFound(store, "a", { looks: [{ runs: ["r"], found: [{ ...found, column }] }] });
  const { tables } = await look(store);
  expect(tables).toMatchObject([{ table: "a", health: { HiddenValues: 3 } }]);
});

test("a new stream of another account's table says, with its ARN, that its owner has to open it", async () => {
  const stream = STREAM.replace("2026-01-01", "2026-01-02");
  const ownerRole = "arn:aws:iam::2:role/dynalake";
  const detailOf = async (source: typeof SOURCE): Promise<unknown> => {
    const store = storeOfTwo();
    await look(store);
    const { tables } = await look(store, "Enabled", { source, stream });
    return tables[0]?.gaps[0]?.gap.detail;
  };
  expect(await detailOf(SOURCE)).toBe(`the table has a new stream, ${stream}`);
  expect(await detailOf({ ...SOURCE, ownerRole })).toBe(
    `the table has a new stream, ${stream}; its owner must attach the stream's policy to it, before its ARN is deployed`,
  );
});

test("a table that cannot be looked at is counted, and keeps no other from it", async () => {
  const store = storeOfTwo();
  store.plant("a/watch.json", "spoilt by hand");
  const { failures, metrics, tables } = await look(store, "Disabled");
  expect(metrics).toMatchObject({ FailedLooks: 1 });
  expect(failures).toMatchObject([{ code: "LAKE_DAMAGED" }]);
  expect(tables.map(({ table }) => table)).toEqual(["b"]);
  expect(store.text("b/watch.json")).toBeDefined();
});

test("a listing of failed batches that fails is counted, and the stream is checked all the same", async () => {
  const store = storeOfTwo();
  const error = new DynalakeError("UNREACHABLE", "S3 did not answer");
  store.failOnce("list", /^aws\/lambda\//, "before", error);
  const { failures, metrics, tables } = await look(store, "Disabled");
  expect(failures).toEqual([error]);
  expect(metrics).toMatchObject({ FailedLooks: 1 });
  expect(tables.map(({ table }) => table)).toEqual(["a", "b"]);
  expect(store.text("a/watch.json")).toBeDefined();
});

test("a look tells what it has found in dynalake_tables, of tables that are published", async () => {
  const store = storeOfTwo();
  const catalog = new MemoryCatalog();
  const opened = await openTableOf(store, parseSchema(tableEntry("orders", "b").schema, "a test"));
  await publishMoments(
    catalog,
    await deployedMoments(store, opened, await wholenessOf({ store }, opened.manifest, "b")),
    0,
  );
  const shown = (): string => statementOf(catalog.tables.get("b__moments"));
  expect(shown()).toContain("CAST(true AS boolean) AS is_whole");
  store.plant("aws/lambda/orders-mapping/batch", "{}");
  await look(store, "Enabled", { catalog });
  expect(shown()).toContain("CAST(false AS boolean) AS is_whole");
  expect(shown()).toContain("CAST(1 AS integer) AS put_aside");
  expect(catalog.tables.has("a__moments")).toBe(false);
});

test("a look keeps how far behind the source was, and still looks where that is not to be had", async () => {
  const store = storeOfTwo();
  const Datapoints = [{ Timestamp: new Date(1_799_999_000_000), Maximum: 61_000 }];
  expect((await look(store, "Enabled", { ages: async () => ({ Datapoints }) })).failures).toEqual([]);
  expect(store.text("a/watch.json")).toContain('"atSeconds":1799999000');
  await store.remove(["a/watch.json"]);
  store.plant("aws/lambda/orders-mapping/batch", "{}");
  await look(store, "Enabled", { ages: async () => ({ Datapoints }) });
  expect(store.text("a/watch.json")).not.toContain("atSeconds");
  await store.remove(["aws/lambda/orders-mapping/batch"]);
  const refused = Object.assign(new Error("no"), { name: "AccessDenied" });
  const { failures, tables } = await look(store, "Enabled", { ages: () => Promise.reject(refused) });
  expect(failures).toMatchObject([{ code: "CREDENTIALS" }]);
  expect(tables).toHaveLength(2);
});
