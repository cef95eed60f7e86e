/** `export` and `query --out`: plain files that say what the table says, to the last digit, or are not there at all. */
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { openDuckdb } from "../../src/embedded/duckdb/duckdb-session.ts";
import { done, dynalake, expectRefused, type ItemJson } from "../support/cli.ts";
import { deepTest } from "../support/deep-test.ts";
import { withFolder } from "../support/folders.ts";
import { writeExport } from "./export-fixture.ts";

const ITEMS: readonly ItemJson[] = [
  {
    Id: { S: "a" },
    Big: { N: "12345678901234567890123456789012345678" },
    Price: { N: "0.10" },
    Day: { S: "2026-11-01" },
  },
  {
    Id: { S: "b" },
    Big: { N: "1" },
    Price: { N: "100000000000000000.01" },
    Text: { S: '=1+1, "x"\n' },
    Day: { S: "2026-11-02" },
  },
  {
    Id: { S: "c" },
    Big: { N: "-1" },
    Text: { S: "" },
    Tags: { M: { n: { N: "0.10" }, l: { L: [{ S: "x" }] } } },
    Day: { S: "2026-11-02" },
  },
];

const SCHEMA = {
  table: "things",
  key: { hash: "Id" },
  attributes: {
    Id: { type: "string" },
    Big: { type: "decimal(38,0)" },
    Price: { type: "decimal(38,2)" },
    Text: { type: "string" },
    Day: { type: "date" },
    Tags: { type: "struct<n:decimal(10,2),l:array<string>>" },
  },
};

async function withLake(use: (folder: string, lake: string) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    const lake = join(folder, "lake");
    await writeExport(join(folder, "export"), ITEMS, { table: "Things" });
    await writeFile(join(folder, "things.json"), JSON.stringify(SCHEMA));
    await done([
      "snapshot",
      "--from-export",
      join(folder, "export"),
      "--schema",
      join(folder, "things.json"),
      "--lake",
      lake,
    ]);
    await use(folder, lake);
  });
}

/** What another reader of the files sees. */
async function readBack(folder: string, sql: string): Promise<readonly unknown[]> {
  const session = await openDuckdb({ threads: 1, memoryMegabytes: 256, temporaryFolder: folder });
  try {
    return await session.rows(sql);
  } finally {
    await session.close();
  }
}

test("Parquet holds the columns of the table, with every digit and type", async () => {
  await withLake(async (folder, lake) => {
    const out = join(folder, "out");
    expect(await done(["export", "--out", out, "--lake", lake])).toBe(
      `Exported 3 rows of things to ${out}\n`,
    );
    expect((await readdir(out)).sort()).toEqual(["_dynalake.json", "things.parquet"]);
    expect(JSON.parse(await readFile(join(out, "_dynalake.json"), "utf8"))).toMatchObject({
      table: "things",
      rows: 3,
    });
    const rows = await readBack(
      folder,
      `SELECT id, CAST(big AS VARCHAR) AS big, CAST(price AS VARCHAR) AS price, text, CAST(day AS VARCHAR) AS day, CAST(tags.n AS VARCHAR) AS n FROM '${out}/things.parquet' ORDER BY id`,
    );
    expect(rows).toEqual([
      {
        id: "a",
        big: "12345678901234567890123456789012345678",
        price: "0.10",
        text: null,
        day: "2026-11-01",
        n: null,
      },
      { id: "b", big: "1", price: "100000000000000000.01", text: '=1+1, "x"\n', day: "2026-11-02", n: null },
      { id: "c", big: "-1", price: null, text: "", day: "2026-11-02", n: "0.10" },
    ]);
    const [all] = await readBack(folder, `SELECT * FROM '${out}/things.parquet'`);
    expect(Object.keys(all as object)).toEqual(["id", "big", "price", "text", "day", "tags"]);
  });
});

test("CSV tells NULL from an empty text, and JSON lines keep every digit", async () => {
  await withLake(async (folder, lake) => {
    await done(["export", "--out", join(folder, "c"), "--format", "csv", "--lake", lake]);
    const csv = await readFile(join(folder, "c", "things.csv"), "utf8");
    expect(csv).toContain("id,big,price,text,day,tags\n");
    expect(csv).toContain("a,12345678901234567890123456789012345678,0.10,,2026-11-01,\n");
    expect(csv).toContain('c,-1,,"",2026-11-02,"{""n"":0.10,""l"":[""x""]}"\n');
    await done(["export", "--out", join(folder, "j"), "--format", "jsonl", "--lake", lake]);
    const lines = (await readFile(join(folder, "j", "things.jsonl"), "utf8")).trimEnd().split("\n");
    expect(lines).toHaveLength(3);
    expect(lines.find((line) => line.includes('"a"'))).toBe(
      '{"id":"a","big":12345678901234567890123456789012345678,"price":0.10,"text":null,"day":"2026-11-01","tags":null}',
    );
  });
});

