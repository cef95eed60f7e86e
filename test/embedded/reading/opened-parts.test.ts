/** Which files of the base a query opens, by the engine's own figures: those of the parts that can hold what it asks for. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { baseSegments, initialManifest } from "../../../src/core/format/manifest.ts";
import { literal } from "../../../src/core/ports/dialect.ts";
import { parseSchema, type Schema } from "../../../src/core/schema/schema.ts";
import type { SchemaFile } from "../../../src/core/schema/schema-file.ts";
import { openTableOf } from "../../../src/core/table/open-table.ts";
import { writeSchema } from "../../../src/core/table/schema-file.ts";
import type { Item } from "../../../src/core/values/attribute-value.ts";
import { compactTable } from "../../../src/embedded/compaction/compact-table.ts";
import { PART_SCANS_MAX, partScans } from "../../../src/embedded/duckdb/part-scans.ts";
import { type LakeFolder, openLakeFolder } from "../../../src/embedded/folder/lake-folder.ts";
import { anyCharacter } from "../../arbitraries/character.ts";
import { deepTest } from "../../support/deep-test.ts";
import * as fc from "../../support/fast-check.ts";
import { deliverItems, takeSnapshot } from "../../support/lake-rows.ts";
import { printedRows } from "../../support/printed-rows.ts";

let folder: string;
let exports = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dynalake-test-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Their first eight bytes are the same, which is what the engine's statistics of a text hold. */
const MARKETS = ["marketplace-de", "marketplace-fr", "marketplace-it", "marketplace-us"];

interface TestLake {
  rows(sql: string): Promise<readonly (readonly unknown[])[]>;
  /** The parts of the base whose files the statement opens. */
  opened(sql: string): Promise<readonly string[]>;
  snapshot(items: readonly Item[]): Promise<void>;
  change(items: readonly Item[]): Promise<void>;
  compact(): Promise<void>;
  /** The parts of the base. */
  parts(): Promise<readonly string[]>;
}

/** A lake with a table, without rows. */
async function lakeOf(name: string, file: SchemaFile, use: (lake: TestLake) => Promise<void>): Promise<void> {
  const schema = parseSchema(file, "a test");
  const lake = await openLakeFolder(join(folder, name), { threads: 1, memoryMegabytes: 200 });
  try {
    await writeSchema(lake.store, schema);
    await use(testLake(lake, schema));
  } finally {
    await lake.close();
  }
}

function testLake(lake: LakeFolder, schema: Schema): TestLake {
  const rows = async (sql: string): Promise<readonly (readonly unknown[])[]> => {
    const tables = [await openTableOf(lake.store, schema)];
    return (await printedRows(lake.root, { tables, sql })).rows;
  };
  return {
    rows,
    opened: async (sql) => {
      const [plan] = await rows(`EXPLAIN (ANALYZE, FORMAT json) ${sql}`);
      const files = scannedFiles(JSON.parse(String(plan?.at(-1))));
      const parts = files.map((path) => /segments.[^\\/]+.([^\\/]+).rows\.parquet$/.exec(path)?.[1]);
      return [...new Set(parts.filter((part) => part !== undefined && part !== "all"))].sort() as string[];
    },
    snapshot: (items) =>
      takeSnapshot(lake, schema, join(folder, `export of ${schema.table} ${++exports}`), items),
    change: (items) => deliverItems(lake, schema, items),
    compact: async () => {
      await compactTable(lake, schema, { scope: "all", settleSeconds: 0, onCommit: () => undefined });
    },
    parts: async () => baseSegments((await openTableOf(lake.store, schema)).manifest).map(({ part }) => part),
  };
}

interface Operator {
  readonly extra_info?: { readonly "Filename(s)"?: string; readonly "Total Files Read"?: string };
  readonly children?: readonly Operator[];
}

/** The engine names up to five files of a scan, and counts them. */
function scannedFiles({ extra_info: facts, children = [] }: Operator): readonly string[] {
  const files = facts?.["Filename(s)"]?.split(", ") ?? [];
  expect(files).toHaveLength(Number(facts?.["Total Files Read"] ?? 0));
  return [...files, ...children.flatMap(scannedFiles)];
}

