/** Another kind of type by order: what fits it is in the column, what does not is beside it as text, and nothing is rewritten. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import type { AttributeFile, SchemaFile } from "../../src/core/schema/schema.ts";
import { done, dynalake, lakeItems, nextSecond, rowsOf } from "../support/cli.ts";
import { deepTest } from "../support/deep-test.ts";
import { type OrdersLake, withOrdersLake } from "./orders-lake.ts";

interface Orders extends OrdersLake {
  readonly file: string;
  /** Writes the file, or schema.json: what the table has, with other attributes. */
  readonly write: (attributes: Readonly<Record<string, AttributeFile>>, path?: string) => Promise<void>;
  readonly schema: (...words: string[]) => Promise<string>;
}

async function withOrders(use: (orders: Orders) => Promise<void>): Promise<void> {
  const attributes = (id: string) => ({
    price: { N: id === "a" ? "10" : "20" },
    placed: { S: id === "a" ? "2024-02-29T10:30:00Z" : "soon" },
    seen: { N: "1709202600" },
    tags: { L: [{ S: "x" }] },
  });
  await withOrdersLake(["a", "b"], attributes, async (orders) => {
    const { folder, lake, own } = orders;
    const file = join(folder, "orders.json");
    const write: Orders["write"] = async (changed, path = file) => {
      const content = JSON.parse(await readFile(own, "utf8")) as SchemaFile;
      for (const [name, spec] of Object.entries(changed)) content.attributes[name] = spec;
      await writeFile(path, JSON.stringify(content));
    };
    await orders.change("a", { price: { N: "11" }, placed: { S: "2024-02-29 12:00:00" } });
    await use({ ...orders, file, write, schema: (...words) => done(["schema", ...words, "--lake", lake]) });
  });
}

deepTest(
  "docs/schemas.md shows what is printed, and every value of before is in the column or beside it",
  async () => {
    await withOrders(async ({ lake, file, write, schema, change }) => {
      const items = await lakeItems(lake);
      await write({
        price: { type: "string" },
        placed: { type: "timestamp" },
        seen: { type: "timestamp", format: "epoch_seconds" },
      });
      const docs = await readFile(join(import.meta.dirname, "../../docs/schemas.md"), "utf8");
      const said = (await schema("diff", file)).replaceAll(file, "orders.json");
      expect(docs).toContain(`$ npx dynalake schema diff orders.json\n${said}`);
      expect(await schema("apply", file)).toContain("Applied. No data was rewritten");
      const shown =
        "SELECT id, price, price__text AS text, placed, placed__text AS said, seen FROM orders ORDER BY id";
      const rows = [
        '{"id":"a","price":null,"text":"11","placed":"2024-02-29T12:00:00Z","said":null,"seen":null}',
        '{"id":"b","price":null,"text":"20","placed":null,"said":"soon","seen":"2024-02-29T10:30:00Z"}',
      ];
      expect(await rowsOf(lake, shown)).toEqual(rows);
      expect(await rowsOf(lake, "SELECT price__text AS p, placed FROM orders_history")).toEqual([
        '{"p":"11","placed":"2024-02-29T12:00:00Z"}',
      ]);
      expect(
        await rowsOf(lake, "SELECT sum(CAST(price__text AS bigint)) AS s FROM orders_snapshots"),
      ).toEqual(['{"s":30}']);
      expect(await lakeItems(lake)).toEqual(items);
      const [table] = JSON.parse(await done(["status", "--lake", lake, "--json"])).tables;
      expect(table).toMatchObject({ health: "healthy" });
      await done(["compact", "--lake", lake, "--all"]);
      expect(await rowsOf(lake, shown)).toEqual(rows);
      expect(await lakeItems(lake)).toEqual(items);
      await change("b", { price: { S: "free" } });
      expect(await rowsOf(lake, "SELECT price, price__text AS text FROM orders WHERE id = 'b'")).toEqual([
        '{"price":"free","text":null}',
      ]);
    });
  },
);

deepTest(
  "a time before another kind is shown by the kind of now and the text beside it, whatever was folded since",
  async () => {
    await withOrders(async ({ lake, file, write, schema, change }) => {
      const items = await lakeItems(lake);
      const then = new Date(1000 * (await nextSecond())).toISOString();
      await nextSecond();
      await write({ price: { type: "string" }, placed: { type: "timestamp" } });
      await schema("apply", file);
      const shown =
        "SELECT id, price, price__text AS text, placed, placed__text AS said FROM orders ORDER BY id";
      const a = '{"id":"a","price":null,"text":"11","placed":"2024-02-29T12:00:00Z","said":null}';
      const b = (price: string, placed: string) => `{"id":"b",${price},${placed},"said":null}`;
      const before = [a, '{"id":"b","price":null,"text":"20","placed":null,"said":"soon"}'];
      expect(await rowsOf(lake, shown, "--as-of", then)).toEqual(before);
      expect(await lakeItems(lake, "--as-of", then)).toEqual(items);
      // A change of that time is delivered by now, and so are its values of the new kind.
      await change("b", { price: { S: "free" }, placed: { S: "2024-02-29T10:30:00Z" } });
      const late = [a, b('"price":"free","text":null', '"placed":"2024-02-29T10:30:00Z"')];
      expect(await rowsOf(lake, shown, "--as-of", then)).toEqual(late);
      await done(["compact", "--lake", lake, "--all"]);
      expect(await rowsOf(lake, shown, "--as-of", then)).toEqual(late);
      const [table] = JSON.parse(await done(["status", "--lake", lake, "--json"])).tables;
      expect(table).toMatchObject({ health: "healthy" });
    });
  },
);