deepTest("for Excel: no formulas, whole numbers, and its own line ends", async () => {
  await withLake(async (folder, lake) => {
    await done(["export", "--out", join(folder, "x"), "--format", "csv", "--excel", "--lake", lake]);
    const csv = await readFile(join(folder, "x", "things.csv"), "utf8");
    expect(csv.startsWith("\u{feff}id,big,price,text,day,tags\r\n")).toBe(true);
    expect(csv).toContain("a,'12345678901234567890123456789012345678,0.10,");
    expect(csv).toContain('b,1,\'100000000000000000.01,"\'=1+1, ""x""\n",');
    expect(csv).toContain("c,-1,");
  });
});

deepTest("folders by the values of columns, where every reader takes them for what they are", async () => {
  await withLake(async (folder, lake) => {
    const out = join(folder, "p");
    await done(["export", "--out", out, "--partition-by", "day,id", "--lake", lake]);
    expect((await readdir(out)).sort()).toEqual(["_dynalake.json", "day=2026-11-01", "day=2026-11-02"]);
    const rows = await readBack(
      folder,
      `SELECT id FROM read_parquet('${out}/*/*/*.parquet', hive_partitioning = true) ORDER BY id`,
    );
    expect(rows).toEqual([{ id: "a" }, { id: "b" }, { id: "c" }]);
    const refused = (column: string) =>
      dynalake(["export", "--out", join(folder, "q"), "--partition-by", column, "--lake", lake]);
    expectRefused(await refused("text"), { code: "USAGE", names: ["text", "NULL"] });
    expectRefused(await refused("big"), { code: "USAGE", names: ["big", "DECIMAL"] });
    expectRefused(await refused("none"), { code: "USAGE", names: ["none"] });
    expect((await readdir(folder)).filter((name) => name.includes("q"))).toEqual([]);
  });
});

test("what is there stays, unless it is an export that is to be replaced", async () => {
  await withLake(async (folder, lake) => {
    const out = join(folder, "out");
    const run = (...more: readonly string[]) => dynalake(["export", "--out", out, "--lake", lake, ...more]);
    await mkdir(out);
    await writeFile(join(out, "mine.txt"), "mine");
    expectRefused(await run(), { code: "USAGE", names: ["is there already"], next: "--overwrite" });
    expectRefused(await run("--overwrite"), { code: "USAGE", names: ["is not an export"] });
    expect(await readdir(out)).toEqual(["mine.txt"]);
    const [again, format] = [join(folder, "again"), ["--format", "csv", "--overwrite"]];
    await done(["export", "--out", again, "--lake", lake]);
    const said = await done(["export", "--out", again, "--lake", lake, ...format, "--dry-run"]);
    expect(said).toContain("in place of the export that is there. Nothing was written");
    expect((await readdir(again)).sort()).toEqual(["_dynalake.json", "things.parquet"]);
    expectRefused(await run("--dry-run"), { code: "USAGE", names: ["is there already"] });
    await done(["export", "--out", again, "--lake", lake, ...format]);
    expect((await readdir(again)).sort()).toEqual(["_dynalake.json", "things.csv"]);
    expectRefused(await dynalake(["export", "--out", join(folder, "e"), "--excel", "--lake", lake]), {
      code: "USAGE",
      names: ["--excel"],
    });
  });
});

test("a history, and the table of a time", async () => {
  await withLake(async (folder, lake) => {
    const event = {
      eventName: "REMOVE",
      dynamodb: { Keys: { Id: { S: "a" } }, SequenceNumber: "1", ApproximateCreationDateTime: 1_700_000_000 },
    };
    await writeFile(join(folder, "event.json"), JSON.stringify({ Records: [event] }));
    await done(["replay", join(folder, "event.json"), "--any-source", "--lake", lake]);
    await done(["export", "--out", join(folder, "h"), "--history", "--format", "jsonl", "--lake", lake]);
    const [line = ""] = (await readFile(join(folder, "h", "things.jsonl"), "utf8")).split("\n");
    expect(JSON.parse(line)).toMatchObject({ id: "a", _op: "REMOVE" });
    const early = ["export", "--out", join(folder, "t"), "--as-of", "2001-01-01", "--lake", lake];
    expectRefused(await dynalake(early), { code: "AS_OF_UNKNOWN", names: ["things"] });
  });
});

