/** What the console shows of a lake in a folder: its tables, their layers, what is in quarantine, and an item's versions. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { ConsoleLake } from "../../src/console/console-lake.ts";
import { folderSource } from "../../src/console/folder-source.ts";
import { lakeConsole } from "../../src/console/lake-console.ts";
import { type CommandLake, openFolderLake } from "../../src/library/folder-lake.ts";
import { systemTiming } from "../../src/sdk/timing.ts";
import { writeExport } from "../cli/export-fixture.ts";
import "../support/loaded-library.ts";

const SECRET = "a-secret-value";
const signal = new AbortController().signal;

let folder: string;
let lake: CommandLake;
let console: ConsoleLake;

const change = (sequence: number, rest: object): object => ({
  eventName: "MODIFY",
  dynamodb: {
    Keys: { id: { S: "o'1" }, n: { N: "7" } },
    SequenceNumber: String(sequence),
    ApproximateCreationDateTime: Math.floor(Date.now() / 1000) - 600,
    ...rest,
  },
});
const image = (rest: object): object => ({ NewImage: { id: { S: "o'1" }, n: { N: "7" }, ...rest } });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dynalake-test-"));
  lake = await openFolderLake(join(folder, "lake"), {}, systemTiming);
  const exportTime = new Date(Date.now() - 3_600_000).toISOString();
  const items = Array.from({ length: 5 }, (_, i) => ({
    id: { S: i === 0 ? "o'1" : `o-${i}` },
    n: { N: "7" },
    price: { N: "12345678901234567890" },
  }));
  const whole = await writeExport(join(folder, "export"), items, { table: "Orders", exportTime });
  const schema = {
    table: "orders",
    source: "Orders",
    key: { hash: "id", range: "n" },
    attributes: { id: { type: "string" }, n: { type: "bigint" }, price: { type: "decimal(20,0)" } },
  };
  await lake.snapshot({ export: whole }, { schema });
  const records = [
    change(1, image({ price: { N: "1.5" }, tags: { L: [{ S: "a" }, { M: { b: { N: "2" } } }] } })),
    change(2, { Keys: { id: { S: "other" }, n: { N: "7" } }, OldImage: { id: { S: SECRET } } }),
    { ...change(3, {}), eventName: "REMOVE" },
  ];
  await lake.replay([{ name: "records.json", content: JSON.stringify({ Records: records }) }], {
    name: "orders",
  });
  await lake.table("orders").compact();
  console = lakeConsole(
    folderSource(lake, "lake"),
    { kind: "folder", name: "lake", option: "--lake lake" },
    Date.now,
  );
});

afterAll(async () => {
  await lake.close();
  await rm(folder, { recursive: true, force: true });
});

test("the overview has every table, and what is to be done", async () => {
  const { tables, findings, run } = await console.overview();
  expect(run).toBeUndefined();
  expect(tables).toMatchObject([
    {
      name: "orders",
      source: "Orders",
      health: "quarantine",
      rows: 4,
      key: ["id", "n"],
      quarantinedRecords: 1,
      segments: 2,
    },
  ]);
  expect(findings.map(({ title }) => title)).toEqual(["1 record in quarantine"]);
});

test("a table has its columns, its layers and its commits", async () => {
  const table = await console.table("orders");
  expect(table.columns.map(({ name, type, key }) => [name, type, key])).toEqual([
    ["id", "string", "hash"],
    ["n", "bigint", "range"],
    ["price", "decimal(20,0)", undefined],
  ]);
  expect(table.layers).toMatchObject([
    { kind: "base", rows: 5, commit: 1, untilSeconds: undefined },
    { kind: "delta", rows: 1, commit: 2, untilSeconds: undefined },
  ]);
  expect(table.commits.map(({ number, kind }) => [number, kind])).toEqual([
    [2, "minor"],
    [1, "snapshot"],
  ]);
  expect(table.snapshots).toMatchObject([{ items: 5 }]);
  expect(table.log.objects).toBe(1);
  await expect(console.table("nothing")).rejects.toMatchObject({ code: "LAKE_NOT_FOUND" });
});

test("quarantine shows reasons and forms, and no value", async () => {
  const report = await console.quarantine();
  expect(report.groups).toMatchObject([{ table: "orders", reason: "no-new-image", records: 1 }]);
  expect(report.records).toMatchObject([{ operation: "MODIFY", line: 1 }]);
  expect(report.records[0]?.shape).toContain('"OldImage"');
  expect(JSON.stringify(report)).not.toContain(SECRET);
});

describe("an item", () => {
  test("has its snapshot and each change, with every digit and what no column shows", async () => {
    const { versions, isPresent, cut } = await console.item("orders", { id: "o'1", n: "7" }, signal);
    expect({ isPresent, cut }).toEqual({ isPresent: false, cut: false });
    expect(
      versions.map(({ operation, values, hidden }) => ({ operation, price: values.price, hidden })),
    ).toEqual([
      { operation: "SNAPSHOT", price: "12345678901234567890", hidden: {} },
      { operation: "MODIFY", price: null, hidden: { price: "1.5", tags: ["a", { b: "2" }] } },
      { operation: "REMOVE", price: null, hidden: {} },
    ]);
  });

  test("that never changed has its snapshot alone, and one that never was has nothing", async () => {
    const one = await console.item("orders", { id: "o-1", n: "7" }, signal);
    expect(one).toMatchObject({ isPresent: true, versions: [{ operation: "SNAPSHOT" }] });
    expect(await console.item("orders", { id: "o-1", n: "8" }, signal)).toMatchObject({
      isPresent: false,
      versions: [],
    });
  });

  test.each([
    ["a part is missing", { id: "o-1" }],
    ["a number is none", { id: "o-1", n: "7 OR true" }],
    ["a name is inherited", { id: "o-1", n: "7", toString: "x" }, true],
  ])("is refused, or found by its key alone, where %s", async (_, key, isFound = false) => {
    const found = console.item("orders", key as Record<string, string>, signal);
    if (isFound) expect((await found).versions).toHaveLength(1);
    else await expect(found).rejects.toMatchObject({ code: "USAGE" });
  });

  test("is asked for by literals, whatever they hold", async () => {
    const hostile = ["' OR 1=1 --", "'; SELECT 1; --", "\u0000", "\\'"];
    for (const id of hostile)
      expect((await console.item("orders", { id, n: "7" }, signal)).versions).toEqual([]);
  });
});

test("relations have the columns that a statement can name", async () => {
  const relations = new Map(
    (await console.relations()).map(({ name, columns }) => [name, columns.map((column) => column.name)]),
  );
  expect([...relations.keys()]).toEqual(["orders", "orders_history", "orders_snapshots", "dynalake_tables"]);
  expect(relations.get("orders")).toEqual(expect.arrayContaining(["id", "n", "price"]));
  expect(relations.get("orders_history")).toEqual(expect.arrayContaining(["price", "_op", "_changed_at"]));
  expect(relations.get("orders_snapshots")).toContain("ddb_export_timestamp");
});
