import type { Table, TableInput } from "@aws-sdk/client-glue";
import { describe, expect, test } from "@jest/globals";
import type { GlueCatalog } from "../../src/aws/glue-catalog.ts";
import { type GlueView, publishView, viewInput } from "../../src/aws/glue-view.ts";
import { VirtualTiming } from "../source/virtual-timing.ts";
import * as fc from "../support/fast-check.ts";

const view = (sequence: number, more: Partial<GlueView> = {}): GlueView => ({
  name: "t",
  table: "t",
  sql: `SELECT ${sequence} AS n`,
  columns: [{ name: "n", typeName: "integer", hiveType: "int" }],
  sequence,
  ...more,
});

/** A catalog with one table and Glue's compare-and-swap. Other publishers may run between any two calls. */
class OneTable implements GlueCatalog {
  readonly database = "lake";
  standing: Table | undefined;
  updates = 0;
  refuseUpdates = 0;
  #chance: number;

  constructor(seed = 1) {
    this.#chance = seed;
  }

  /** Randomly lets other publishers run first. */
  async #turn(): Promise<void> {
    this.#chance = (this.#chance * 16807 + 11) % 2147483647;
    for (let i = this.#chance % 4; i >= 0; i--) await Promise.resolve();
  }

  async table(): Promise<Table | undefined> {
    await this.#turn();
    return this.standing;
  }

  async createTable(input: TableInput): Promise<"created" | "exists"> {
    await this.#turn();
    if (this.standing !== undefined) return "exists";
    this.standing = { ...input, Name: input.Name, VersionId: "0" };
    return "created";
  }

  async updateTable(input: TableInput, versionId: string): Promise<"updated" | "changed-meanwhile"> {
    await this.#turn();
    if (this.refuseUpdates > 0) {
      this.refuseUpdates--;
      return "changed-meanwhile";
    }
    if (this.standing?.VersionId !== versionId) return "changed-meanwhile";
    this.standing = { ...input, Name: input.Name, VersionId: String(++this.updates) };
    return "updated";
  }

  createPartitions = unused;
  deletePartitions = unused;
  registered = unused;
  partitionPages = (): never => {
    throw new Error("no partitions here");
  };
}

async function unused(): Promise<never> {
  throw new Error("no partitions here");
}

describe("publishing a view", () => {
  test("of publishers of many manifests, in any order and at the same time, the newest stays", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 1_000_000 }),
        async (sequences, seed) => {
          const catalog = new OneTable(seed);
          const timing = new VirtualTiming();
          await Promise.all(sequences.map((sequence) => publishView(catalog, view(sequence), timing)));
          const newest = Math.max(...sequences);
          expect(catalog.standing?.Parameters?.["dynalake.manifest"]).toBe(String(newest));
          expect(textOf(catalog.standing)).toContain(`SELECT ${newest} AS n`);
        },
      ),
    );
  });

  test("one of an older manifest says that a newer stands, and one of the same brings it anew", async () => {
    const catalog = new OneTable();
    expect(await publishView(catalog, view(5))).toBe("published");
    expect(await publishView(catalog, view(4))).toBe("newer-stands");
    expect(await publishView(catalog, view(5, { sql: "SELECT 55 AS n" }))).toBe("published");
    expect(textOf(catalog.standing)).toContain("SELECT 55");
  });

  test("a swap that others disturb is tried again, and not for ever", async () => {
    const catalog = new OneTable();
    await publishView(catalog, view(1));
    catalog.refuseUpdates = 3;
    expect(await publishView(catalog, view(2), new VirtualTiming())).toBe("published");
    catalog.refuseUpdates = 100;
    await expect(publishView(catalog, view(3), new VirtualTiming())).rejects.toMatchObject({
      code: "CONFLICT",
    });
  });

  test("what is no view of dynalake stays, and is told", async () => {
    const catalog = new OneTable();
    catalog.standing = { Name: "t", TableType: "EXTERNAL_TABLE", VersionId: "3" };
    await expect(publishView(catalog, view(1))).rejects.toMatchObject({ code: "ENGINE_FAILED" });
    expect(catalog.standing).toEqual({ Name: "t", TableType: "EXTERNAL_TABLE", VersionId: "3" });
  });

  test('a table called "x_history" goes before the history of "x", whichever was published first', async () => {
    const history = view(9, { name: "x_history", table: "x" });
    const own = view(1, { name: "x_history", table: "x_history", sql: "SELECT 77 AS n" });
    for (const order of [
      [history, own, history],
      [own, history],
    ]) {
      const catalog = new OneTable();
      for (const each of order) await publishView(catalog, each);
      expect(textOf(catalog.standing)).toContain("SELECT 77");
    }
  });
});

test("a view is what Athena writes: base64 JSON with the columns' Trino types, and Hive types beside it", () => {
  const input = viewInput("lake", view(3));
  expect(input).toMatchObject({
    Name: "t",
    TableType: "VIRTUAL_VIEW",
    Parameters: { presto_view: "true", comment: "Presto View", "dynalake.manifest": "3" },
    StorageDescriptor: { Columns: [{ Name: "n", Type: "int" }], SerdeInfo: {} },
    PartitionKeys: [],
    ViewExpandedText: "/* Presto View */",
  });
  expect(JSON.parse(textOf(input))).toEqual({
    originalSql: "SELECT 3 AS n",
    catalog: "awsdatacatalog",
    schema: "lake",
    columns: [{ name: "n", type: "integer" }],
  });
});

test("a view that is longer than Glue takes is refused, with what to do", () => {
  expect(() => viewInput("lake", view(3, { sql: "x".repeat(310_000) }))).toThrow(
    expect.objectContaining({ code: "SQL_FAILED", next: expect.stringContaining("Compact") }),
  );
});

function textOf(table: Pick<Table, "ViewOriginalText"> | undefined): string {
  const [, text = ""] = /^\/\* Presto View: (\S+) \*\/$/.exec(table?.ViewOriginalText ?? "") ?? [];
  return Buffer.from(text, "base64").toString("utf8");
}
