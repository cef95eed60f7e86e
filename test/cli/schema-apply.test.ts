/** `dynalake schema diff` and `apply`: other names, hidden columns and wider types, explained before they come. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import type { SchemaFile } from "../../src/core/schema/schema.ts";
import { done, dynalake, lakeItems, rowsOf } from "../support/cli.ts";
import { deepTest } from "../support/deep-test.ts";
import { withFolder } from "../support/folders.ts";
import { writeExport } from "./export-fixture.ts";
import { type OrdersLake, withOrdersLake } from "./orders-lake.ts";

interface Orders extends Omit<OrdersLake, "folder" | "changeLate"> {
  /** The path of a file beside the lake. */
  readonly file: string;
  /** Writes that file: schema.json with changes. */
  readonly write: (change: (file: SchemaFile) => void) => Promise<void>;
  readonly schema: (...words: string[]) => Promise<string>;
  readonly refused: (...words: string[]) => Promise<string>;
}

async function withOrders(use: (orders: Orders) => Promise<void>): Promise<void> {
  const attributes = (id: string) => ({
    price: { N: "10" },
    note: { S: `n-${id}` },
    day: { S: "2026-01-02" },
  });
  await withOrdersLake(["a", "b"], attributes, async ({ folder, lake, own, change }) => {
    const file = join(folder, "orders.json");
    await use({
      lake,
      own,
      file,
      change,
      write: async (edit) => {
        const content = JSON.parse(await readFile(own, "utf8"));
        edit(content);
        await writeFile(file, JSON.stringify(content));
      },
      schema: (...words) => done(["schema", ...words, "--lake", lake]),
      refused: async (...words) => {
        const ended = await dynalake(["schema", ...words, "--lake", lake]);
        expect(ended).toMatchObject({ code: 1, stdout: "" });
        return ended.stderr;
      },
    });
  });
}

const attribute = (file: SchemaFile, name: string) =>
  file.attributes[name] as { name?: string; type?: string };

test("diff says what apply would do, and apply does it in one commit", async () => {
  await withOrders(async ({ lake, own, file, write, schema, change }) => {
    await change("a", { price: { N: "11" }, note: { S: "seen" } });
    expect(await schema("diff", own)).toContain('is the schema of "orders" already');
    await write((content) => {
      attribute(content, "price").type = "decimal(22,2)";
      attribute(content, "note").name = "remark";
      Object.assign(attribute(content, "day"), { hidden: true });
      content.attributes.coupon = { type: "string" };
    });
    const before = await readFile(own);
    const items = await lakeItems(lake);
    for (const words of [["diff"], ["apply", "--dry-run"]]) {
      const said = await schema(...words, file);
      expect(said.replaceAll(file, "orders.json")).toBe(
        [
          'orders.json changes "orders":',
          "  adds coupon, string: existing rows get their values from _unmapped",
          "  makes price decimal(22,2); it was bigint. On DuckDB, 7 // 2 is 3 for bigint and 3.5 for a decimal",
          "  renames note to remark: statements that say note fail from then on",
          "  hides day: it is written as before, and no view shows it",
          "Nothing was changed: `schema apply`, without --dry-run, does it",
          "",
        ].join("\n"),
      );
    }
    expect(await readFile(own)).toEqual(before);
    expect(await schema("apply", file)).toContain("Applied. No data was rewritten");
    const select = "SELECT * EXCLUDE (_op, _version, _changed_at, _expired, _unmapped)";
    const rows = [
      '{"id":"a","remark":"seen","price":11.00,"coupon":null}',
      '{"id":"b","remark":"n-b","price":10.00,"coupon":null}',
    ];
    expect(await rowsOf(lake, `${select} FROM orders ORDER BY id`)).toEqual(rows);
    expect(await rowsOf(lake, "SELECT remark FROM orders_history")).toEqual(['{"remark":"seen"}']);
    expect(await lakeItems(lake)).toEqual(items);
    // Values of a hidden column are written, and never drift.
    await change("a", { price: { N: "11" }, note: { S: "seen" }, day: { N: "5" } });
    expect(await done(["status", "--lake", lake])).not.toContain("day");
    await done(["compact", "--lake", lake, "--all"]);
    expect(await rowsOf(lake, `${select} FROM orders ORDER BY id`)).toEqual(rows);
    const unhidden = JSON.parse(await readFile(own, "utf8"));
    delete unhidden.attributes.day.hidden;
    await writeFile(file, JSON.stringify(unhidden));
    expect(JSON.parse(await schema("apply", file, "--json"))).toMatchObject({
      outcome: "applied",
      shown: ["day"],
    });
    expect(await rowsOf(lake, "SELECT day FROM orders ORDER BY id")).toEqual([
      '{"day":null}',
      '{"day":"2026-01-02"}',
    ]);
  });
});