describe("a filter on the column of partitionBy", () => {
  const sales = (partitionBy: string): SchemaFile => ({
    table: "sales",
    key: { hash: "id" },
    partitionBy,
    attributes: {
      id: { type: "string" },
      market: { type: "string" },
      size: { type: "int" },
      day: { type: "date" },
    },
  });
  const sale = (id: number, market: string | undefined): Item => ({
    id: { S: `sale ${id}` },
    ...(market === undefined ? {} : { market: { S: market } }),
    size: { N: String(id % 3) },
    day: { S: `2026-0${(id % 4) + 1}-1${id % 7}` },
  });

  deepTest(
    "opens the part of a value alone, and shows what moved there and not what moved away",
    async () => {
      await lakeOf("identity", sales("identity(market)"), async (lake) => {
        await lake.snapshot(Array.from({ length: 20 }, (_, id) => sale(id, [...MARKETS, undefined][id % 5])));
        expect(await lake.parts()).toHaveLength(5);
        const count = "SELECT count(*), min(id) FROM sales WHERE";
        for (const [i, market] of MARKETS.entries()) {
          const where = `${count} market = ${literal(market)}`;
          expect(await lake.opened(where)).toHaveLength(1);
          expect(await lake.rows(where)).toEqual([["4", ["sale 0", "sale 1", "sale 12", "sale 13"][i]]]);
        }
        expect(await lake.opened(`${count} market IN ('marketplace-de', 'marketplace-us')`)).toHaveLength(2);
        expect(await lake.opened(`${count} market LIKE '%-it'`)).toHaveLength(1);
        expect(await lake.opened(`${count} market = 'marketplace-xx'`)).toEqual([]);
        expect(await lake.opened(`${count} market IS NULL`)).toEqual(["none"]);
        expect(await lake.opened(`${count} size < 2`)).toHaveLength(5);
        const grouped = "SELECT market, count(*) FROM sales GROUP BY market ORDER BY market NULLS LAST";
        expect(await lake.rows(grouped)).toEqual([...MARKETS, null].map((market) => [market, "4"]));

        await lake.change([sale(0, "marketplace-us"), sale(1, undefined), sale(100, "marketplace-new")]);
        const ids = async (where: string): Promise<unknown> =>
          (await lake.rows(`SELECT id FROM sales WHERE ${where} ORDER BY id`)).flat();
        expect(await ids("market = 'marketplace-de'")).toEqual(["sale 10", "sale 15", "sale 5"]);
        expect(await ids("market = 'marketplace-us'")).toEqual([
          "sale 0",
          "sale 13",
          "sale 18",
          "sale 3",
          "sale 8",
        ]);
        expect(await ids("market IS NULL AND id < 'sale 2'")).toEqual(["sale 1", "sale 14", "sale 19"]);
        expect(await ids("market = 'marketplace-new'")).toEqual(["sale 100"]);
        expect(await ids("id = 'sale 5'")).toEqual(["sale 5"]);
        expect(await lake.opened(`${count} market = 'marketplace-us'`)).toHaveLength(1);
      });
    },
  );

  test("reads more parts than the engine plans well as one", async () => {
    const schema = parseSchema(sales("day(day)"), "a test");
    const scansOf = (parts: number): ReturnType<typeof partScans> => {
      const segments = Array.from({ length: parts }, (_, part) => ({
        ...{ id: `b-r-${part}`, run: "r", part: `p${part}`, rows: 1, bytes: 1 },
        kind: "base" as const,
      }));
      const rows = async (): Promise<never> => Promise.reject(new Error("nothing is read for days"));
      return partScans({ rows }, folder, { schema, manifest: { ...initialManifest(1), segments } });
    };
    expect(await scansOf(PART_SCANS_MAX)).toBeDefined();
    for (const parts of [0, 1, PART_SCANS_MAX + 1]) expect(await scansOf(parts)).toBeUndefined();
  });

  test("finds values that no statement can name", async () => {
    await lakeOf("nul", sales("identity(market)"), async (lake) => {
      const markets = ["a\0b", "a'b", "a"];
      await lake.snapshot(Array.from({ length: 9 }, (_, id) => sale(id, markets[id % 3])));
      const grouped = "SELECT hex(market), count(*) FROM sales GROUP BY market ORDER BY market";
      expect(await lake.rows(grouped)).toEqual(["61", "610062", "612762"].map((hex) => [hex, "3"]));
      const named = "SELECT count(*) FROM sales WHERE market = 'a''b'";
      expect(await lake.rows(named)).toEqual([["3"]]);
      expect(await lake.rows("SELECT count(*) FROM sales WHERE market = 'a' || chr(0) || 'b'")).toEqual([
        ["3"],
      ]);
    });
  });

  test("finds values that are too long for the statistics of a file", async () => {
    await lakeOf("long", sales("identity(market)"), async (lake) => {
      const long = ["x", "y"].map((letter) => letter.repeat(20_000));
      await lake.snapshot(Array.from({ length: 9 }, (_, id) => sale(id, [...long, "short"][id % 3])));
      for (const market of [...long, "short"]) {
        const sql = `SELECT count(*), any_value(market) FROM sales WHERE market = ${literal(market)}`;
        expect(await lake.rows(sql)).toEqual([["3", market]]);
      }
      expect(await lake.opened("SELECT count(*) FROM sales WHERE market = 'short'")).toHaveLength(1);
    });
  });

  test("works for values of every type that can cut a table", async () => {
    await lakeOf("numbers", sales("identity(size)"), async (lake) => {
      await lake.snapshot(Array.from({ length: 20 }, (_, id) => sale(id, "x")));
      expect(await lake.opened("SELECT count(*) FROM sales WHERE size = 1")).toHaveLength(1);
      expect(await lake.opened("SELECT count(*) FROM sales WHERE size >= 1")).toHaveLength(2);
      expect(await lake.rows("SELECT count(*), sum(size) FROM sales WHERE size >= 1")).toEqual([
        ["13", "19"],
      ]);
    });
    await lakeOf("months", sales("month(day)"), async (lake) => {
      await lake.snapshot(Array.from({ length: 20 }, (_, id) => sale(id, "x")));
      const march = "SELECT count(*) FROM sales WHERE day >= DATE '2026-03-01' AND day < DATE '2026-04-01'";
      expect(await lake.opened(march)).toEqual(["2026-03"]);
      expect(await lake.rows(march)).toEqual([["5"]]);
      expect(
        await lake.opened("SELECT count(*) FROM sales WHERE date_trunc('month', day) = '2026-02-01'"),
      ).toEqual(["2026-02"]);
    });
  });
});

