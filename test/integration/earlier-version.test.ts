/** Lakes that earlier versions made stay readable, and go on: test/fixtures has one of each version, with what it printed. */
import { readFileSync } from "node:fs";
import { cp, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { LAKE_FORMAT } from "../../src/core/format/lake-file.ts";
import { latestManifest } from "../../src/core/table/commits.ts";
import { folderStore } from "../../src/files/folder-store.ts";
import { writeExport } from "../cli/export-fixture.ts";
import { fileEmulator } from "../cli/file-emulator.ts";
import { SourceTable } from "../cli/source-table.ts";
import { done, dynalake, type ItemJson, itemTexts, lakeItems, rowsOf } from "../support/cli.ts";
import { deepTest } from "../support/deep-test.ts";
import { withFolder } from "../support/folders.ts";

const FIXTURE = join(import.meta.dirname, "..", "fixtures", "lake-0.1.0");
/** The secret of the fixture's masked column. */
const MASK_KEY = "the mask key of the fixture";

const expected = (name: string): string => readFileSync(join(FIXTURE, "expected", name), "utf8");

const itemsOf = (lines: readonly string[]): readonly ItemJson[] =>
  lines.map((line) => (JSON.parse(line) as { readonly Item: ItemJson }).Item);

const expectedItems = (table: string): readonly ItemJson[] =>
  itemsOf(expected(`${table}.jsonl`).trimEnd().split("\n"));

interface Answer {
  readonly sql: string;
  readonly rows: readonly string[];
}

/** JSON shows moments in UTC with their offset since 0.2.0. */
function withOffsets(row: string): string {
  return row.replace(/(T\d\d:\d\d:\d\d(?:\.\d+)?)"/g, '$1Z"');
}

interface Past {
  readonly table: string;
  readonly time: string;
  readonly items: readonly string[];
}

const QUERIES = JSON.parse(expected("queries.json")) as readonly Answer[];
const PASTS = JSON.parse(expected("as-of.json")) as readonly Past[];
const TABLES = ["customers", "orders", "reviews", "visits"] as const;

/** Commands that change the lake get a copy. */
async function withLake(use: (lake: string, folder: string) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    const lake = join(folder, "lake");
    await cp(join(FIXTURE, "lake"), lake, { recursive: true });
    await use(lake, folder);
  });
}

async function expectItems(lake: string, table: string, items: readonly ItemJson[]): Promise<void> {
  expect(await lakeItems(lake, "--table", table)).toEqual(itemTexts(items));
}

async function expectHistories(lake: string): Promise<void> {
  const histories = QUERIES.filter(({ sql }) => sql.includes("_history"));
  expect(histories).toHaveLength(3);
  for (const { sql, rows } of histories) expect(await rowsOf(lake, sql)).toEqual(rows.map(withOffsets));
}

describe("a lake of version 0.1.0 reads as that version read it", () => {
  let lake: string;
  beforeAll(async () => {
    lake = await mkdtemp(join(tmpdir(), "dynalake-test-"));
    await cp(join(FIXTURE, "lake"), lake, { recursive: true });
  });
  afterAll(() => rm(lake, { recursive: true, force: true }));

  test.each(TABLES)("the items of %s", (table) => expectItems(lake, table, expectedItems(table)));

  test.each(QUERIES)("$sql", async ({ sql, rows }) => {
    expect(await rowsOf(lake, sql)).toEqual(rows.map(withOffsets));
  });

  test.each(PASTS)("the items of $table as of $time", async ({ table, time, items }) => {
    expect(await lakeItems(lake, "--table", table, "--as-of", time)).toEqual(itemTexts(itemsOf(items)));
  });

  test("its status", async () => {
    const { tables } = JSON.parse(await done(["status", "--json", "--lake", lake]));
    // Later versions tell more, and what that version told stays as it was.
    expect(tables).toMatchObject(JSON.parse(expected("status.json")));
  });
});

