/** A snapshot of more items than the engine sorts at once. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { ROWS_PER_FILE_MAX } from "../../../src/embedded/duckdb/duckdb-engine.ts";
import { done, rowsOf } from "../../support/cli.ts";
import { writeExport } from "../../support/export-folder.ts";
import { withFolder } from "../../support/folders.ts";

const ITEMS = 400_000;
const FILES = 2;

test("a snapshot of many items has all of them, in files of which none is too large to be sorted", () =>
  withFolder(async (folder) => {
    const line = (i: number): string => `{"Item":{"Id":{"S":"k${i}"},"N":{"N":"${i}"}}}`;
    const content = Array.from({ length: FILES }, (_, file) =>
      Array.from({ length: ITEMS / FILES }, (_, i) => line(i * FILES + file)),
    );
    await writeExport(folder, { files: content.map((lines) => ({ content: lines })) });
    const lake = join(folder, "lake");
    await done(["snapshot", "--from-export", folder, "--key", "Id", "--name", "t", "--lake", lake]);
    const total = (ITEMS * (ITEMS - 1)) / 2;
    expect(
      await rowsOf(lake, "SELECT count(*) AS items, count(DISTINCT id) AS keys, sum(n) AS total FROM t"),
    ).toEqual([JSON.stringify({ items: ITEMS, keys: ITEMS, total })]);
    expect(await rowsOf(lake, `SELECT n FROM t WHERE id = 'k${ITEMS - 1}'`)).toEqual([
      JSON.stringify({ n: ITEMS - 1 }),
    ]);
    const manifest = JSON.parse(await readFile(join(lake, "t", "manifest", "000000000001.json"), "utf8"));
    const files = Math.ceil(ITEMS / ROWS_PER_FILE_MAX);
    expect(manifest.segments).toMatchObject([{ part: "b0000", rows: ITEMS, files }]);
  }));
