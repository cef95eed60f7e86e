/** Columns follow the data: a schema that was inferred gets what its data has more, and whatever it cannot get is drift. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { latestManifest } from "../../src/core/table/commits.ts";
import { folderStore } from "../../src/files/folder-store.ts";
import { done, dynalake, lakeItems, rowsOf } from "../support/cli.ts";
import { deepTest } from "../support/deep-test.ts";
import { withFolder } from "../support/folders.ts";
import { writeExport } from "./export-fixture.ts";

type Attributes = Readonly<Record<string, object>>;

interface Orders {
  readonly lake: string;
  readonly file: string;
  /** Takes a snapshot of ten orders with these attributes; returns what was written to stderr. */
  readonly snapshot: (attributes: Attributes, ...options: string[]) => Promise<string>;
  /** Delivers a change of order 0. */
  readonly change: (attributes: Attributes) => Promise<void>;
  readonly types: () => Promise<Readonly<Record<string, string>>>;
  readonly status: () => Promise<{ readonly health: string; readonly drift: readonly object[] }>;
}

async function withOrders(use: (orders: Orders) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    const lake = join(folder, "lake");
    const file = join(lake, "orders/schema.json");
    let day = 10;
    let sequence = 0;
    await use({
      lake,
      file,
      snapshot: async (attributes, ...options) => {
        const name = join(folder, `export-${day}`);
        const items = Array.from({ length: 10 }, (_, i) => ({ id: { S: `o${i}` }, ...attributes }));
        await writeExport(name, items, { table: "Orders", exportTime: `2026-01-${day++}T10:00:00.000Z` });
        const taken = await dynalake(["snapshot", "--from-export", name, "--lake", lake, ...options]);
        expect({ code: taken.code, stderr: taken.stderr }).toMatchObject({ code: 0 });
        return taken.stderr;
      },
      change: async (attributes) => {
        sequence++;
        const recorded = join(folder, `${sequence}.jsonl`);
        const dynamodb = {
          Keys: { id: { S: "o0" } },
          NewImage: { id: { S: "o0" }, ...attributes },
          SequenceNumber: String(sequence),
          ApproximateCreationDateTime: Math.floor(Date.now() / 1000) - 600 + sequence,
        };
        await writeFile(recorded, `${JSON.stringify({ eventName: "MODIFY", dynamodb })}\n`);
        await done(["replay", recorded, "--lake", lake]);
      },
      types: async () => {
        const { attributes } = JSON.parse(await readFile(file, "utf8"));
        return Object.fromEntries(
          Object.entries(attributes as Record<string, { type: string }>).map(([name, { type }]) => [
            name,
            type,
          ]),
        );
      },
      status: async () => JSON.parse(await done(["status", "--lake", lake, "--json"])).tables[0],
    });
  });
}

test("a later snapshot widens numbers, adds columns, and takes a new type where no value has the old one", async () => {
  await withOrders(async ({ lake, snapshot, types, status }) => {
    await snapshot(
      { price: { N: "10" }, state: { S: "open" }, to: { M: { city: { S: "x" } } } },
      "--key",
      "id",
    );
    const told = await snapshot({
      price: { N: "29.99" },
      state: { N: "1" },
      to: { M: { city: { S: "x" } } },
      coupon: { S: "X" },
    });
    expect(told).toContain('"orders" has a new column: "coupon"');
    expect(told).toContain('"orders" follows its data: price is now decimal(23,4), and was bigint');
    expect(await types()).toMatchObject({ price: "decimal(23,4)", state: "bigint", coupon: "string" });
    const sums = "SELECT sum(price) AS p, sum(state) AS s, count(coupon) AS c FROM orders";
    expect(await rowsOf(lake, sums)).toEqual(['{"p":299.9000,"s":10,"c":10}']);
    expect(await status()).toMatchObject({ health: "healthy", drift: [] });
    // One stray text changes no type.
    await snapshot({ price: { N: "5" }, state: { N: "1" }, coupon: { S: "X" } });
    expect(await types()).toMatchObject({ price: "decimal(23,4)" });
  });
});

