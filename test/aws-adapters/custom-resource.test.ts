import { describe, expect, test } from "@jest/globals";
import type { CustomResourceKind, SourceEntry } from "../../src/aws/contracts/registry.ts";
import { CUSTOM_RESOURCES } from "../../src/aws/contracts/registry.ts";
import { answerCustomResource, type CustomResourceEvent } from "../../src/aws/register/custom-resource.ts";
import { deployedSources, deployedTablesOf, mappingIdsOf, readLakeEntry } from "../../src/aws/registry.ts";
import { publishMoments } from "../../src/aws/tables-view.ts";
import { tableEntryPath } from "../../src/core/format/deployment-path.ts";
import type { TableMoments } from "../../src/core/status/tables-view.ts";
import { MemoryCatalog } from "../crash-points/memory-catalog.ts";
import { MemoryStore } from "../support/memory-store.ts";
import { LAKE_ENTRY, sourceEntry, tableEntry } from "../support/registry.ts";

const NOW = 1_800_000_000;
let requests = 0;

/** A lake, and the stacks that deploy into it. */
class Stacks {
  readonly store = new MemoryStore();
  readonly catalog = new MemoryCatalog();
  nowSeconds = NOW;
  /** The physical ids of what is deployed, by logical ids. */
  readonly ids = new Map<string, string>();

  async send(
    RequestType: CustomResourceEvent["RequestType"],
    kind: CustomResourceKind,
    id: string,
    properties: { readonly configuration?: object; readonly schema?: object },
    RequestId = `request ${requests++}`,
  ) {
    const { configuration = {}, schema } = properties;
    const { store, catalog } = this;
    const known = RequestType === "Create" ? undefined : this.ids.get(id);
    const answer = await answerCustomResource(
      { store, catalog, bucket: "lake", nowSeconds: () => this.nowSeconds },
      {
        RequestType,
        ResponseURL: "https://answers",
        StackId: "stack",
        RequestId,
        ResourceType: CUSTOM_RESOURCES[kind],
        LogicalResourceId: id,
        ...(known === undefined ? {} : { PhysicalResourceId: known }),
        ResourceProperties: {
          Configuration: JSON.stringify(configuration),
          ...(schema === undefined ? {} : { Schema: JSON.stringify(schema) }),
        },
      },
    );
    if (answer.Status === "SUCCESS") this.ids.set(id, answer.PhysicalResourceId);
    return answer;
  }

  source(type: CustomResourceEvent["RequestType"], source = "orders", more: Partial<SourceEntry> = {}) {
    const { configuration: _, ...configuration } = sourceEntry(source, more);
    return this.send(type, "source", `source ${source}`, { configuration });
  }

  table(type: CustomResourceEvent["RequestType"], table = "orders", more: object = {}, request?: string) {
    const { schema, served: _, ...configuration } = tableEntry("orders", table);
    return this.send(type, "table", table, { configuration: { ...configuration, ...more }, schema }, request);
  }

  async served(table = "orders") {
    const tables = await deployedTablesOf(this.store, "orders");
    return tables.find((one) => one.table === table)?.entry.served;
  }
}

describe("a custom resource", () => {
  test("answers what CloudFormation waits for", async () => {
    const stacks = new Stacks();
    const answer = await stacks.send("Create", "lake", "Lake", { configuration: LAKE_ENTRY }, "one");
    expect(answer).toEqual({
      Status: "SUCCESS",
      PhysicalResourceId: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{16}$/),
      StackId: "stack",
      RequestId: "one",
      LogicalResourceId: "Lake",
    });
    expect(await readLakeEntry(stacks.store)).toMatchObject(LAKE_ENTRY);
    expect(await stacks.send("Delete", "lake", "Lake", { configuration: LAKE_ENTRY })).toMatchObject({
      Status: "SUCCESS",
      PhysicalResourceId: answer.PhysicalResourceId,
    });
    expect(await readLakeEntry(stacks.store)).toMatchObject(LAKE_ENTRY);
  });

  test("that fails says why, and names nothing that it was given", async () => {
    const stacks = new Stacks();
    expect(await stacks.table("Create", "orders", { retentionHours: "secret" })).toMatchObject({
      Status: "FAILED",
      Reason: expect.stringMatching(/^the configuration is not valid: retentionHours: /),
    });
    stacks.store.failOnce("replace", /_registry/, "before", new Error("a value"));
    expect(await stacks.table("Create")).toMatchObject({
      Status: "FAILED",
      Reason: "see the function's log",
    });
  });

  test("makes the tables of the catalog, which stay when it goes", async () => {
    const stacks = new Stacks();
    const { schema } = tableEntry("orders", "orders");
    await stacks.send("Create", "glueTables", "Glue", { schema });
    await stacks.send("Delete", "glueTables", "Glue", { schema });
    expect([...stacks.catalog.tables.keys()].sort()).toEqual([
      "orders__changes",
      "orders__segments",
      "orders__staging",
    ]);
  });
});

