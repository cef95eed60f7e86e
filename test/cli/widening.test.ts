/** Types widen while a table has changes: each file keeps the columns that it has, and every name answers for all of them. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { EVOLVED_FORMAT } from "../../src/core/format/lake-file.ts";
import { latestManifest } from "../../src/core/table/commits.ts";
import { folderStore } from "../../src/files/folder-store.ts";
import { done, dynalake, lakeItems, rowsOf } from "../support/cli.ts";
import { deepTest } from "../support/deep-test.ts";
import { withFolder } from "../support/folders.ts";
import { writeExport } from "./export-fixture.ts";
import { type Attributes, type OrdersLake, withOrdersLake } from "./orders-lake.ts";

interface Orders extends Omit<OrdersLake, "own"> {
  readonly file: string;
  readonly compact: (...options: string[]) => Promise<string>;
  readonly sum: () => Promise<readonly string[]>;
}

/** Three orders whose prices are whole. */
async function withOrders(more: Attributes, use: (orders: Orders) => Promise<void>): Promise<void> {
  const attributes = () => ({ price: { N: "10" }, ...more });
  await withOrdersLake(
    ["a", "b", "c"],
    attributes,
    async ({ folder, lake, own: file, change, changeLate }) => {
      await use({
        changeLate,
        folder,
        lake,
        file,
        change: (id, changed, ...options) => change(id, { ...more, ...changed }, ...options),
        compact: async (...options) => {
          const compacted = await dynalake(["compact", "--lake", lake, "--settle-seconds", "0", ...options]);
          expect(compacted).toMatchObject({ code: 0 });
          return compacted.stderr;
        },
        sum: () => rowsOf(lake, "SELECT sum(price) AS s, count(price) AS n FROM orders"),
      });
    },
  );
}

const typeOf = async (file: string, attribute: string): Promise<string> =>
  JSON.parse(await readFile(file, "utf8")).attributes[attribute].type;

deepTest("cents that come by the stream after whole prices are in every sum", async () => {
  await withOrders({}, async ({ lake, file, change, compact, sum }) => {
    await change("a", { price: { N: "11" } });
    await compact();
    await change("b", { price: { N: "29.99" } });
    expect(await sum()).toEqual(['{"s":21,"n":2}']);
    const items = await lakeItems(lake);
    expect(await compact()).toContain(
      '"orders" follows its data: "price" is now decimal(23,4), and was bigint',
    );
    expect(await sum()).toEqual(['{"s":50.9900,"n":3}']);
    const { format } = await latestManifest(folderStore(lake), "orders");
    expect(format).toBe(EVOLVED_FORMAT);
    expect(await lakeItems(lake)).toEqual(items);
    // Physical names are for files alone.
    expect(await rowsOf(lake, "SELECT price FROM orders_history ORDER BY _version")).toEqual([
      '{"price":11.0000}',
      '{"price":29.9900}',
    ]);
    expect(JSON.parse(await readFile(file, "utf8"))).not.toHaveProperty("forms");
    // More digits are another column, and the newest form is left behind.
    await change("c", { price: { N: "0.1234567" } });
    await compact();
    expect(await typeOf(file, "price")).toBe("decimal(30,11)");
    expect(await sum()).toEqual(['{"s":41.11345670000,"n":3}']);
    await compact("--all");
    expect(await sum()).toEqual(['{"s":41.11345670000,"n":3}']);
    const { segments, recovery } = await latestManifest(folderStore(lake), "orders");
    expect(segments.filter(({ id }) => recovery?.segments.includes(id))).toEqual([]);
    expect((await lakeItems(lake)).join()).toContain('"price":{"N":"1234567e-7"}');
  });
});

test("one number that no decimal holds keeps no cents out of the sum, and is text beside it", async () => {
  await withOrders({}, async ({ lake, change, compact, sum }) => {
    await change("a", { price: { N: "11" } });
    await compact();
    await change("b", { price: { N: "29.99" } });
    await change("c", { price: { N: "1E+60" } });
    expect(await compact()).toContain(
      '"orders" follows its data: "price" is now decimal(23,4), and was bigint',
    );
    expect(await sum()).toEqual(['{"s":40.9900,"n":2}']);
    expect(await rowsOf(lake, "SELECT price__text AS t FROM orders WHERE price IS NULL")).toEqual([
      `{"t":"1${"0".repeat(60)}"}`,
    ]);
  });
});

