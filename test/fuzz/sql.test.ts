import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { compactMajor, compactMinor } from "../../src/core/compaction/compact.ts";
import {
  type AttributeFile,
  parseSchema,
  type Schema,
  type SchemaFile,
} from "../../src/core/schema/schema.ts";
import { openTableOf } from "../../src/core/table/open-table.ts";
import { type AttributeValue, type Item, itemText, readItem } from "../../src/core/values/attribute-value.ts";
import { type LakeFolder, openLakeFolder } from "../../src/embedded/folder/lake-folder.ts";
import { hostileName, hostileSoundItem, hostileText, named } from "../arbitraries/hostile.ts";
import { anyDeclaration, fittingDeclaration } from "../arbitraries/schema.ts";
import { fingerprint } from "../support/cli.ts";
import { deepTest } from "../support/deep-test.ts";
import { everyOf, firstOf } from "../support/effort.ts";
import * as fc from "../support/fast-check.ts";
import { withFolder } from "../support/folders.ts";
import { compactionOf, deliverItems, itemsOf, takeSnapshot } from "../support/lake-rows.ts";
import { printedRows } from "../support/printed-rows.ts";
import { answerOf, corpus, fuzz } from "./fuzz.ts";

/** Hostile schemas, values and folders in the real engine, and statements that try to escape the lake. */

const ROWS = 12;

/** A table whose attributes have hostile names, with declarations that may or may not fit their values. */
const table: fc.Arbitrary<{ readonly file: SchemaFile; readonly items: readonly Item[] }> = fc
  .array(hostileSoundItem, { minLength: ROWS, maxLength: ROWS, size: "max" })
  .chain((bodies) => {
    const items = bodies.map((body, i) => readItem({ ...body, id: { S: `${i}` } }));
    const examples = new Map<string, AttributeValue>(items.flatMap((item) => Object.entries(item)));
    examples.delete("id");
    const declarations = [...examples].map(([name, value]) =>
      fc
        .oneof({ weight: 3, arbitrary: fittingDeclaration(value) }, { weight: 1, arbitrary: anyDeclaration })
        .map((spec) => [name, spec] as const),
    );
    return fc.tuple(...declarations).map((specs) => ({ items, file: fileOf(specs) }));
  });

/** Columns named after keywords of SQL. */
const COLUMNS =
  "select from where group order table null true key value rows row values end case when all any as with base overlay log_window shown staged part".split(
    " ",
  );

function fileOf(specs: readonly (readonly [string, AttributeFile])[]): SchemaFile {
  const attributes = specs.map(([name, spec], i): [string, AttributeFile] => {
    const column = COLUMNS[i] ?? `column_${i}`;
    return [name, { ...spec, name: column }];
  });
  return {
    table: "order",
    key: { hash: "id" },
    attributes: named([...attributes, ["id", { type: "string" } as AttributeFile]]),
  };
}

/** Takes in the items both ways and compacts them. Each time every item must be restored exactly. */
async function expectBack(
  lake: LakeFolder,
  folder: string,
  file: SchemaFile,
  items: readonly Item[],
): Promise<void> {
  const [snapshotted, streamed] = ["select", "from"].map((name) =>
    parseSchema({ ...file, table: name }, "a test"),
  ) as [Schema, Schema];
  const expected = items.map(itemText).sort();
  await takeSnapshot(lake, snapshotted, join(folder, "export"), items);
  expect(await itemsOf(lake, snapshotted)).toEqual(expected);
  await deliverItems(lake, streamed, items);
  expect(await itemsOf(lake, streamed)).toEqual(expected);
  await compactMinor(compactionOf(lake, streamed));
  await compactMajor(compactionOf(lake, streamed), "all");
  expect(await itemsOf(lake, streamed)).toEqual(expected);
}

async function withLake(
  name: string,
  use: (lake: LakeFolder, folder: string) => Promise<void>,
): Promise<void> {
  await withFolder(async (folder) => {
    const lake = await openLakeFolder(join(folder, name), { threads: 1, memoryMegabytes: 400 });
    try {
      await use(lake, folder);
    } finally {
      await lake.close();
    }
  });
}

describe("in the engine", () => {
  test("every name and every value stands for itself", async () => {
    const judge = ({
      file,
      items,
    }: {
      readonly file: SchemaFile;
      readonly items: readonly Item[];
    }): Promise<void> => withLake("lake", (lake, folder) => expectBack(lake, folder, file, items));
    await fuzz("rows in the engine", table, judge, ROWS);
  }, 600_000);

  const ITEMS = ["a", "b"].map((id) => ({ id: { S: id } }));
  const FILE: SchemaFile = { table: "t", key: { hash: "id" }, attributes: { id: { type: "string" } } };

  const NAMES = [
    "lake[1]",
    "a'b",
    "*",
    "**",
    "?",
    "[!a]",
    'a"b',
    "{a,b}",
    "$HOME",
    "dt=2026-01-01",
    "a b;--",
    "ä\u202e",
    "~",
  ];
  test.each(firstOf(2, NAMES))(
    "a lake called %s is that one, and not those beside it that its name would match as a pattern",
    async (name) => {
      await withFolder(async (folder) => {
        const beside = await openLakeFolder(join(folder, "lake1"), { threads: 1, memoryMegabytes: 400 });
        const lake = await openLakeFolder(join(folder, name), { threads: 1, memoryMegabytes: 400 });
        try {
          await expectBack(beside, join(folder, "1"), FILE, [{ id: { S: "of another lake" } }]);
          await expectBack(lake, join(folder, "2"), FILE, ITEMS);
        } finally {
          await beside.close();
          await lake.close();
        }
      });
    },
  );

  deepTest("types as deep as they can be are cast, and give their values back", async () => {
    const deep = (open: string, levels: number, wrap: (value: AttributeValue) => AttributeValue) => {
      let value: AttributeValue = { B: "AA==" };
      for (let i = 0; i < levels; i++) value = wrap(value);
      return { type: `${open.repeat(levels)}binary${">".repeat(levels)}`, value };
    };
    const columns = [
      deep("array<", 16, (value) => ({ L: [value] })),
      deep("map<string,", 16, (value) => ({ M: { "'": value } })),
      deep("struct<a:", 32, (value) => ({ M: { a: value } })),
    ];
    const file = {
      ...FILE,
      attributes: {
        ...FILE.attributes,
        ...named(columns.map(({ type }, i) => [`c${i}`, { type }] as const)),
      },
    };
    const item = { id: { S: "a" }, ...named(columns.map(({ value }, i) => [`c${i}`, value] as const)) };
    await withLake("lake", (lake, folder) => expectBack(lake, folder, file, [item, { id: { S: "b" } }]));
  });
});

