/** Attributes whose names are not ASCII are queried by their own names, in the table, its history and its snapshots. */
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { done, dynalake, lakeItems, rowsOf } from "../support/cli.ts";
import { withFolder } from "../support/folders.ts";
import { writeExport } from "./export-fixture.ts";

const item = (id: string, name: string, size: string) => ({
  id: { S: id },
  名前: { S: name },
  größe: { N: size },
  住所: { M: { 市: { S: "東京" } } },
  имя: { S: "Анна" },
});

test("names of other scripts are names in SQL, whatever the files call the columns", async () => {
  await withFolder(async (folder) => {
    const lake = join(folder, "lake");
    const items = [item("1", "田中", "5"), item("2", "佐藤", "7")];
    await writeExport(join(folder, "export"), items, { table: "Kunden" });
    await done(["snapshot", "--from-export", join(folder, "export"), "--key", "id", "--lake", lake]);
    const sql = 'SELECT "名前" AS n, имя AS i, "größe" + 1 AS g, 住所[\'市\'] AS c FROM kunden ORDER BY id';
    expect(await rowsOf(lake, sql)).toEqual([
      '{"n":"田中","i":"Анна","g":6,"c":"東京"}',
      '{"n":"佐藤","i":"Анна","g":8,"c":"東京"}',
    ]);
    const taken = await rowsOf(
      lake,
      'SELECT "名前" AS n, ddb_export_timestamp IS NOT NULL AS t FROM kunden_snapshots',
    );
    expect(taken).toHaveLength(2);
    expect(await rowsOf(lake, 'SELECT "名前", dt, hr FROM kunden_history')).toEqual([]);
    expect(await rowsOf(lake, "SELECT count(u540du524d) AS n FROM kunden__segments")).toEqual(['{"n":2}']);
    const all = await dynalake(["query", "SELECT * FROM kunden", "--lake", lake, "--format", "csv"]);
    expect(all.stdout).toMatch(
      /^id,(?=.*名前)(?=.*größe)(?=.*имя).*,_op,_version,_changed_at,_expired,_unmapped\n/,
    );
    expect(await lakeItems(lake)).toHaveLength(2);
    expect(await done(["schema", "drift", "--lake", lake])).toBe("kunden: SQL shows every value\n");
  });
});