describe("a lake table", () => {
  test("that comes with its source gets all that is read; another one later is served after a while", async () => {
    const stacks = new Stacks();
    await stacks.table("Create");
    await stacks.source("Create");
    stacks.nowSeconds += 1000;
    await stacks.table("Create", "lines");
    expect(await stacks.served()).toMatchObject([{ fromSeconds: 0 }]);
    expect(await stacks.served("lines")).toMatchObject([{ fromSeconds: NOW + 1240 }]);
    expect(
      (await deployedSources(stacks.store)).map(({ tables }) => tables.map(({ table }) => table)),
    ).toEqual([["lines", "orders"]]);
  });

  test("that is registered twice by one request, or updated, is served as before", async () => {
    const stacks = new Stacks();
    await stacks.source("Create");
    await stacks.table("Create", "orders", {}, "one");
    const before = await stacks.served();
    stacks.nowSeconds += 1000;
    await stacks.table("Create", "orders", {}, "one");
    await stacks.table("Update", "orders", { retentionHours: 24 });
    expect(await stacks.served()).toEqual(before);
    const [{ entry } = {}] = await deployedTablesOf(stacks.store, "orders");
    expect(entry).toMatchObject({ retentionHours: 24 });
  });

  test("that could not be made does not keep its stack from rolling back", async () => {
    const stacks = new Stacks();
    stacks.store.plant(tableEntryPath("orders", "orders"), "{");
    const failed = await stacks.table("Create");
    expect(failed).toMatchObject({ Status: "FAILED", Reason: expect.stringContaining("orders.json") });
    stacks.ids.set("orders", failed.PhysicalResourceId);
    expect(await stacks.table("Delete")).toMatchObject({
      Status: "SUCCESS",
      PhysicalResourceId: failed.PhysicalResourceId,
    });
  });

  test("that is removed is found no longer, and begins anew when it is added again", async () => {
    const stacks = new Stacks();
    await stacks.table("Create");
    await stacks.source("Create");
    stacks.nowSeconds += 1000;
    await stacks.table("Delete");
    expect(await stacks.served()).toBeUndefined();
    stacks.nowSeconds += 1000;
    await stacks.table("Create");
    const served = await stacks.served();
    expect(served).toMatchObject([{ fromSeconds: 0, untilSeconds: NOW + 1000 }, { fromSeconds: NOW + 2240 }]);
    expect(new Set(served?.map(({ configuration }) => configuration)).size).toBe(2);
  });

  test("that gets another name is another one, and the deletion of the former leaves it alone", async () => {
    const stacks = new Stacks();
    await stacks.source("Create");
    const { PhysicalResourceId: former } = await stacks.table("Create");
    const { schema, served: _, ...configuration } = tableEntry("orders", "renamed");
    const renamed = await stacks.send("Update", "table", "orders", { configuration, schema });
    expect(renamed.PhysicalResourceId).not.toBe(former);
    stacks.ids.set("former", former);
    const old = tableEntry("orders", "orders");
    await stacks.send("Delete", "table", "former", { configuration, schema: old.schema });
    expect((await deployedTablesOf(stacks.store, "orders")).map(({ table }) => table)).toEqual(["renamed"]);
  });
});

test("a source that is removed and added again is read from its beginning by the tables that come with it", async () => {
  const stacks = new Stacks();
  await stacks.table("Create");
  await stacks.source("Create");
  await stacks.source("Delete");
  expect(await deployedSources(stacks.store)).toEqual([]);
  await stacks.table("Delete");
  await stacks.table("Create");
  expect((await stacks.served())?.at(-1)).toMatchObject({ fromSeconds: 0 });
  await stacks.source("Create");
  expect(await deployedSources(stacks.store)).toHaveLength(1);
});

test("a source remembers every mapping that read it, also while it is away", async () => {
  const stacks = new Stacks();
  const mappings = async () => (await deployedSources(stacks.store)).map(({ entry }) => mappingIdsOf(entry));
  await stacks.source("Create", "orders", { eventSourceMapping: "one" });
  await stacks.source("Update", "orders", { eventSourceMapping: "one", partsAtOnce: 5 });
  expect(await mappings()).toEqual([["one"]]);
  await stacks.source("Update", "orders", { eventSourceMapping: "two" });
  await stacks.source("Delete", "orders", { eventSourceMapping: "two" });
  await stacks.source("Create", "orders", { eventSourceMapping: "three" });
  expect(await mappings()).toEqual([["three", "two", "one"]]);
});

test("a table that is removed leaves dynalake_tables, and one that is replaced stays in it", async () => {
  const stacks = new Stacks();
  await stacks.source("Create");
  await stacks.table("Create", "a", {}, "one");
  await stacks.table("Create", "b", {}, "one");
  for (const table of ["a", "b"]) await publishMoments(stacks.catalog, momentsOf(table), 1);
  const members = (): string | undefined =>
    stacks.catalog.tables.get("dynalake_tables")?.Parameters?.["dynalake.tables"];
  const former = stacks.ids.get("b");
  // Another resource of the same table has come before the former one goes.
  stacks.ids.delete("b");
  await stacks.table("Create", "b", {}, "another");
  stacks.ids.set("b", former ?? "");
  await stacks.table("Delete", "b");
  expect(members()).toBe("a,b");
  await stacks.table("Delete", "a");
  expect(members()).toBe("b");
});

test("a table that moves to another source stays in dynalake_tables", async () => {
  const stacks = new Stacks();
  for (const source of ["orders", "shop"]) await stacks.source("Create", source);
  await stacks.table("Create", "a");
  await publishMoments(stacks.catalog, momentsOf("a"), 1);
  const { schema, served: _, ...configuration } = tableEntry("shop", "a");
  await stacks.send("Create", "table", "a of the shop", { configuration, schema });
  await stacks.table("Delete", "a");
  expect(stacks.catalog.tables.get("dynalake_tables")?.Parameters?.["dynalake.tables"]).toBe("a");
});

function momentsOf(table: string): TableMoments {
  const unknown = undefined;
  return {
    ...{ table, source: "Orders", openGaps: 0, putAside: 0, drift: [] },
    ...{ asOfSeconds: unknown, newestChangeSeconds: unknown, snapshotSeconds: unknown },
    ...{ commitSeconds: unknown, compactionSeconds: unknown },
  };
}
