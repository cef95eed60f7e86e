/** `dynalake_tables`: a statement can say how old a table is and whether it is whole. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { done, dynalake } from "../support/cli.ts";
import { withFolder } from "../support/folders.ts";
import { writeExport } from "./export-fixture.ts";

const EXPORTED = "2026-01-10T10:00:00.000Z";

async function snapshot(folder: string, name: string, price: object): Promise<string> {
  const lake = join(folder, "lake");
  const items = [
    { id: { S: "a" }, price: { N: "1" } },
    ...Array.from({ length: 20 }, (_, i) => ({ id: { S: `b${i}` }, price: { N: "2" } })),
    { id: { S: "c" }, price },
  ];
  await writeExport(join(folder, name), items, { table: name, exportTime: EXPORTED });
  await done(["snapshot", "--from-export", join(folder, name), "--key", "id", "--lake", lake]);
  return lake;
}

async function tables(lake: string, columns: string): Promise<readonly unknown[]> {
  const statement = `SELECT ${columns} FROM dynalake_tables ORDER BY table_name`;
  return JSON.parse(await done(["query", statement, "--format", "json", "--lake", lake]));
}

test("it has a row for each table, with moments, and with what is missing", async () => {
  await withFolder(async (folder) => {
    await snapshot(folder, "Orders", { N: "3" });
    const lake = await snapshot(folder, "Parts", { S: "N/A" });
    const record = { eventName: "INSERT", dynamodb: { SequenceNumber: "1" } };
    await writeFile(join(folder, "bad.json"), JSON.stringify({ Records: [record] }));
    await dynalake(["replay", join(folder, "bad.json"), "--name", "orders", "--lake", lake]);
    expect(
      await tables(
        lake,
        "table_name, source, last_snapshot, newest_change, is_whole, put_aside, open_gaps, drift, rows",
      ),
    ).toEqual([
      {
        table_name: "orders",
        source: "Orders",
        last_snapshot: "2026-01-10T10:00:00Z",
        newest_change: null,
        is_whole: false,
        put_aside: 1,
        open_gaps: 0,
        drift: null,
        rows: 22,
      },
      {
        table_name: "parts",
        source: "Parts",
        last_snapshot: "2026-01-10T10:00:00Z",
        newest_change: null,
        is_whole: true,
        put_aside: 0,
        open_gaps: 0,
        drift: "price",
        rows: 22,
      },
    ]);
    expect(await tables(lake, "last_compaction IS NULL AS none")).toEqual([{ none: true }, { none: true }]);
    const joined =
      "SELECT count(*) AS n, max(as_of) IS NOT NULL AS dated FROM parts, dynalake_tables WHERE table_name = 'parts'";
    expect(await done(["query", joined, "--format", "csv", "--lake", lake])).toBe("n,dated\n22,true\n");
    expect(await done(["query", "SHOW TABLES", "--format", "csv", "--lake", lake])).toContain(
      "dynalake_tables\n",
    );
  });
});
