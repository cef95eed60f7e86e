/** Major compactions of a large part: its keys are cut into ranges, each of which is sorted and written as a file of its own. */
import { expect, test } from "@jest/globals";
import { compactMajor, compactMinor } from "../../../src/core/compaction/compact.ts";
import { DEFAULT_POLICY } from "../../../src/core/compaction/compaction-policy.ts";
import { seed } from "../../../src/core/compaction/seed.ts";
import { baseSegments } from "../../../src/core/format/manifest.ts";
import { parseSchema } from "../../../src/core/schema/schema.ts";
import { requireTable } from "../../../src/core/table/open-table.ts";
import { writeSchema } from "../../../src/core/table/schema-file.ts";
import { openLakeFolder } from "../../../src/embedded/folder/lake-folder.ts";
import { openLake } from "../../../src/index.ts";
import { newRunId, nowSeconds } from "../../../src/sdk/new-run-id.ts";
import { withFolder } from "../../support/folders.ts";

const ITEMS = 60;
const ROWS_PER_FILE_MAX = 5;

const SCHEMA = parseSchema(
  {
    ...{ table: "t", source: "T", key: { hash: "Id" }, partitionBy: "bucket(2)" },
    attributes: { Id: { type: "string" }, Value: { type: "int" } },
  },
  "a test",
);

interface Version {
  readonly number: number;
  /** The item's value, or undefined where it is removed. */
  readonly valueOf: (id: number) => number | undefined;
}

const idOf = (id: number): string => `item-${String(id).padStart(3, "0")}`;

/** A snapshot's items: those below ITEMS, with their numbers. */
const STAGED = `(SELECT *, substr(sha256('S\\x00\\x00\\x00\\x08'::BLOB || encode(id)), 1, 32) AS _key FROM (
SELECT printf('item-%03d', range) AS id, CAST(range AS VARCHAR) AS "value", CAST(NULL AS VARCHAR) AS _unmapped FROM range(${ITEMS})))`;

/** After it: changes to every third item, of which every ninth is removed, and new ones; then others. */
const VERSIONS: readonly Version[] = [
  { number: 2, valueOf: (id) => (id % 9 === 0 ? undefined : id % 3 === 0 || id >= ITEMS ? -id : id) },
  { number: 3, valueOf: (id) => (id % 5 === 0 ? 1000 + id : id % 9 === 0 ? undefined : id) },
];

function records(version: Version): string {
  const lines = Array.from({ length: ITEMS + 9 }, (_, id) => {
    const Keys = { Id: { S: idOf(id) } };
    const value = version.valueOf(id);
    const image = value === undefined ? {} : { NewImage: { ...Keys, Value: { N: String(value) } } };
    const dynamodb = {
      ...{ Keys, ...image, SequenceNumber: String(version.number * 1000 + id) },
      ApproximateCreationDateTime: nowSeconds() - 600,
    };
    return JSON.stringify({ eventName: value === undefined ? "REMOVE" : "INSERT", dynamodb });
  });
  return lines.join("\n");
}

/** After each version's compaction: the table's rows as text, and how many files its parts have. */
async function compacted(rowsPerFileMax: number): Promise<{ rows: string[]; files: number[][] }> {
  return withFolder(async (root) => {
    await using library = await openLake(root);
    const seen: { rows: string[]; files: number[][] } = { rows: [], files: [] };
    const lake = await openLakeFolder(root);
    try {
      await writeSchema(lake.store, SCHEMA);
      await seed({
        ...{ store: lake.store, engine: lake.engine, schema: SCHEMA, run: newRunId() },
        ...{ staged: STAGED, items: ITEMS, nowSeconds, deliveryDelaySeconds: 0, snapshotsKept: 1 },
        ...{ exportTimeSeconds: nowSeconds() - 3600, cutSeconds: nowSeconds() - 3600 },
      });
      const engine = { ...lake.engine, rowsPerFileMax };
      for (const version of VERSIONS) {
        await library.replay([{ name: "records", content: records(version) }], { name: "t" });
        const policy = { ...DEFAULT_POLICY, settleSeconds: 0 };
        const context = { store: lake.store, engine, schema: SCHEMA, policy, newRunId, nowSeconds };
        await compactMinor(context);
        await compactMajor(context, "all");
        const { manifest } = await requireTable(lake.store, "t");
        seen.files.push(baseSegments(manifest).map(({ files = 1 }) => files));
        seen.rows.push(JSON.stringify(await library.query("SELECT id, value FROM t ORDER BY id").all()));
      }
      return seen;
    } finally {
      await lake.close();
    }
  });
}

test("a part is cut into twice as many files where they would have too many rows, and has the same rows", async () => {
  const whole = await compacted(Number.POSITIVE_INFINITY);
  const inRanges = await compacted(ROWS_PER_FILE_MAX);
  expect(inRanges.rows).toEqual(whole.rows);
  expect(whole.files).toEqual(VERSIONS.map(() => [1, 1]));
  expect(inRanges.files.at(-1)?.every((files) => files === 4)).toBe(true);
});
