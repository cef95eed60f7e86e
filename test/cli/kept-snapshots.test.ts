/** A table keeps as many snapshots as it was asked to, and all of them answer by the columns of now. */
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { done, dynalake, type ItemJson, nextSecond, rowsOf } from "../support/cli.ts";
import { deepTest } from "../support/deep-test.ts";
import { withFolder } from "../support/folders.ts";
import { writeExport } from "./export-fixture.ts";

interface Days {
  readonly folder: string;
  readonly lake: string;
  /** Takes the snapshot of a day of January. */
  readonly day: (day: number, items: readonly ItemJson[], ...options: string[]) => Promise<string>;
  readonly rows: (sql: string) => Promise<readonly unknown[]>;
  readonly kept: () => Promise<readonly number[]>;
  readonly status: () => Promise<string>;
}

async function withDays(use: (days: Days) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    const lake = join(folder, "lake");
    const rows = async (sql: string): Promise<readonly unknown[]> =>
      (await rowsOf(lake, sql)).map((row) => JSON.parse(row));
    await use({
      folder,
      lake,
      rows,
      day: async (day, items, ...options) => {
        const exportTime = `2026-01-${String(day).padStart(2, "0")}T00:00:00.000Z`;
        await writeExport(join(folder, `export-${day}`), items, { table: "Orders", exportTime });
        const from = ["--from-export", join(folder, `export-${day}`), "--key", "id", "--lake", lake];
        const taken = await dynalake(["snapshot", ...from, ...options]);
        expect({ code: taken.code, stderr: taken.code === 0 ? "" : taken.stderr }).toEqual({
          code: 0,
          stderr: "",
        });
        return taken.stderr;
      },
      kept: async () => {
        const days = await rows(
          "SELECT DISTINCT day(ddb_export_timestamp) AS day FROM orders_snapshots ORDER BY 1",
        );
        return days.map((row) => Number((row as { readonly day: unknown }).day));
      },
      status: () => done(["status", "--lake", lake]),
    });
  });
}

const order = (id: string, more: ItemJson = {}): ItemJson => ({ id: { S: id }, ...more });

deepTest("an option that is left out changes nothing, and the newest snapshot always stays", async () => {
  await withDays(async ({ lake, day, kept, status }) => {
    await day(1, [order("a")]);
    await day(2, [order("a")]);
    expect(await kept()).toEqual([2]);
    expect(await status()).not.toContain("snapshots   ");
    await day(3, [order("a")], "--keep", "all");
    await day(4, [order("a"), order("b")]);
    await day(5, [order("a")]);
    expect(await kept()).toEqual([2, 3, 4, 5]);
    expect(await status()).toMatch(
      /snapshots {3}4 snapshots, [\d,]+ bytes; keeps all\n {12}2026-01-05 00:00:00Z {2}1 item\n {12}2026-01-04 00:00:00Z {2}2 items\n/,
    );
    await day(6, [order("a")], "--keep", "2d");
    expect(await kept()).toEqual([4, 5, 6]);
    await day(9, [order("a")]);
    expect(await kept()).toEqual([9]);
    await day(10, [order("a")], "--keep", "2");
    await day(11, [order("a")]);
    expect(await kept()).toEqual([10, 11]);
    await nextSecond();
    const removed = await done(["vacuum", "--lake", lake, "--retention-hours", "0", "--grace-hours", "0"]);
    expect(removed).toContain("orders");
    expect(await kept()).toEqual([10, 11]);
    expect(await readdir(join(lake, "orders/snapshots"))).toHaveLength(2);
    expect((await readdir(join(lake, "orders/segments"))).length).toBe(2);
    for (const wrong of ["0", "many", "-1", "3x"])
      expect(await dynalake(["snapshot", "--table", "t", "--lake", lake, "--keep", wrong])).toMatchObject({
        code: 2,
      });
  });
});

test("a statement of one day opens the files of that day alone", async () => {
  await withDays(async ({ lake, day }) => {
    for (const each of [1, 2, 3]) await day(each, [order("a", { n: { N: String(each) } })], "--keep", "all");
    const where = "WHERE ddb_export_timestamp = TIMESTAMP '2026-01-02'";
    const plan = await done([
      "query",
      `EXPLAIN ANALYZE SELECT sum(n) FROM orders_snapshots ${where}`,
      "--lake",
      lake,
    ]);
    expect(plan).toMatch(/Scanning Files:\s*1\/3/);
    expect(plan).toMatch(/Total Files Read:\s*1\b/);
    const sum = `SELECT sum(n)::INT AS n FROM orders_snapshots ${where}`;
    expect(await rowsOf(lake, sum)).toEqual(['{"n":2}']);
  });
});