describe("a statement never leaves the lake:", () => {
  const SECRET = "a secret of this machine";
  let folder: string;
  let lake: LakeFolder;
  const schemas = [
    parseSchema({ table: "t", key: { hash: "id" }, attributes: { id: { type: "string" } } }, "a test"),
  ];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "dynalake-test-"));
    lake = await openLakeFolder(join(folder, "lake"), { threads: 1, memoryMegabytes: 200 });
    await deliverItems(lake, schemas[0] as Schema, [{ id: { S: "a" } }, { id: { S: "b" } }]);
    await mkdir(join(folder, "lake2"));
    for (const name of ["secret.txt", "secret.json", "lake2/secret.txt"])
      await writeFile(join(folder, name), JSON.stringify({ a: SECRET }));
    await lake.session.run(`COPY (SELECT '${SECRET}' AS a) TO '${folder}/secret.parquet' (FORMAT parquet)`);
    await symlink(join(folder, "secret.txt"), join(folder, "lake", "link"));
  });

  afterAll(async () => {
    await lake.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function expectConfined(sql: string): Promise<void> {
    const before = await fingerprint(folder);
    const tables = await Promise.all(schemas.map((own) => openTableOf(lake.store, own)));
    const seen: unknown[] = [];
    const { refused } = await answerOf(() =>
      printedRows(lake.root, { tables, sql }, (rows) => void seen.push(...rows)),
    );
    const told = `${JSON.stringify(seen)} ${refused?.message ?? ""}`;
    if (told.includes(SECRET) || told.includes("root:")) throw new Error(`${sql} told a secret`);
    expect(await fingerprint(folder)).toEqual(before);
  }

  const placed = (sql: string): string =>
    sql.replaceAll("$LAKE2", `${lake.root}2`).replaceAll("$LAKE", lake.root).replaceAll("$OUT", folder);

  test("not one of the corpus", async () => {
    for (const { content } of await corpus("statements")) {
      for (const sql of everyOf(0.5, content.toString("utf8").trim().split("\n"))) {
        try {
          await expectConfined(placed(sql));
        } catch (cause) {
          throw new Error(sql, { cause });
        }
      }
    }
  }, 300_000);

  const path = fc.constantFrom(
    ...["$OUT/secret.txt", "$OUT/secret.parquet", "$LAKE/../secret.txt", "$LAKE/link", "$LAKE2/secret.txt"],
    ...[
      "/etc/passwd",
      "$LAKE/t/../../secret.txt",
      "$LAKE//..//secret.txt",
      "$OUT/secret.*",
      "$OUT/s?cret.txt",
    ],
  );
  const reader = fc.constantFrom(
    ...["read_text", "read_blob", "read_csv", "read_json_objects", "read_parquet", "parquet_schema", "glob"],
  );
  const source = fc.tuple(reader, path, fc.boolean()).map(([name, file, listed]) => {
    const argument = `'${file}'`;
    return `${name}(${listed && name !== "glob" ? `[${argument}]` : argument})`;
  });
  const frame = fc.constantFrom<(from: string) => string>(
    (from) => `SELECT * FROM ${from}`,
    (from) => `/* ' */ sElEcT *--\n fRoM ${from};`,
    (from) => `EXPLAIN ANALYZE SELECT * FROM ${from}`,
    (from) => `WITH x AS (FROM ${from}) FROM x, t`,
    (from) => `SELECT * FROM t WHERE EXISTS (FROM ${from})`,
    (from) => `SELECT list_transform([1], lambda x: (SELECT count(*) FROM ${from}))`,
    (from) => `COPY (FROM ${from}) TO '$OUT/new.csv'`,
    (from) => `CREATE TEMP TABLE x AS FROM ${from}`,
    (from) => `SELECT 1; SELECT * FROM ${from}`,
    (from) => `SELECT * FROM query('FROM ${from.replaceAll("'", "''")}')`,
  );
  const built = fc.tuple(source, frame).map(([from, within]) => within(from));
  const noise = fc.oneof(
    hostileText.map((text) => `SELECT '${text.replaceAll("'", "''")}' AS x FROM t`),
    hostileText.map((text) => `SELECT * FROM t WHERE id = ${text}`),
    hostileName.map((name) => `SELECT 1 AS "${name.replaceAll('"', '""')}"`),
    hostileName,
  );

  test("not one that is put together of what reads and what hides it", async () => {
    await fuzz("statements", fc.oneof(built, noise), async (sql) => {
      // A message may quote the user's own statement.
      await expectConfined(placed(sql.replaceAll("zqCANARYqz", "")));
    });
  }, 600_000);
});