deepTest(
  "a moment that becomes text again has the item's own spelling, and stays whole on every way",
  async () => {
    await withOrders(async ({ lake, file, write, schema, change }) => {
      // All are moments: what has no text beside its column is counted by its spellings.
      await change("b", { placed: { S: "2024-02-29T10:30:00Z" } });
      const items = await lakeItems(lake);
      for (const [type, shown] of [
        ["timestamp", "2024-02-29T12:00:00Z"],
        ["string", "2024-02-29 12:00:00"],
        ["double", null],
      ]) {
        await write({ placed: { type: type as string } });
        await schema("apply", file);
        const sql = "SELECT placed FROM orders WHERE id = 'a'";
        expect(await rowsOf(lake, sql)).toEqual([JSON.stringify({ placed: shown })]);
        expect(await lakeItems(lake)).toEqual(items);
        const [left = ""] = await rowsOf(lake, "SELECT _unmapped FROM orders WHERE id = 'a'");
        expect(left.split("placed").length).toBeLessThanOrEqual(2);
        await done(["compact", "--lake", lake, "--all"]);
        expect(await rowsOf(lake, sql)).toEqual([JSON.stringify({ placed: shown })]);
        expect(await lakeItems(lake)).toEqual(items);
      }
    });
  },
);

test("an edit of schema.json counts at the next compaction, and goes back by another one", async () => {
  await withOrders(async ({ lake, own, write }) => {
    const items = await lakeItems(lake);
    const compact = (): Promise<string> => done(["compact", "--lake", lake, "--settle-seconds", "0"]);
    await write({ price: { type: "json" }, placed: { type: "json" } }, own);
    expect(await done(["status", "--lake", lake])).toContain('makes "price" json');
    await compact();
    const shown = "SELECT price, placed FROM orders ORDER BY id";
    expect(await rowsOf(lake, shown)).toEqual([
      '{"price":"\\"11\\"","placed":"\\"2024-02-29 12:00:00\\""}',
      '{"price":"\\"20\\"","placed":"\\"soon\\""}',
    ]);
    expect(await lakeItems(lake)).toEqual(items);
    await write({ price: { type: "bigint" } }, own);
    await compact();
    expect(await done(["status", "--lake", lake])).toContain("attributes.price.type: it is already json");
    await write({ price: { type: "json" }, seen: { type: "timestamp", format: "epoch_millis" } }, own);
    await compact();
    expect(await rowsOf(lake, "SELECT seen FROM orders WHERE id = 'b'")).toEqual([
      '{"seen":"1970-01-20T18:46:42.6Z"}',
    ]);
    await write({ seen: { type: "bigint" } }, own);
    await compact();
    expect(await rowsOf(lake, "SELECT seen FROM orders WHERE id = 'b'")).toEqual(['{"seen":1709202600}']);
    expect(await lakeItems(lake)).toEqual(items);
  });
});

deepTest(
  "what would lose something is refused with its place, and a file for another command orders no kind",
  async () => {
    await withOrders(async ({ lake, folder, file, write, schema }) => {
      const refused = async (attributes: Readonly<Record<string, AttributeFile>>): Promise<string> => {
        await write(attributes);
        const ended = await dynalake(["schema", "apply", file, "--lake", lake]);
        expect(ended).toMatchObject({ code: 1, stdout: "" });
        return ended.stderr;
      };
      expect(await refused({ id: { type: "timestamp" } })).toContain(
        "attributes.id.type: it is already string",
      );
      expect(await refused({ tags: { type: "string" } })).toContain(
        "attributes.tags.type: it is already array<string>",
      );
      expect(await refused({ price: { type: "array<string>" } })).toContain("it is already bigint");
      expect(await refused({ price: { type: "string" }, price__text: { type: "string" } })).toContain(
        "attributes.price.type: values that do not fit string need the name price__text, which another column has",
      );
      await write({ price: { type: "string" } });
      const given = ["snapshot", "--from-export", join(folder, "export"), "--lake", lake, "--schema", file];
      expect((await dynalake(given)).stderr).toContain("attributes.price.type: it is already bigint");
      await schema("apply", file);
      await done(given);
      expect(await rowsOf(lake, "SELECT count(price__text) AS n FROM orders")).toEqual(['{"n":2}']);
    });
  },
);
