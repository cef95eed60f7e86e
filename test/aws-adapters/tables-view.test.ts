/** `dynalake_tables` in Glue: each table has a view of its own, and the union has them all, whoever publishes at the same time. */
import { describe, expect, test } from "@jest/globals";
import type { ViewsCatalog } from "../../src/aws/glue-view.ts";
import { leaveTables, publishMoments, refreshMoments } from "../../src/aws/tables-view.ts";
import { TABLES_VIEW, type TableMoments } from "../../src/core/status/tables-view.ts";
import { MemoryCatalog } from "../crash-points/memory-catalog.ts";
import { VirtualTiming } from "../source/virtual-timing.ts";
import { statementOf } from "../support/view-statement.ts";

const moments = (table: string, more: Partial<TableMoments> = {}): TableMoments => ({
  table,
  source: "Orders",
  asOfSeconds: 1_800_000_000,
  newestChangeSeconds: undefined,
  snapshotSeconds: undefined,
  commitSeconds: undefined,
  compactionSeconds: undefined,
  openGaps: 0,
  putAside: 0,
  drift: [],
  ...more,
});

/** The tables that the union reads. */
function unionOf(catalog: MemoryCatalog): readonly string[] {
  const sql = statementOf(catalog.tables.get(TABLES_VIEW));
  return [...sql.matchAll(/FROM "lake"\."(\w+)__moments"/g)].map(([, table = ""]) => table);
}

/** Other publishers run between any two calls. */
function slow(catalog: MemoryCatalog): ViewsCatalog {
  return {
    database: catalog.database,
    table: async (name) => {
      await Promise.resolve();
      const standing = await catalog.table(name);
      await Promise.resolve();
      return standing;
    },
    createTable: async (input) => {
      await Promise.resolve();
      return catalog.createTable(input);
    },
    updateTable: async (input, version) => {
      await Promise.resolve();
      return catalog.updateTable(input, version);
    },
  };
}

describe("the union", () => {
  test("has every table, and each what it published, although all publish at the same time", async () => {
    const catalog = new MemoryCatalog();
    const tables = Array.from({ length: 8 }, (_, i) => `t${i}`);
    await Promise.all(
      tables.map((table, i) =>
        publishMoments(slow(catalog), moments(table, { openGaps: i }), 1, new VirtualTiming()),
      ),
    );
    expect(unionOf(catalog)).toEqual(tables);
    for (const [i, table] of tables.entries())
      expect(statementOf(catalog.tables.get(`${table}__moments`))).toContain(
        `CAST(${i} AS integer) AS open_gaps`,
      );
  });

  test("counts the rows of few tables, and of more than Athena has stages for of none", async () => {
    const catalog = new MemoryCatalog();
    const counted = (): boolean => statementOf(catalog.tables.get(TABLES_VIEW)).includes("count(*)");
    for (let i = 0; i < 10; i++) await publishMoments(catalog, moments(`t${i}`), 1);
    expect(counted()).toBe(true);
    await publishMoments(catalog, moments("t10"), 1);
    expect(counted()).toBe(false);
    for (let i = 11; i < 100; i++) await publishMoments(catalog, moments(`t${i}`), 1);
    expect(counted()).toBe(false);
    expect(unionOf(catalog)).toHaveLength(100);
    expect(catalog.tables.get(TABLES_VIEW)?.ViewOriginalText?.length).toBeLessThan(60_000);
  });

  test("loses a table that is removed, and stands when none is left", async () => {
    const catalog = new MemoryCatalog();
    for (const table of ["a", "b"]) await publishMoments(catalog, moments(table), 1);
    await leaveTables(catalog, "a");
    expect(unionOf(catalog)).toEqual(["b"]);
    await leaveTables(catalog, "b");
    expect(statementOf(catalog.tables.get(TABLES_VIEW))).toMatch(/WHERE false$/);
    await publishMoments(catalog, moments("a"), 2);
    expect(unionOf(catalog)).toEqual(["a"]);
  });

  test("is not made where something else has its name, and nothing fails", async () => {
    const catalog = new MemoryCatalog();
    catalog.tables.set(TABLES_VIEW, { Name: TABLES_VIEW, Parameters: { own: "yes" }, VersionId: "0" });
    await publishMoments(catalog, moments("a"), 1);
    await leaveTables(catalog, "a");
    expect(catalog.tables.get(TABLES_VIEW)?.Parameters).toEqual({ own: "yes" });
    expect(catalog.tables.get("a__moments")).toBeDefined();
  });
});

describe("what is known of a table", () => {
  test("is told anew by a later look, but of an older commit never again", async () => {
    const catalog = new MemoryCatalog();
    const shown = (): string => statementOf(catalog.tables.get("a__moments"));
    await refreshMoments(catalog, moments("a", { openGaps: 7 }), 1);
    expect(catalog.tables.size).toBe(0);
    await publishMoments(catalog, moments("a"), 2);
    await refreshMoments(catalog, moments("a", { openGaps: 1 }), 2);
    expect(shown()).toContain("CAST(false AS boolean) AS is_whole");
    await refreshMoments(catalog, moments("a"), 1);
    expect(shown()).toContain("CAST(false AS boolean) AS is_whole");
  });

  test("is read once by a look, and updated only where it has changed", async () => {
    const catalog = new MemoryCatalog();
    await publishMoments(catalog, moments("a"), 1);
    const calls: string[] = [];
    const counted: ViewsCatalog = {
      database: catalog.database,
      table: (name) => {
        calls.push(`read ${name}`);
        return catalog.table(name);
      },
      createTable: catalog.createTable,
      updateTable: (input, version) => {
        calls.push(`update ${input.Name}`);
        return catalog.updateTable(input, version);
      },
    };
    await refreshMoments(counted, moments("a"), 1);
    expect(calls.splice(0)).toEqual(["read a__moments"]);
    await refreshMoments(counted, moments("a", { openGaps: 1 }), 1);
    expect(calls.splice(0)).toEqual(["read a__moments", "update a__moments"]);
    // A commit that changes nothing else is a newer one all the same.
    await refreshMoments(counted, moments("a", { openGaps: 1 }), 2);
    expect(calls.splice(0)).toEqual(["read a__moments", "update a__moments"]);
  });
});