test("an attribute may be called as the engine calls the path of a file", async () => {
  await withDays(async ({ day, rows }) => {
    await day(1, [order("a", { filename: { S: "x" } })], "--keep", "all");
    await day(2, [order("a", { filename: { S: "y" } })]);
    expect(await rows("SELECT filename FROM orders_snapshots ORDER BY ddb_export_timestamp")).toEqual([
      { filename: "x" },
      { filename: "y" },
    ]);
  });
});

test("older snapshots have the columns and types of now", async () => {
  await withDays(async ({ day, rows }) => {
    const [one, other] = ["a", "b"].map((id) => (more: ItemJson) => order(id, more)) as [
      (more: ItemJson) => ItemJson,
      (more: ItemJson) => ItemJson,
    ];
    await day(1, [one({ price: { N: "10" } }), other({ price: { N: "20" } })], "--keep", "all");
    await day(2, [one({ price: { N: "10.5" }, note: { S: "new" } }), other({ price: { N: "20" } })]);
    const sums =
      "SELECT sum(price)::DOUBLE AS sum, count(note)::INT AS notes FROM orders_snapshots GROUP BY ddb_export_timestamp ORDER BY ddb_export_timestamp";
    expect(await rows(sums)).toEqual([
      { sum: 30, notes: 0 },
      { sum: 30.5, notes: 1 },
    ]);
    // All prices are texts by now.
    await day(3, [one({ price: { S: "ten" } }), other({ price: { S: "twenty" } })]);
    const prices =
      "SELECT price, _unmapped FROM orders_snapshots WHERE id = 'a' ORDER BY ddb_export_timestamp";
    expect(await rows(prices)).toEqual([
      { price: null, _unmapped: '{"price":{"N":"10"}}' },
      { price: null, _unmapped: '{"price":{"N":"10.5"}}' },
      { price: "ten", _unmapped: null },
    ]);
  });
});

test("exact numbers of a column of doubles are in the whole numbers of now", async () => {
  await withDays(async ({ folder, day, rows }) => {
    const schema = join(folder, "orders.json");
    const file = (type: string): string =>
      JSON.stringify({
        table: "orders",
        source: "Orders",
        key: { hash: "id" },
        attributes: { id: { type: "string" }, n: { type } },
      });
    await writeFile(schema, file("double"));
    const numbers = ["-5", "0.25", "1E18", "1E20"];
    const items = numbers.map((N, i) => order(String(i), { n: { N } }));
    await day(1, items, "--keep", "all", "--schema", schema);
    await writeFile(schema, file("bigint"));
    await day(2, [order("a")], "--schema", schema);
    const first = "WHERE ddb_export_timestamp = TIMESTAMP '2026-01-01'";
    const shown = await rows(`SELECT n::VARCHAR AS n, _unmapped FROM orders_snapshots ${first} ORDER BY id`);
    expect(shown).toEqual([
      { n: "-5", _unmapped: null },
      { n: null, _unmapped: '{"n":{"N":"0.25"}}' },
      { n: "1000000000000000000", _unmapped: null },
      { n: null, _unmapped: '{"n":{"N":"100000000000000000000"}}' },
    ]);
  });
});

deepTest(
  "what is masked by now is not in older snapshots, and status says so until they are gone",
  async () => {
    await withDays(async ({ folder, day, rows, status }) => {
      const items = [order("a", { email: { S: "ann@x.org" }, phone: { S: "123" }, city: { N: "5" } })];
      const schema = join(folder, "orders.json");
      const file = (attributes: object): string =>
        JSON.stringify({ table: "orders", source: "Orders", key: { hash: "id" }, attributes });
      const id = { id: { type: "string" } };
      // The phone lies in _unmapped, beside the city, which does not fit its column.
      await writeFile(schema, file({ ...id, email: { type: "string" }, city: { type: "string" } }));
      await day(1, items, "--keep", "all", "--schema", schema);
      await writeFile(
        schema,
        file({ ...id, email: { mask: "drop" }, phone: { mask: "drop" }, city: { type: "string" } }),
      );
      await day(2, items, "--schema", schema);
      const shown =
        "SELECT * EXCLUDE (_op, _version, _changed_at, _expired) FROM orders_snapshots ORDER BY ddb_export_timestamp";
      const rest = { id: "a", city: null, _unmapped: '{"city":{"N":"5"}}' };
      expect(await rows(shown)).toEqual([
        { ...rest, ddb_export_timestamp: "2026-01-01T00:00:00Z" },
        { ...rest, ddb_export_timestamp: "2026-01-02T00:00:00Z" },
      ]);
      expect(await status()).toContain(
        "masked      email is NULL in 1 older snapshot, whose files still hold it unmasked\n",
      );
      await day(3, items, "--keep", "2");
      expect(await status()).not.toContain("masked  ");
    });
  },
);
