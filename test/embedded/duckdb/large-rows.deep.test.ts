/** Large rows, more than fit into a session's memory, in every statement that compactions and views need. */
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { parseSchema } from "../../../src/core/schema/schema.ts";
import { duckdb } from "../../../src/core/sql/duckdb.ts";
import { newestRows } from "../../../src/core/sql/overlay.ts";
import { copyToParquet } from "../../../src/embedded/duckdb/duckdb-engine.ts";
import { type LakeFolder, openLakeFolder } from "../../../src/embedded/folder/lake-folder.ts";
import { streamedRows } from "../../../src/embedded/reading/items.ts";
import { withFolder } from "../../support/folders.ts";

const MEMORY_MEGABYTES = 300;
const ROWS = 100_000;

const schema = parseSchema(
  { table: "t", key: { hash: "Id" }, attributes: { Id: { type: "string" }, Text: { type: "string" } } },
  "test",
);

/** Segment rows of six kilobytes each, twice as many as fit into memory. */
const rows = `(SELECT lpad(CAST(i * 7919 % ${ROWS} AS varchar), 8, '0') AS id,
  i || repeat('abcdefghijklmnopqrstuvwxyz', 230) AS text, 'INSERT' AS _op, lpad(CAST(i AS varchar), 40, '0') AS _version,
  TIMESTAMP '2026-01-01 00:00:00' AS _changed_at, false AS _expired, CAST(NULL AS varchar) AS _unmapped,
  CAST(i AS uhugeint) AS _key FROM range(${ROWS}) AS r(i))`;

function withLake<T>(use: (lake: LakeFolder) => Promise<T>): Promise<T> {
  return withFolder(async (folder) => {
    const lake = await openLakeFolder(join(folder, "lake"), {
      threads: 1,
      memoryMegabytes: MEMORY_MEGABYTES,
    });
    try {
      return await use(lake);
    } finally {
      await lake.close();
    }
  });
}

describe("more than the memory", () => {
  test("becomes a segment, though it cannot be sorted", async () => {
    await withLake(async (lake) => {
      const sorted = copyToParquet(lake.session, `SELECT * FROM ${rows} ORDER BY id`, {
        file: join(lake.root, "a.parquet"),
      });
      await expect(sorted).rejects.toMatchObject({
        code: "ENGINE_FAILED",
        next: expect.stringContaining("memory"),
      });
      const [segment] = await lake.engine.stage({
        schema,
        run: "run",
        kind: "base",
        rows: `SELECT * FROM ${rows}`,
        sortBy: ["id"],
        cut: { parts: [{ part: "b0000" }] },
      });
      expect(segment).toMatchObject({ rows: ROWS });
      const counted = `SELECT count(DISTINCT id) AS ids, count(DISTINCT md5(text)) AS texts FROM ${lake.engine.segments(schema, segment === undefined ? [] : [segment])}`;
      expect(await lake.engine.rows(counted)).toEqual([{ ids: BigInt(ROWS), texts: BigInt(ROWS) }]);
    });
  });

  test("has its newest rows found", async () => {
    await withLake(async (lake) => {
      const newest = newestRows(duckdb, schema, [
        rows,
        `(SELECT * REPLACE ('older' AS text, '0' AS _version) FROM ${rows})`,
      ]);
      const file = join(lake.root, "newest.parquet");
      expect(await copyToParquet(lake.session, newest, { file })).toBe(ROWS);
    });
  });
});

test("rows come some at a time, however many the engine gives", async () => {
  await withLake(async (lake) => {
    const pieces: number[] = [];
    for await (const piece of streamedRows(lake, "SELECT i FROM range(5000) AS r(i)", ([i]) => i))
      pieces.push(piece.length);
    expect(pieces.reduce((sum, length) => sum + length)).toBe(5000);
    expect(Math.max(...pieces)).toBeLessThanOrEqual(128);
  });
});