test("cents that come late are in every sum at once: what is folded is followed", async () => {
  await withOrders({}, async ({ change, changeLate, compact, sum }) => {
    await change("a", { price: { N: "11" } });
    await compact();
    expect(await changeLate("b", { price: { N: "29.99" } })).toContain(
      '"orders" follows its data: "price" is now decimal(23,4), and was bigint',
    );
    expect(await sum()).toEqual(['{"s":50.9900,"n":3}']);
  });
});

test("members that appear in a struct by the stream get fields, and those of before stay", async () => {
  const place = { M: { city: { S: "Rome" }, zip: { N: "1" } } };
  await withOrders({ place }, async ({ lake, file, change, compact }) => {
    expect(await typeOf(file, "place")).toBe("struct<city:string,zip:bigint>");
    await change("a", { place: { M: { city: { S: "Oslo" }, zip: { N: "1.5" }, street: { S: "Kongens" } } } });
    const items = await lakeItems(lake);
    const said = await compact();
    expect(said).toContain(
      '"place" is now struct<city:string,zip:decimal(22,3),street:string>, and was struct<',
    );
    const sql = "SELECT place.city AS city, place.zip AS zip, place.street AS street FROM orders ORDER BY id";
    const rows = [
      '{"city":"Oslo","zip":1.500,"street":"Kongens"}',
      '{"city":"Rome","zip":1.000,"street":null}',
      '{"city":"Rome","zip":1.000,"street":null}',
    ];
    expect(await rowsOf(lake, sql)).toEqual(rows);
    expect(await status(lake)).not.toContain("not in SQL");
    await compact("--all");
    expect(await rowsOf(lake, sql)).toEqual(rows);
    expect(await lakeItems(lake)).toEqual(items);
  });
});

deepTest("a name that a physical column has had is none of another attribute's", async () => {
  await withOrders({}, async ({ lake, change, compact }) => {
    await change("a", { price: { N: "1.5" } });
    await compact();
    const rows = await rowsOf(lake, "SELECT price FROM orders ORDER BY id");
    await change("b", { price__decimal_22_3: { S: "own" }, price__decimal_23_4: { S: "own" } });
    await compact();
    expect(rows).toEqual(['{"price":1.500}', '{"price":10.000}', '{"price":10.000}']);
    expect(await rowsOf(lake, "SELECT price, price__decimal_22_3 AS one FROM orders ORDER BY id")).toEqual([
      '{"price":1.500,"one":null}',
      '{"price":null,"one":"own"}',
      '{"price":10.000,"one":null}',
    ]);
  });
});

deepTest("a schema file that knows nothing of what has grown is what there is at least", async () => {
  await withOrders({}, async ({ folder, lake, file, change, compact, sum }) => {
    const kept = join(folder, "kept.json");
    await writeFile(kept, await readFile(file, "utf8"));
    await change("a", { price: { N: "1.5" }, coupon: { S: "x" } });
    await compact();
    await change("b", { price: { N: "2.5" }, coupon: { S: "y" } }, "--schema", kept);
    expect(await sum()).toEqual(['{"s":14.000,"n":3}']);
    expect(await rowsOf(lake, "SELECT count(coupon) AS n FROM orders")).toEqual(['{"n":2}']);
    const none = JSON.parse(await readFile(kept, "utf8"));
    await writeFile(kept, JSON.stringify({ ...none, evolve: "none" }));
    const refused = await dynalake(["replay", join(folder, "1.jsonl"), "--lake", lake, "--schema", kept]);
    expect(refused.stderr).toContain("attributes.price.type: it is already decimal(22,3)");
  });
});