deepTest("statements come from a file or from standard input, and each is told apart", async () => {
  await withLake(async (folder, lake) => {
    const file = join(folder, "report.sql");
    await writeFile(file, "SELECT count(*) AS n FROM things; -- ; \nSELECT max(id) AS last FROM things;\n");
    expect(await done(["query", "--file", file, "--format", "csv", "--lake", lake])).toBe(
      "n\n3\n\nlast\nc\n",
    );
    const json = await done(["query", "--file", file, "--format", "json", "--lake", lake]);
    expect(json.trimEnd().split("}\n{").length).toBe(2);
    expect(json).toContain('{"statement":2,"rows":[\n{"last":"c"}\n]\n}\n');
    const input = await dynalake(["query", "-", "--lake", lake, "--format", "jsonl"], {
      stdin: "SELECT 1 AS one;",
    });
    expect(input).toMatchObject({ code: 0, stdout: '{"one":1}\n' });
    const broken = await dynalake(["query", "-", "--lake", lake, "--format", "csv"], {
      stdin: "SELECT 1 AS a;\nSELEC 2",
    });
    expect(broken).toMatchObject({
      code: 1,
      stdout: "a\n1\n\n",
      stderr: expect.stringContaining("statement 2, on line 2:"),
    });
    expectRefused(await dynalake(["query", "--lake", lake]), { code: "USAGE", names: ["--file"] });
    expectRefused(await dynalake(["query", "SELECT 1", "--file", file, "--lake", lake]), {
      code: "USAGE",
      names: ["--file"],
    });
    expectRefused(await dynalake(["query", "--file", join(folder, "none.sql"), "--lake", lake]), {
      code: "STORE_FAILED",
      names: ["none.sql"],
    });
    expectRefused(await dynalake(["query", "-", "--lake", lake], { stdin: " ; " }), {
      code: "USAGE",
      names: ["no statement"],
    });
    expectRefused(await dynalake(["query", "--file", file, "--out", join(folder, "o.csv"), "--lake", lake]), {
      code: "USAGE",
      names: ["2 statements"],
    });
  });
});

test("rows go to a file in the form that its name stands for, whole or not at all", async () => {
  await withLake(async (folder, lake) => {
    const query = (sql: string, name: string, ...more: readonly string[]) =>
      dynalake(["query", sql, "--out", join(folder, name), "--lake", lake, ...more]);
    expect(await query("SELECT id FROM things ORDER BY id", "r.csv")).toMatchObject({ code: 0, stdout: "" });
    expect(await readFile(join(folder, "r.csv"), "utf8")).toBe("id\na\nb\nc\n");
    expectRefused(await query("SELECT 1", "r.csv"), {
      code: "USAGE",
      names: ["is there already"],
      next: "--overwrite",
    });
    expect(await query("SELECT 1 AS a", "r.csv", "--overwrite")).toMatchObject({ code: 0 });
    expect(
      await query(
        "SELECT sum(CAST(big AS HUGEINT)) AS total, [1::HUGEINT] AS l FROM things; -- all",
        "r.parquet",
      ),
    ).toMatchObject({ code: 0 });
    const rows = await readBack(
      folder,
      `SELECT CAST(total AS VARCHAR) AS total, typeof(l) AS l FROM '${folder}/r.parquet'`,
    );
    expect(rows).toEqual([{ total: "12345678901234567890123456789012345678", l: "DECIMAL(38,0)[]" }]);
    const before = await readdir(folder);
    expectRefused(
      await query("SELECT 170000000000000000000000000000000000000::HUGEINT AS h", "big.parquet"),
      { code: "SQL_FAILED", names: ['"h"', "38 digits"], next: "VARCHAR" },
    );
    expectRefused(await query("SELECT id, 1 / CAST(price AS INT) FROM nowhere", "bad.json"), {
      code: "SQL_FAILED",
      names: ["nowhere"],
    });
    expectRefused(await query("SELECT * FROM '/etc/passwd'", "bad.parquet"), {
      code: "SQL_FAILED",
      names: ["never files"],
    });
    expectRefused(await query("SELECT 1", "bad.xyz"), {
      code: "USAGE",
      names: ["bad.xyz"],
      next: "--format",
    });
    expectRefused(await dynalake(["query", "SELECT 1", "--format", "parquet", "--lake", lake]), {
      code: "USAGE",
      names: ["Parquet"],
      next: "--out",
    });
    expect(await readdir(folder)).toEqual(before);
  });
});