describe("a lake of version 0.1.0 goes on", () => {
  const emulator = fileEmulator();

  deepTest(
    "compactions and a vacuum of everything that is past keep every item and every change",
    async () => {
      await withLake(async (lake) => {
        const segments = async (): Promise<number> => {
          const files = await readdir(lake, { recursive: true });
          return files.filter((path) => path.includes("segments") && path.endsWith(".parquet")).length;
        };
        await done(["compact", "--lake", lake]);
        for (const table of TABLES) await expectItems(lake, table, expectedItems(table));
        await done(["compact", "--all", "--lake", lake]);
        // An earlier version refuses it: it would show rows of the new deltas twice.
        for (const table of TABLES)
          expect(await latestManifest(folderStore(lake), table)).toMatchObject({ format: LAKE_FORMAT });
        for (const table of TABLES) await expectItems(lake, table, expectedItems(table));
        for (const { table, time, items } of PASTS)
          expect(await lakeItems(lake, "--table", table, "--as-of", time)).toEqual(itemTexts(itemsOf(items)));
        const before = await segments();
        await done(["vacuum", "--retention-hours", "0", "--grace-hours", "0", "--lake", lake]);
        expect(await segments()).toBeLessThan(before);
        for (const table of TABLES) await expectItems(lake, table, expectedItems(table));
        await expectHistories(lake);
      });
    },
  );

  test("a change on top of it, one that comes late, and what an earlier delivery had put aside are all seen", async () => {
    await withLake(async (lake, folder) => {
      const record = (sequence: number, seconds: number, NewImage: ItemJson): object => ({
        eventName: "MODIFY",
        dynamodb: {
          ApproximateCreationDateTime: seconds,
          Keys: { PK: NewImage.PK, SK: NewImage.SK },
          NewImage,
          SequenceNumber: String(sequence),
        },
      });
      const newest: ItemJson = { PK: { S: "c1" }, SK: { S: "ORDER#1" }, total: { N: "20.00" } };
      const late: ItemJson = { PK: { S: "c9" }, SK: { S: "ORDER#9" }, total: { N: "3" } };
      // The last snapshot is of 1795251600; two minutes later the lake has folded changes of a later time already.
      const records = [record(1000, 1795960000, newest), record(250, 1795251720, late)];
      const path = join(folder, "records.json");
      await writeFile(path, JSON.stringify({ Records: records }));
      await done(["replay", path, "--name", "orders", "--lake", lake]);
      const orders = expectedItems("orders").filter((item) => (item.SK as ItemJson).S !== "ORDER#1");
      await expectItems(lake, "orders", [...orders, newest, late]);

      const [mapping = ""] = await readdir(join(lake, "aws", "lambda"));
      const batch = join(lake, "aws", "lambda", mapping, "failed-batch.json");
      const env = { DYNALAKE_MASK_KEY: MASK_KEY };
      await done(["replay", batch, "--name", "customers", "--lake", lake], { env });
      const added: ItemJson = { PK: { S: "c7" }, SK: { S: "PROFILE" }, joined: { S: "2026-11-21" } };
      await expectItems(lake, "customers", [...expectedItems("customers"), added]);
    });
  });

  test("a masked value keeps its hash", async () => {
    await withLake(async (lake, folder) => {
      const image = { PK: { S: "c1" }, SK: { S: "PROFILE" }, Email: { S: "ann@example.com" } };
      const dynamodb = { Keys: { PK: image.PK, SK: image.SK }, NewImage: image, SequenceNumber: "1000" };
      const path = join(folder, "record.json");
      await writeFile(path, JSON.stringify({ eventName: "MODIFY", dynamodb }));
      const env = { DYNALAKE_MASK_KEY: MASK_KEY };
      await done(["replay", path, "--name", "customers", "--lake", lake], { env });
      const hashes =
        "SELECT count(DISTINCT email) AS hashes, count(*) AS rows FROM customers WHERE customer IN ('c1', 'c6')";
      expect(await rowsOf(lake, hashes)).toEqual(['{"hashes":1,"rows":2}']);
    });
  });

  deepTest("an export verifies it, and becomes its next snapshot", async () => {
    await withLake(async (lake, folder) => {
      const orders = expectedItems("orders");
      const take = async (name: string, items: readonly ItemJson[]): Promise<string> =>
        writeExport(join(folder, name), items, { table: "Shop", exportTime: new Date().toISOString() });
      const same = await take("same", orders);
      const report = await done([
        "verify",
        "--table",
        "orders",
        "--from-export",
        same,
        "--json",
        "--lake",
        lake,
      ]);
      expect(JSON.parse(report)).toMatchObject({ tables: [{ result: "identical" }] });

      const next = [
        ...orders.slice(1),
        { PK: { S: "c9" }, SK: { S: "ORDER#9" }, placed: { N: "1795003200" } },
      ];
      const exported = await take("next", next);
      await done(["snapshot", "--from-export", exported, "--name", "orders", "--lake", lake]);
      await expectItems(lake, "orders", next);
      await expectHistories(lake);
    });
  });

  deepTest(
    "run goes on from its position: the stream is another one, which is a gap until a snapshot",
    async () => {
      await withLake(async (lake) => {
        const table = await SourceTable.create(emulator.connection, "Reviews");
        const item = { User: { S: "gil" }, Book: { S: "Mort" }, Author: { S: "Terry Pratchett" } };
        await table.put(item);
        const from = ["--source", "Reviews", "--endpoint", emulator.endpoint, "--lake", lake];
        const followed = await dynalake(["run", "--once", ...from]);
        expect(followed).toMatchObject({ code: 3 });
        await expectItems(lake, "reviews", [...expectedItems("reviews"), item]);
        await done(["snapshot", ...from]);
        await expectItems(lake, "reviews", [item]);
      });
    },
  );
});
