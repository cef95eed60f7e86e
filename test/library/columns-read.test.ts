/** What a query reads of a table's base, by the engine's own account: the columns that it names, and the key's hash. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { type Lake, openLake } from "../../src/index.ts";
import { writeExport } from "../cli/export-fixture.ts";
import { firstOf } from "../support/effort.ts";
import { withFolder } from "../support/folders.ts";

const ITEMS = 20;

const attributes = (i: number) => ({
  Id: { S: `item-${i}` },
  Author: { S: `author ${i % 3}` },
  Rating: { N: String(i % 5) },
  Review: { S: "a long text" },
});

function recorded(sequence: number): string {
  const NewImage = attributes(sequence);
  const dynamodb = {
    Keys: { Id: NewImage.Id },
    NewImage,
    SequenceNumber: String(sequence),
    ApproximateCreationDateTime: Math.floor(Date.now() / 1000) - 5,
  };
  return JSON.stringify({ Records: [{ eventName: "MODIFY", dynamodb }] });
}

/** A base, a delta and a change in the change log. `base` is the folder of the base's files. */
async function withFilledLake(use: (lake: Lake, base: string) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    await writeExport(
      join(folder, "export"),
      Array.from({ length: ITEMS }, (_, i) => attributes(i)),
    );
    await using lake = await openLake(join(folder, "lake"));
    await lake.snapshot({ export: join(folder, "export") }, { name: "t", key: { hash: "Id" } });
    const [base = ""] = await readdir(join(folder, "lake", "t", "segments"));
    await lake.replay([{ name: "first", content: recorded(1) }]);
    await lake.table("t").compact();
    await lake.replay([{ name: "second", content: recorded(2) }]);
    await use(lake, base);
  });
}

interface Operator {
  readonly extra_info?: {
    readonly Projections?: string | readonly string[];
    readonly "Filename(s)"?: string;
  };
  readonly children?: readonly Operator[];
}

/** The columns that the statement reads of the files in `base`. */
async function columnsRead(lake: Lake, base: string, sql: string): Promise<readonly string[]> {
  const { value } = await lake
    .query(`EXPLAIN (ANALYZE, FORMAT json) ${sql}`)
    .arrays()
    [Symbol.asyncIterator]()
    .next();
  const found: string[] = [];
  const visit = ({ extra_info, children = [] }: Operator): void => {
    if (extra_info?.["Filename(s)"]?.includes(base)) found.push(...[extra_info.Projections ?? []].flat());
    children.forEach(visit);
  };
  visit(JSON.parse(String(value[1])) as Operator);
  return found.sort();
}

const READING: readonly (readonly [sql: string, columns: readonly string[]])[] = [
  ["SELECT author, count(*) FROM t GROUP BY author", ["_key", "author"]],
  ["SELECT count(*) FROM t", ["_key"]],
  ["SELECT avg(rating) FROM t", ["_key", "rating"]],
  ["SELECT id, rating FROM t WHERE id = 'item-7'", ["_key", "id", "rating"]],
];

test.each(firstOf(1, READING))(
  "%s reads of the base only what it names, and the key's hash",
  async (sql, columns) => {
    await withFilledLake(async (lake, base) => {
      expect(await columnsRead(lake, base, sql)).toEqual(columns);
    });
  },
);

test("a count of a table that is folded whole reads its smallest column", async () => {
  await withFilledLake(async (lake) => {
    await lake.table("t").compact({ all: true });
    expect(await columnsRead(lake, "rows.parquet", "SELECT count(*) FROM t")).toEqual(["_expired"]);
  });
});