describe("a filter on the whole key", () => {
  const orders: SchemaFile = {
    table: "orders",
    key: { hash: "customer", range: "number" },
    partitionBy: "bucket(4)",
    attributes: { customer: { type: "string" }, number: { type: "bigint" }, note: { type: "string" } },
  };
  const order = (i: number, note: string): Item => ({
    customer: { S: `customer ${i % 10}` },
    number: { N: String(i) },
    note: { S: note },
  });
  /** No double holds its number. */
  const LARGE: Item = {
    customer: { S: "large" },
    number: { N: "9007199254740993" },
    note: { S: "large" },
  };
  const asked: readonly (readonly [where: string, buckets: number, rows: number])[] = [
    ["customer = 'customer 3' AND number = 13", 1, 1],
    ["number = 13 AND (note <> 'x' AND 'customer 3' = orders.customer)", 1, 1],
    ["CUSTOMER = 'customer 3' AND number IN (13, 23)", 2, 2],
    ["customer = 'customer 3' AND number = 14", 1, 0],
    // Any key, or more than one is left.
    ["customer = 'customer 3'", 4, 20],
    ["customer = 'customer 3' OR number = 13", 4, 20],
    ["customer = 'customer 3' AND number = 13.0", 4, 1],
    ["customer = 'customer 3' AND number = '13'", 4, 1],
    ["lower(customer) = 'customer 3' AND number = 13", 4, 1],
    ["customer = 'customer 3' AND number NOT IN (13)", 4, 19],
    ["NOT (customer = 'customer 3' AND number = 13)", 4, 199],
    ["customer COLLATE NOCASE = 'CUSTOMER 3' AND number = 13", 4, 1],
    ["customer = 'customer 3' AND number = 13 AND (SELECT count(*) FROM orders) = 200", 4, 1],
  ];

  test("opens its bucket alone, and whatever is less plain opens all of them", async () => {
    await lakeOf("buckets", orders, async (lake) => {
      await lake.snapshot(Array.from({ length: 200 }, (_, i) => order(i, "base")));
      expect(await lake.parts()).toHaveLength(4);
      for (const [where, buckets, rows] of asked) {
        const counted = `SELECT count(*), max(note) FROM orders WHERE ${where}`;
        expect([where, (await lake.opened(counted)).length]).toEqual([where, buckets]);
        expect([where, (await lake.rows(counted))[0]?.[0]]).toEqual([where, String(rows)]);
      }
      expect(
        await lake.opened("SELECT * FROM orders WHERE customer = 'customer 3' AND number = 13"),
      ).toHaveLength(1);
      await lake.change([order(13, "changed"), order(200, "new"), LARGE]);
      const note = "SELECT note FROM orders WHERE customer =";
      expect(await lake.rows(`${note} 'customer 3' AND number = 13`)).toEqual([["changed"]]);
      expect(await lake.rows(`${note} 'customer 0' AND number = 200`)).toEqual([["new"]]);
      expect(await lake.rows(`${note} 'large' AND number = 9007199254740993`)).toEqual([["large"]]);
      await lake.compact();
      expect(await lake.rows(`${note} 'customer 3' AND number = 13`)).toEqual([["changed"]]);
    });
  });

  test("never hides a row that another reading of the statement shows", async () => {
    await lakeOf("readings", orders, async (lake) => {
      await lake.snapshot(Array.from({ length: 50 }, (_, i) => order(i, "base")));
      const key = "customer = 'customer 3' AND number = 13";
      const found: readonly (readonly [sql: string, rows: unknown])[] = [
        [`SELECT 'customer 3' AS "customer", count(*) FROM orders WHERE ${key}`, [["customer 3", "1"]]],
        [
          `SELECT count(*) FROM orders AS o(number, customer) WHERE number = 'customer 3' AND customer = 13`,
          [["1"]],
        ],
        [`SELECT count(*) FROM (SELECT * FROM orders) WHERE ${key}`, [["1"]]],
        [`SELECT (SELECT count(*) FROM orders) AS n FROM orders WHERE ${key}`, [["50"]]],
        [`WITH orders AS (SELECT * FROM orders) SELECT count(*) FROM orders`, [["50"]]],
        [
          `SELECT count(*) FROM orders a JOIN orders b ON true WHERE a.customer = 'customer 3' AND a.number = 13`,
          [["50"]],
        ],
        [`SELECT count(*) FROM orders WHERE ${key} UNION ALL SELECT count(*) FROM orders`, [["1"], ["50"]]],
        [`SELECT count(*) FROM orders o WHERE o.customer = 'customer 3' AND o.number = 13`, [["1"]]],
        [`SELECT count(*) FROM query_table('orders')`, [["50"]]],
      ];
      for (const [sql, rows] of found) expect([sql, await lake.rows(sql)]).toEqual([sql, rows]);
    });
  });

  deepTest("finds every key by its own text", async () => {
    const file: SchemaFile = {
      table: "texts",
      key: { hash: "id" },
      partitionBy: "bucket(64)",
      attributes: { id: { type: "string" } },
    };
    await lakeOf("texts", file, async (lake) => {
      const text = fc.string({ unit: anyCharacter, minLength: 1, maxLength: 20 });
      const odd = ["\ufeffa", "a\u0000b", "'", '"', "\\", '\\"', "\n", "é😀", '"class":"SUBQUERY"', "A", "a"];
      const keys = [...new Set([...odd, ...fc.sample(text, { numRuns: 10, seed: 7 })])].filter((key) =>
        key.isWellFormed(),
      );
      await lake.snapshot(keys.map((key) => ({ id: { S: key } })));
      for (const key of keys) {
        const sql = `SELECT count(*) FROM texts WHERE id = ${literal(key)}`;
        if (key.includes("\0")) continue;
        expect([key, await lake.rows(sql)]).toEqual([key, [["1"]]]);
        expect([key, (await lake.opened(sql)).length]).toEqual([key, 1]);
      }
    });
  });
});