test("attributes that appear in the stream get columns at the next compaction, for older rows as well", async () => {
  await withOrders(async ({ lake, snapshot, change, types, status }) => {
    await snapshot({ price: { N: "10" } }, "--key", "id");
    await change({
      price: { N: "29.99" },
      coupon: { S: "X" },
      rate: { N: "0.5" },
      lines: { L: [{ S: "a" }] },
    });
    const before = await lakeItems(lake);
    await done(["compact", "--lake", lake, "--settle-seconds", "0"]);
    expect(await types()).toMatchObject({
      price: "decimal(23,4)",
      coupon: "string",
      rate: "decimal(38,3)",
      lines: "json",
    });
    expect(await rowsOf(lake, "SELECT coupon, rate, lines FROM orders WHERE id = 'o0'")).toEqual([
      '{"coupon":"X","rate":0.500,"lines":"[\\"a\\"]"}',
    ]);
    expect(await rowsOf(lake, "SELECT count(coupon) AS n FROM orders_history")).toEqual(['{"n":1}']);
    expect(await lakeItems(lake)).toEqual(before);
    // A wider type is a new column of files, and a kind stays as it is.
    expect(await rowsOf(lake, "SELECT sum(price) AS s, count(price) AS n FROM orders")).toEqual([
      '{"s":119.9900,"n":10}',
    ]);
    expect(await status()).toMatchObject({ health: "healthy", drift: [] });
    const again = { price: { N: "29.99" }, rate: { S: "high" }, coupon: { S: "X" }, extra: { S: "x" } };
    expect(await snapshot(again)).toContain("drift of orders  rate");
    expect(await types()).toMatchObject({ price: "decimal(23,4)", rate: "decimal(38,3)", extra: "string" });
    expect(await rowsOf(lake, "SELECT count(extra) AS n, sum(price) AS s FROM orders")).toEqual([
      '{"n":9,"s":299.9000}',
    ]);
  });
});

deepTest(
  "names that are data get no columns, nor does anything under `none` or `types`, or while schema.json is edited",
  async () => {
    await withOrders(async ({ lake, file, snapshot, types, status }) => {
      await snapshot({ price: { N: "10" } }, "--key", "id");
      const many = Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`name-${i}`, { S: "x" }]));
      await snapshot({ price: { N: "10" }, ...many });
      expect(Object.keys(await types())).toEqual(["id", "price"]);
      expect((await status()).drift).toHaveLength(101);
      const setEvolve = async (evolve: string): Promise<void> => {
        const content = JSON.parse(await readFile(file, "utf8"));
        await writeFile(file, JSON.stringify({ ...content, evolve }));
      };
      await setEvolve("types");
      await snapshot({ price: { N: "10" }, coupon: { S: "X" } });
      await snapshot({ price: { N: "10.5" }, coupon: { S: "X" } });
      expect(await types()).toEqual({ id: "string", price: "decimal(22,3)" });
      await setEvolve("none");
      await snapshot({ price: { N: "10.5" } });
      await snapshot({ price: { N: "10.5555" } });
      expect(await types()).toEqual({ id: "string", price: "decimal(22,3)" });
      expect(await status()).toMatchObject({ health: "drift", drift: [{ attribute: "price", hidden: 10 }] });
      expect(Object.keys(JSON.parse((await rowsOf(lake, "SELECT * FROM orders"))[0] ?? ""))).not.toContain(
        "price__text",
      );
      await writeFile(file, "{");
      await snapshot({ price: { N: "10" }, coupon: { S: "X" } });
      expect(await readFile(file, "utf8")).toBe("{");
    });
  },
);

deepTest(
  "a snapshot, too, gives a decimal the digits after the point that its values leave before it",
  async () => {
    await withOrders(async ({ lake, snapshot, change, types, status }) => {
      const others = { share: { N: "1.25" }, count: { N: "7" } };
      await snapshot({ rate: { N: "1.25" }, ...others }, "--key", "id");
      await change({ rate: { N: "12345.5" }, ...others, share: { N: "12345.5" } });
      const taken = await snapshot({ rate: { N: "0.123456789" }, ...others });
      expect(taken).toContain("rate is now decimal(38,13), and was decimal(38,4)");
      expect(taken).not.toContain("not in SQL");
      expect(await types()).toMatchObject({ rate: "decimal(38,13)" });
      expect(await rowsOf(lake, "SELECT count(rate) AS n, max(rate) AS m FROM orders")).toEqual([
        '{"n":10,"m":12345.5000000000000}',
      ]);
      expect((await status()).drift).toEqual([]);
      // What has no room is shown as text, beside what else does not fit by the same commit.
      const rate = { N: "1e-34" };
      expect(await snapshot({ rate, ...others })).toContain("rate__text has them");
      const { sequence } = await latestManifest(folderStore(lake), "orders");
      const left = await snapshot({ rate, share: rate, count: { S: "many" } });
      expect(left).toContain("share__text has them");
      expect(left).toContain("count__text has them");
      expect((await latestManifest(folderStore(lake), "orders")).sequence).toBe(sequence + 2);
    });
  },
);

test("new columns are reported by their names in SQL, whatever files call them", async () => {
  await withOrders(async ({ lake, file, snapshot, change }) => {
    await snapshot({ price: { N: "10" } }, "--key", "id");
    const named = (await readFile(file, "utf8")).replace(
      '"type": "bigint"',
      '"name": "cost", "type": "bigint"',
    );
    await writeFile(file, named);
    await change({ price: { N: "10" }, PRICE: { S: "ten" } });
    const { stderr } = await dynalake(["compact", "--lake", lake, "--settle-seconds", "0"]);
    expect(stderr).toContain('"orders" has a new column: "price". Earlier');
    expect(await rowsOf(lake, "SELECT cost, price FROM orders WHERE id = 'o0'")).toEqual([
      '{"cost":10,"price":"ten"}',
    ]);
  });
});