deepTest("docs/schemas.md shows what is printed, and what a statement of one's own becomes", async () => {
  await withOrders(async ({ lake, file, write, schema, change }) => {
    await change("a", { price: { N: "7" } });
    const half = (): Promise<readonly string[]> =>
      rowsOf(lake, "SELECT typeof(price) AS type, price // 2 AS half FROM orders WHERE id = 'a'");
    expect(await half()).toEqual(['{"type":"BIGINT","half":3}']);
    await write((content) => {
      attribute(content, "price").name = "cost";
      Object.assign(attribute(content, "note"), { hidden: true });
    });
    const docs = await readFile(join(import.meta.dirname, "../../docs/schemas.md"), "utf8");
    for (const word of ["diff", "apply"]) {
      const said = (await schema(word, file)).replaceAll(file, "orders.json");
      expect(docs).toContain(`$ npx dynalake schema ${word} orders.json\n${said}`);
    }
    await write((content) => {
      attribute(content, "price").name = "price";
      attribute(content, "price").type = "decimal(22,1)";
    });
    await schema("apply", file);
    expect(await half()).toEqual(['{"type":"DECIMAL(22,1)","half":3.5}']);
  });
});

deepTest(
  "the name of before is free for another attribute, and files of before do not show in it",
  async () => {
    await withOrders(async ({ lake, file, write, schema, change }) => {
      await write((content) => {
        attribute(content, "price").name = "cost";
        content.attributes.Price = { type: "string" };
      });
      await schema("apply", file);
      await change("a", { price: { N: "12" }, Price: { S: "dear" } });
      const expected = ['{"cost":12,"price":"dear"}', '{"cost":10,"price":null}'];
      const sql = "SELECT cost, price FROM orders ORDER BY id";
      expect(await rowsOf(lake, sql)).toEqual(expected);
      await done(["compact", "--lake", lake, "--all"]);
      expect(await rowsOf(lake, sql)).toEqual(expected);
      // And back again: two columns change their names with each other.
      await write((content) => {
        attribute(content, "price").name = "price";
        attribute(content, "Price").name = "cost";
      });
      await schema("apply", file);
      expect(await rowsOf(lake, "SELECT price, cost FROM orders ORDER BY id")).toEqual([
        '{"price":12,"cost":"dear"}',
        '{"price":10,"cost":null}',
      ]);
    });
  },
);

test("what the data rules out is refused with its place, and so is a file of before", async () => {
  await withOrders(async ({ own, file, write, schema, refused, lake }) => {
    await write((content) => {
      attribute(content, "price").type = "array<string>";
    });
    for (const word of ["diff", "apply"])
      expect(await refused(word, file)).toContain("attributes.price.type: it is already bigint");
    await write((content) => {
      delete content.attributes.note;
    });
    expect(await refused("apply", file)).toContain("attributes.note: its column cannot be removed");
    const earlier = join(file, "../earlier.json");
    await writeFile(earlier, await readFile(own));
    await write((content) => {
      attribute(content, "note").name = "remark";
    });
    // An edit that waits in schema.json is not overwritten.
    const written = await readFile(own, "utf8");
    await writeFile(own, written.replace('"all"', '"types"'));
    expect(await refused("apply", file)).toContain("orders/schema.json also has an edit");
    await schema("apply", own);
    await writeFile(file, (await readFile(file, "utf8")).replace('"all"', '"types"'));
    await schema("apply", file);
    expect(await refused("apply", earlier)).toContain("holds an earlier schema of the table");
    // Passed to another command it is what there is at least: names stay.
    await done(["snapshot", "--from-export", join(file, "../export"), "--lake", lake, "--schema", earlier]);
    expect(await rowsOf(lake, "SELECT remark FROM orders ORDER BY id")).toEqual([
      '{"remark":"n-a"}',
      '{"remark":"n-b"}',
    ]);
  });
});

test("a column that divides the table gets another name, and nothing else", async () => {
  await withFolder(async (folder) => {
    const [lake, file] = [join(folder, "lake"), join(folder, "shops.json")];
    const content = {
      table: "shops",
      source: "Shops",
      key: { hash: "id" },
      partitionBy: "identity(city)",
      attributes: { id: { type: "string" }, city: { type: "string" } },
    };
    await writeFile(file, JSON.stringify(content));
    const items = ["Rome", "Oslo"].map((city, i) => ({ id: { S: String(i) }, city: { S: city } }));
    await writeExport(join(folder, "export"), items, {
      table: "Shops",
      exportTime: "2026-01-10T10:00:00.000Z",
    });
    await done(["snapshot", "--from-export", join(folder, "export"), "--lake", lake, "--schema", file]);
    const renamed = { ...content.attributes, city: { type: "string", name: "town" } };
    await writeFile(file, JSON.stringify({ ...content, attributes: renamed }));
    expect((await dynalake(["schema", "apply", file, "--lake", lake])).stderr).toContain(
      'partitionBy: column "city" does not exist',
    );
    await writeFile(file, JSON.stringify({ ...content, partitionBy: "identity(town)", attributes: renamed }));
    expect(await done(["schema", "apply", file, "--lake", lake])).toContain("renames city to town");
    await done(["snapshot", "--from-export", join(folder, "export"), "--lake", lake]);
    await done(["compact", "--lake", lake, "--all"]);
    expect(await rowsOf(lake, "SELECT id FROM shops WHERE town = 'Oslo'")).toEqual(['{"id":"1"}']);
    await writeFile(file, JSON.stringify({ ...content, partitionBy: "identity(id)", attributes: renamed }));
    expect((await dynalake(["schema", "diff", file, "--lake", lake])).stderr).toContain(
      "partitionBy: it is already",
    );
  });
});
