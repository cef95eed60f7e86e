/** An export on this machine becomes a lake table and can be read back, item by item. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { item } from "../arbitraries/item.ts";
import {
  done,
  dynalake,
  expectRefused,
  type ItemJson,
  itemTexts,
  lakeItems,
  rowsOf,
} from "../support/cli.ts";
import { deepTest } from "../support/deep-test.ts";
import { firstOf } from "../support/effort.ts";
import { withFolder } from "../support/folders.ts";
import { writeExport } from "./export-fixture.ts";

/** Items of every shape, with distinct keys of the given type. */
function itemsKeyedBy(key: (i: number) => ItemJson): readonly ItemJson[] {
  return fc.sample(item, { numRuns: 300, seed: 42 }).map((each, i) => {
    const { Id, Range, ...rest } = each as Record<string, unknown>;
    return { ...rest, ...key(i) };
  });
}

const DEEP = Array.from({ length: 31 }).reduce<unknown>(
  (inner, _, i) => (i % 2 === 0 ? { L: [inner] } : { M: { Inner: inner } }),
  { N: "-9.9999999999999999999999999999999999999E+125" },
);

const bytes = (i: number): string => Buffer.from([i & 255, i >> 8]).toString("base64");

interface Keyed {
  readonly keyed: string;
  readonly key: string;
  readonly keyOf: (i: number) => ItemJson;
  /** How the table is called. */
  readonly asked: string;
}

const KEYED: readonly Keyed[] = [
  {
    keyed: "a string",
    key: "Id",
    keyOf: (i: number) => ({ Id: { S: `${"ÄÖ\u0000\n"[i % 4]}${i}` } }),
    asked: "My-Table.1",
  },
  {
    keyed: "a number and a sort key of bytes",
    key: "Id,Range",
    keyOf: (i: number) => ({ Id: { N: `${i % 7}.5` }, Range: { B: bytes(i) } }),
    asked: "my_table_1",
  },
  {
    keyed: "bytes and a sort key of numbers",
    key: "Id,Range",
    keyOf: (i: number) => ({ Id: { B: bytes(i % 7) }, Range: { N: `-${i}E-120` } }),
    asked: "Source",
  },
];

test.each(firstOf(1, KEYED))(
  "every item of an export comes back, whatever its types, keyed by $keyed",
  async ({ key, keyOf, asked }) => {
    await withFolder(async (folder) => {
      const items = [...itemsKeyedBy(keyOf), { ...keyOf(9999), Deep: DEEP }];
      const whole = await writeExport(join(folder, "export"), items, { dataFiles: 3 });
      const lake = join(folder, "lake");
      const take = ["snapshot", "--from-export", whole, "--name", "My-Table.1", "--lake", lake];
      const taken = await dynalake([...take, "--key", key]);
      expect(taken).toMatchObject({ code: 0, stdout: 'Snapshot of Source: 301 items in "my_table_1"\n' });
      expect(taken.stderr).toContain(`wrote it to ${join(lake, "my_table_1", "schema.json")}`);
      expect(await lakeItems(lake, "--table", asked)).toEqual(itemTexts(items));
    });
  },
);

deepTest("every item comes back under a schema that fits hardly any of them", async () => {
  await withFolder(async (folder) => {
    const items = itemsKeyedBy((i) => ({ Id: { S: `i${i}` } }));
    const whole = await writeExport(join(folder, "export"), items);
    const schema = join(folder, "schema.json");
    const types = [
      "int",
      "bigint",
      "double",
      "decimal(9,2)",
      "date",
      "timestamp",
      "binary",
      "json",
      "boolean",
    ];
    const nested = ["array<int>", "map<string,string>", "struct<name:string,s:decimal(3,1)>"];
    const names = [...new Set(items.flatMap((each) => Object.keys(each)))].filter((name) => name !== "Id");
    const declared = names.map((name, i) => [
      name,
      { name: `c${i}`, type: [...types, ...nested][i % (types.length + nested.length)] },
    ]);
    const attributes = Object.fromEntries([["Id", { type: "string" }], ...declared]);
    await writeFile(schema, JSON.stringify({ table: "t", key: { hash: "Id" }, attributes }));
    const lake = join(folder, "lake");
    await done(["snapshot", "--from-export", whole, "--schema", schema, "--lake", lake]);
    expect(await lakeItems(lake)).toEqual(itemTexts(items));
  });
});

test("lines that hold no item go to quarantine, all else is taken, and the exit code is 3", async () => {
  await withFolder(async (folder) => {
    const good = [{ Id: { S: "a" } }, { Id: { S: "b" }, N: { N: "1" } }];
    const bad = [{ Id: { S: "c" }, X: { Q: "of no type" } }, { Other: { S: "keyless" } }];
    const whole = await writeExport(join(folder, "export"), [...good, ...bad]);
    const lake = join(folder, "lake");
    const take = ["snapshot", "--from-export", whole, "--key", "Id", "--name", "t", "--lake", lake, "--json"];
    const taken = await dynalake(take);
    expect(taken).toMatchObject({ code: 3 });
    expect(JSON.parse(taken.stdout)).toMatchObject({ table: "t", items: 2, quarantined: 2 });
    expect(taken.stderr).toContain(join(lake, "t", "quarantine"));
    expect(taken.stderr).not.toContain("of no type");
    expect(await lakeItems(lake)).toEqual(itemTexts(good));
    const { tables } = JSON.parse(await done(["status", "--lake", lake, "--json"]));
    expect(tables).toMatchObject([
      { health: "quarantine", quarantine: { "unreadable-value": 1, "no-key": 1 } },
    ]);
    // Taking it in again stores each item once.
    expect(await dynalake(take)).toMatchObject({ code: 3 });
    const again = JSON.parse(await done(["status", "--lake", lake, "--json"]));
    expect(again.tables).toMatchObject([{ quarantine: { "unreadable-value": 1, "no-key": 1 } }]);
  });
});

test("an inferred schema can be written, edited and used, and is never written over", async () => {
  await withFolder(async (folder) => {
    const items = [{ Id: { S: "a" }, Rating: { N: "5" }, Price: { N: "1.25" } }];
    const whole = await writeExport(join(folder, "export"), items, { table: "Reviews" });
    const out = join(folder, "reviews.json");
    const infer = ["infer", "--from-export", whole, "--key", "Id"];
    const printed = await done(infer);
    await done([...infer, "--out", out]);
    const text = await readFile(out, "utf8");
    expect(text).toBe(printed);
    expect(JSON.parse(text)).toMatchObject({
      table: "reviews",
      source: "Reviews",
      key: { hash: "Id" },
      attributes: { Id: { type: "string" }, Rating: { type: "bigint" } },
    });
    expectRefused(await dynalake([...infer, "--out", out]), { code: "USAGE", names: [out], next: "--out" });
    expectRefused(await dynalake(["infer", "--from-export", whole]), {
      code: "USAGE",
      names: ["key"],
      next: "--key",
    });
    expect(await readFile(out, "utf8")).toBe(text);

    await writeFile(
      out,
      text.replace('"Rating": {\n      "type": "bigint"', '"Rating": {\n      "type": "int"'),
    );
    const lake = join(folder, "lake");
    await done(["snapshot", "--from-export", whole, "--schema", out, "--lake", lake]);
    expect(await rowsOf(lake, "SELECT typeof(rating) AS t, rating FROM reviews")).toEqual([
      '{"t":"INTEGER","rating":5}',
    ]);
  });
});