test("an edit that widens counts at the next compaction; one that narrows is refused", async () => {
  await withOrders({ rate: { N: "1" } }, async ({ lake, file, change, compact, sum }) => {
    await change("a", { price: { N: "11" } });
    const edit = async (type: string): Promise<string> => {
      const schema = JSON.parse(await readFile(file, "utf8"));
      schema.attributes.price.type = type;
      await writeFile(file, JSON.stringify(schema));
      return done(["status", "--lake", lake]);
    };
    expect(await edit("decimal(30,2)")).toContain('and makes "price" decimal(30,2)');
    expect(await compact()).toContain(
      'orders/schema.json was edited and makes "price" decimal(30,2): the table has it now',
    );
    expect(await sum()).toEqual(['{"s":31.00,"n":3}']);
    expect(await edit("bigint")).toContain("attributes.price.type: it is already decimal(30,2)");
    expect(await edit("decimal(20,2)")).toContain("attributes.price.type: it is already decimal(30,2)");
    // Room that the values do not need before the point can go behind it: that is counted when the edit is applied.
    expect(await edit("decimal(30,29)")).toContain('and makes "price" decimal(30,29)');
    const why =
      "attributes.price.type: decimal(30,29) has room for 1 digit before the point, and there are values with 2";
    expect(await compact()).toContain(why);
    expect(await status(lake)).toContain(why);
    expect(await compact()).toContain(why);
    expect(await sum()).toEqual(['{"s":31.00,"n":3}']);
    await edit("decimal(30,20)");
    await compact();
    expect(await sum()).toEqual(['{"s":31.00000000000000000000,"n":3}']);
  });
});

deepTest("an inferred decimal gets digits after the point that its values leave before it", async () => {
  await withOrders({ rate: { N: "1.25" } }, async ({ lake, file, change, compact }) => {
    expect(await typeOf(file, "rate")).toBe("decimal(38,4)");
    await change("a", { rate: { N: "12345.5" } });
    await change("a", { rate: { N: "1.5" } });
    await compact();
    await change("b", { rate: { N: "0.123456789" } });
    expect(await compact()).toContain('"rate" is now decimal(38,13), and was decimal(38,4)');
    expect(await rowsOf(lake, "SELECT sum(rate) AS s, count(rate) AS n FROM orders")).toEqual([
      '{"s":2.8734567890000,"n":3}',
    ]);
    const history = "SELECT rate FROM orders_history ORDER BY _version";
    expect((await rowsOf(lake, history))[0]).toContain("12345.5");
    // What has no room is drift, as before, and is not looked for again.
    const items = await lakeItems(lake);
    await change("c", { rate: { N: "1e-34" } });
    await compact();
    expect(await typeOf(file, "rate")).toBe("decimal(38,13)");
    expect(await rowsOf(lake, "SELECT rate__text AS t FROM orders WHERE rate IS NULL")).toEqual([
      `{"t":"0.${"0".repeat(33)}1"}`,
    ]);
    const { wholeDigits, sequence } = await latestManifest(folderStore(lake), "orders");
    expect(wholeDigits).toEqual({ rate: 5 });
    await change("c", { rate: { N: "1e-35" } });
    await compact();
    expect((await latestManifest(folderStore(lake), "orders")).sequence).toBe(sequence + 1);
    expect((await lakeItems(lake)).slice(0, 2)).toEqual(items.slice(0, 2));
  });
});

const status = (lake: string): Promise<string> => done(["status", "--lake", lake]);

test("a column that divides the table keeps its type", async () => {
  await withFolder(async (folder) => {
    const lake = join(folder, "lake");
    const schema = join(folder, "schema.json");
    const attributes = { id: { type: "string" }, shop: { type: "int" }, price: { type: "int" } };
    const file = {
      table: "orders",
      key: { hash: "id" },
      partitionBy: "identity(shop)",
      evolve: "all",
      attributes,
    };
    await writeFile(schema, JSON.stringify(file));
    const take = async (day: number, shop: string, price: string): Promise<void> => {
      const items = [{ id: { S: "a" }, shop: { N: shop }, price: { N: price } }];
      const name = join(folder, String(day));
      await writeExport(name, items, { table: "Orders", exportTime: `2026-01-${day}T10:00:00.000Z` });
      await done([
        "snapshot",
        "--from-export",
        name,
        "--lake",
        lake,
        ...(day === 10 ? ["--schema", schema] : []),
      ]);
    };
    await take(10, "1", "1");
    await take(11, "3000000000", "3000000000");
    expect(await rowsOf(lake, "SELECT shop, shop__text, price FROM orders")).toEqual([
      '{"shop":null,"shop__text":"3000000000","price":3000000000}',
    ]);
    await writeFile(
      schema,
      JSON.stringify({ ...file, attributes: { ...attributes, shop: { type: "bigint" } } }),
    );
    const refused = await dynalake(["compact", "--lake", lake]);
    expect(refused.code).toBe(0);
  });
});
