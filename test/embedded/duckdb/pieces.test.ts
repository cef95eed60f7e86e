/** Segments whose rows come in pieces: each piece is sorted and written as a file of its own. */
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import type { Segment } from "../../../src/core/format/manifest.ts";
import { literal } from "../../../src/core/ports/dialect.ts";
import { parseSchema } from "../../../src/core/schema/schema.ts";
import { type LakeFolder, openLakeFolder } from "../../../src/embedded/folder/lake-folder.ts";
import { withFolder } from "../../support/folders.ts";

const schema = parseSchema(
  { table: "t", key: { hash: "Id" }, attributes: { Id: { type: "bigint" } } },
  "test",
);

/** Base rows of the ids from `from` on, in descending order. */
function rows(from: number, below: number): string {
  return `SELECT CAST(${below - 1 + from} - i AS bigint) AS id, 'SNAPSHOT' AS _op, repeat('0', 40) AS _version,
    TIMESTAMP '2026-01-01 00:00:00' AS _changed_at, false AS _expired, CAST(NULL AS varchar) AS _unmapped,
    CAST(md5(CAST(i AS varchar)) AS uuid) AS _key FROM range(${from}, ${below}) AS r(i)`;
}

const SHARES = [
  [0, 3],
  [3, 3],
  [3, 7],
  [7, 8],
] as const;

async function staged(
  { engine }: LakeFolder,
  pieces: readonly string[],
  cut: { readonly parts: readonly { readonly part: string; readonly where?: string }[] },
): Promise<readonly Segment[]> {
  return engine.stage({
    ...{ schema, run: "r", kind: "base", rows: rows(0, 8), pieces, cut },
    sortBy: ["id"],
    constants: [{ name: "_op", value: "'SNAPSHOT'" }],
  });
}

function inLake(use: (lake: LakeFolder) => Promise<void>): () => Promise<void> {
  return () =>
    withFolder(async (folder) => {
      const lake = await openLakeFolder(folder);
      try {
        await use(lake);
      } finally {
        await lake.close();
      }
    });
}

describe("a segment in pieces", () => {
  const pieces = SHARES.map(([from, below]) => rows(from, below));

  test(
    "has a sorted file for each, and all of its rows",
    inLake(async (lake) => {
      const segments = await staged(lake, pieces, { parts: [{ part: "b0000" }] });
      expect(segments).toMatchObject([{ id: "b-r-b0000", rows: 8, files: 4 }]);
      const files = await lake.store.list("t/segments/r/b0000/");
      expect(files.map(({ path }) => path.split("/").at(-1)).sort()).toEqual([
        "rows-0.parquet",
        "rows-1.parquet",
        "rows-2.parquet",
        "rows-3.parquet",
      ]);
      expect(segments[0]?.bytes).toBe(files.reduce((sum, { bytes }) => sum + bytes, 0));
      const ids = async (relation: string): Promise<readonly number[]> =>
        (await lake.engine.rows(`SELECT id FROM ${relation}`)).map(({ id }) => Number(id));
      const each: (readonly number[])[] = [];
      for (const { path } of files) each.push(await ids(literal(join(lake.root, path))));
      expect(each.sort()).toEqual([[], [0, 1, 2], [3, 4, 5, 6], [7]]);
      const all = await ids(`${lake.engine.segments(schema, segments)} ORDER BY id`);
      expect(all).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    }),
  );

  test(
    "is one file, where conditions divide the rows or there is one piece",
    inLake(async (lake) => {
      const parts = [
        { part: "even", where: "id % 2 = 0" },
        { part: "odd", where: "id % 2 = 1" },
      ];
      for (const segments of [
        await staged(lake, pieces, { parts }),
        await staged(lake, [rows(0, 8)], { parts: [{ part: "all" }] }),
      ]) {
        for (const segment of segments) expect(segment.files).toBeUndefined();
        const [read] = await lake.engine.rows(
          `SELECT count(DISTINCT id) AS ids FROM ${lake.engine.segments(schema, segments)}`,
        );
        expect(Number(read?.ids)).toBe(8);
      }
    }),
  );

  test(
    "is none, where no piece has rows",
    inLake(async (lake) => {
      const none = [rows(0, 0), rows(5, 5)];
      expect(await staged(lake, none, { parts: [{ part: "b0000" }] })).toEqual([]);
      expect(await lake.store.list("t/segments/")).toEqual([]);
    }),
  );
});
