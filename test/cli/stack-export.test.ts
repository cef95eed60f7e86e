/** `export` and `restore` of a deployment: Athena computes the rows, and what is made of them is the same as of a folder's. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import "../../src/aws/segments-table.ts";
import "../../src/cli/commands/export.ts";
import "../../src/cli/commands/restore.ts";
import "../../src/stack/export.ts";
import "../../src/stack/open-stack.ts";
import "../../src/stack/read-bound.ts";
import "../../src/stack/restore.ts";
import { sourceEntryPath } from "../../src/core/format/deployment-path.ts";
import { manifestPath, quarantinePath, schemaPath } from "../../src/core/format/lake-path.ts";
import { initialManifest, type Manifest, manifestText } from "../../src/core/format/manifest.ts";
import { openDuckdb } from "../../src/embedded/duckdb/duckdb-session.ts";
import { done, dynalake, expectRefused, itemTexts } from "../support/cli.ts";
import { deepTest } from "../support/deep-test.ts";
import { type FakeCloud, fakeCloud } from "../support/fake-cloud.ts";
import { registryKeys } from "../support/fake-stack.ts";
import { fakeUnloads, parquetOf } from "../support/fake-unloads.ts";
import { withFolder } from "../support/folders.ts";
import { sourceEntry } from "../support/registry.ts";
import { withProxy } from "./answering-proxy.ts";
import { likeFile } from "./book-lake.ts";
import { fileEmulator } from "./file-emulator.ts";
import { SourceTable } from "./source-table.ts";

const SCHEMA = {
  table: "books",
  source: "Books",
  key: { hash: "User", range: "Book" },
  attributes: {
    User: { type: "string" },
    Book: { type: "string" },
    Price: { type: "decimal(38,9)" },
    At: { type: "timestamp" },
    Tags: { type: "struct<Name:string,Sizes:array<bigint>>" },
  },
};

const PRICE = "12345678901234567890123456789.123456789";
const emulator = fileEmulator();
const athena = fakeUnloads();
let cloud: FakeCloud;

beforeAll(async () => {
  cloud = await fakeCloud(athena.answer);
  Object.assign(process.env, cloud.env);
});

afterAll(() => cloud.close());

beforeEach(() => {
  athena.keys = new Map(registryKeys([{ table: "books", source: "Books" }]));
  athena.keys.set(schemaPath("books"), JSON.stringify(SCHEMA));
  athena.rows = undefined;
});

/** As Athena writes them: names in lower case, times of milliseconds. */
const shownRows = (): Promise<Uint8Array> =>
  parquetOf(`SELECT 'ann' AS "user", 'Dune' AS book, ${PRICE}::DECIMAL(38,9) AS price,
    TIMESTAMP_MS '2026-11-23 01:02:03.45' AS at, {name: 'x', sizes: [9007199254740993]} AS tags, true AS _is_unmapped
    UNION ALL SELECT 'bob', 'It', NULL, NULL, NULL, false`);

/** The rows of the items, in the form of the wire. */
const itemRows = (): Promise<Uint8Array> =>
  parquetOf(`SELECT 'ann' AS "user", 'Dune' AS book, '${PRICE}' AS price, '2026-11-23T01:02:03.450Z' AS at,
    NULL AS tags, '{"More":{"S":"m"}}' AS _unmapped
    UNION ALL SELECT 'bob', 'It', NULL, NULL, NULL, NULL`);

test("an export has every digit in each format, and what Athena wrote is gone", async () => {
  await withFolder(async (folder) => {
    athena.rows = await shownRows();
    const to = (name: string) => ["export", "--stack", "S", "--out", join(folder, name)];
    const exported = await dynalake([...to("parquet"), "--json"]);
    expect(exported).toMatchObject({ code: 0 });
    expect(JSON.parse(exported.stdout)).toMatchObject({ table: "books", format: "parquet", rows: 2 });
    expect(exported.stderr).toContain('Athena reads at most 0 bytes of "books": less than $0.01');
    expect(exported.stderr).toContain("1 item has attributes that no column holds");
    expect(await readdir(join(folder, "parquet"))).toEqual(["_dynalake.json", "books.parquet"]);
    expect(athena.left.size).toBe(0);
    expect(athena.statements.at(-1)).toMatch(
      /^UNLOAD \(SELECT "user", "book", "price", "at", "tags", _unmapped IS NOT NULL[\s\S]*TO 's3:\/\/bucket\/_athena\/unload-/,
    );
    const session = await openDuckdb({ threads: 1, memoryMegabytes: 300, temporaryFolder: folder });
    const file = join(folder, "parquet", "books.parquet");
    const described = await session.rows(`DESCRIBE FROM '${file}'`);
    expect(described.map(({ column_name: name, column_type: type }) => [name, type])).toEqual([
      ["user", "VARCHAR"],
      ["book", "VARCHAR"],
      ["price", "DECIMAL(38,9)"],
      ["at", "TIMESTAMP"],
      ["tags", 'STRUCT("name" VARCHAR, sizes BIGINT[])'],
    ]);
    expect(await session.rows(`SELECT price::VARCHAR AS price FROM '${file}' WHERE price > 0`)).toEqual([
      { price: PRICE },
    ]);
    await session.close();

    await done([...to("csv"), "--format", "csv"]);
    expect(await readFile(join(folder, "csv", "books.csv"), "utf8")).toBe(
      `user,book,price,at,tags\nann,Dune,${PRICE},2026-11-23 01:02:03.45,"{""name"":""x"",""sizes"":[9007199254740993]}"\nbob,It,,,\n`,
    );
    await done([...to("jsonl"), "--format", "jsonl"]);
    expect(await readFile(join(folder, "jsonl", "books.jsonl"), "utf8")).toContain(
      `"price":${PRICE},"at":"2026-11-23T01:02:03.45Z","tags":{"name":"x","sizes":[9007199254740993]}}`,
    );
    expectRefused(await dynalake(to("csv")), { code: "USAGE", names: ["is there already"] });
  });
});

deepTest(
  "a table without rows is exported with its columns, and a history with those of dynalake",
  async () => {
    await withFolder(async (folder) => {
      const out = (name: string) => [
        "export",
        "--stack",
        "S",
        "--format",
        "csv",
        "--out",
        join(folder, name),
      ];
      await done(out("empty"));
      expect(await readFile(join(folder, "empty", "books.csv"), "utf8")).toBe("user,book,price,at,tags\n");
      await done([...out("history"), "--history"]);
      expect(await readFile(join(folder, "history", "books.csv"), "utf8")).toBe(
        "user,book,price,at,tags,_op,_version,_changed_at,_expired,_unmapped,dt,hr\n",
      );
    });
  },
);

test("a reader's statements run in the reader's work group", async () => {
  await withFolder(async (folder) => {
    athena.rows = await shownRows();
    const group = ["--stack", "S", "--work-group", "lake-analysts"];
    await done(["export", ...group, "--out", join(folder, "out")]);
    athena.rows = await itemRows();
    await likeFile(folder);
    const like = ["--like", join(folder, "like.json"), "--to", "OfReader"];
    const place = ["--endpoint", emulator.endpoint, "--work-dir", join(folder, "work")];
    await done(["restore", ...group, ...like, ...place]);
    const started = cloud.requests.filter(({ operation }) => operation === "StartQueryExecution");
    expect(started.slice(-2).map(({ input }) => input?.WorkGroup)).toEqual([
      "lake-analysts",
      "lake-analysts",
    ]);
  });
});

test("an export without columns of its own takes no mark along, and one beside a column of that name has another", async () => {
  await withFolder(async (folder) => {
    const out = (name: string) => ["export", "--stack", "S", "--format", "csv", "--out", join(folder, name)];
    await done([...out("whole"), "--metadata"]);
    expect(athena.statements.at(-1)).not.toContain("_is_unmapped");
    const attributes = { ...SCHEMA.attributes, _Is_Unmapped: { type: "boolean" } };
    athena.keys.set(schemaPath("books"), JSON.stringify({ ...SCHEMA, attributes }));
    athena.rows =
      await parquetOf(`SELECT 'ann' AS "user", 'Dune' AS book, NULL AS price, NULL AS at, NULL AS tags,
      false AS _is_unmapped, true AS _is_unmapped_`);
    const exported = await dynalake(out("named"));
    expect(exported).toMatchObject({ code: 0, stderr: expect.stringContaining("1 item has attributes") });
    expect(await readFile(join(folder, "named", "books.csv"), "utf8")).toBe(
      "user,book,price,at,tags,_is_unmapped\nann,Dune,,,,false\n",
    );
  });
});

test("a folder that cannot be written is told before Athena hears of it", async () => {
  const before = athena.statements.length;
  await withFolder(async (folder) => {
    const out = join(folder, "none", "out");
    expectRefused(await dynalake(["export", "--stack", "S", "--out", out]), {
      code: "USAGE",
      names: ["its folder does not exist"],
      next: "Make the folder first",
    });
  });
  expect(athena.statements).toHaveLength(before);
});

/** The lake table has 250 GB, by its manifest. */
function grow(): void {
  const segment = { id: "b-r-0", run: "r", part: "0", kind: "base", rows: 1, bytes: 250e9 };
  const manifest = { ...initialManifest(1), sequence: 1, run: "r", segments: [segment] } as Manifest;
  athena.keys.set(manifestPath("books", 1), manifestText(manifest));
}

test("what would read more than is expected is refused before Athena hears of it", async () => {
  grow();
  const before = athena.statements.length;
  await withFolder(async (folder) => {
    const out = ["export", "--stack", "S", "--out", join(folder, "out")];
    expectRefused(await dynalake(out), {
      code: "USAGE",
      names: ["250 GB", "$1.25"],
      next: "--confirm-above 250",
    });
    expect(athena.statements).toHaveLength(before);
    expect(await dynalake([...out, "--confirm-above", "250"])).toMatchObject({ code: 0 });
  });
});

deepTest(
  "a restore puts the items that Athena read, and compares them; nothing is left but the table",
  async () => {
    await withFolder(async (folder) => {
      athena.rows = await itemRows();
      const work = join(folder, "work");
      const restore = (...more: readonly string[]) => [
        ...["restore", "--stack", "S", "--endpoint", emulator.endpoint, "--work-dir", work],
        ...["--like", join(folder, "like.json"), "--to", "Restored", "--json", ...more],
      ];
      await likeFile(folder);
      const before = athena.statements.length;
      const planned = await dynalake(restore("--dry-run"));
      expect({ code: planned.code, ...JSON.parse(planned.stdout) }).toMatchObject({
        code: 0,
        makesTable: true,
      });
      expect(athena.statements).toHaveLength(before);

      const restored = await dynalake(restore());
      expect({ code: restored.code, ...JSON.parse(restored.stdout) }).toMatchObject({
        code: 0,
        result: "identical",
        items: 2,
        written: 2,
      });
      const At = { S: "2026-11-23T01:02:03.450Z" };
      const whole = { User: { S: "ann" }, Book: { S: "Dune" }, Price: { N: PRICE }, At, More: { S: "m" } };
      expect(await SourceTable.known(emulator.connection, "Restored").items()).toEqual(
        itemTexts([whole, { User: { S: "bob" }, Book: { S: "It" } }]),
      );
      expect(athena.left.size).toBe(0);
      expect(await readdir(join(work, "bucket", "_restores", "books"))).toEqual([]);
      const verified = await dynalake(
        restore("--verify").filter((word, i, all) => word !== "--like" && all[i - 1] !== "--like"),
      );
      expect(JSON.parse(verified.stdout)).toMatchObject({ result: "identical", items: 2 });
    });
  },
);

test("a restore reads in Athena what its user agreed to, and only once, though it is cut", async () => {
  await withFolder(async (folder) => {
    grow();
    athena.rows = await itemRows();
    await likeFile(folder);
    const restore = (endpoint: string, ...more: readonly string[]) => [
      ...["restore", "--stack", "S", "--endpoint", endpoint, "--work-dir", join(folder, "work")],
      ...["--like", join(folder, "like.json"), "--to", "Cut", "--json", ...more],
    ];
    const before = athena.statements.length;
    expectRefused(await dynalake(restore(emulator.endpoint)), {
      code: "USAGE",
      names: ["250 GB"],
      next: "--confirm-above 250",
    });
    expect(athena.statements).toHaveLength(before);
    let made = false;
    const cutOnceMade = (operation: string): object | undefined => {
      if (operation === "CreateTable") made = true;
      return made && operation === "DescribeTable" ? { Table: { TableStatus: "DELETING" } } : undefined;
    };
    await withProxy(emulator.endpoint, cutOnceMade, async (endpoint) => {
      const cut = await dynalake(restore(endpoint, "--confirm-above", "250"));
      expect({ code: cut.code, made }).toEqual({ code: 1, made: true });
    });
    const after = athena.statements.length;
    const restored = await dynalake(restore(emulator.endpoint));
    expect(JSON.parse(restored.stdout)).toMatchObject({ goesOn: true, result: "identical", items: 2 });
    expect(athena.statements).toHaveLength(after);
  });
});

test("a table that may lack something is not restored, unless it is asked for", async () => {
  await withFolder(async (folder) => {
    athena.keys.set(quarantinePath("books", "no-key", "x"), "{}\n");
    athena.keys.set("aws/lambda/Books-mapping/shardId-1/2026/11/23/2026-11-23T01.02.03-x", "{}");
    await likeFile(folder);
    const restore = [
      ...["restore", "--stack", "S", "--endpoint", emulator.endpoint, "--work-dir", join(folder, "work")],
      ...["--like", join(folder, "like.json"), "--to", "Lacking", "--dry-run"],
    ];
    expectRefused(await dynalake(restore), {
      code: "INCOMPLETE",
      names: ["1 file with changes are not delivered yet", "1 file of records are in quarantine"],
      next: "--incomplete",
    });
    expect(await dynalake([...restore, "--incomplete"])).toMatchObject({ code: 0 });
  });
});

test("a table of the same name as a source of another account is none", async () => {
  await withFolder(async (folder) => {
    await SourceTable.create(emulator.connection, "Books", "no stream");
    await likeFile(folder);
    const restore = [
      ...["restore", "--stack", "S", "--endpoint", emulator.endpoint, "--work-dir", join(folder, "work")],
      ...["--like", join(folder, "like.json"), "--to", "Books", "--dry-run"],
    ];
    expectRefused(await dynalake(restore), {
      code: "USAGE",
      names: ["is the source of"],
      next: "--into-source",
    });
    const ownerRole = "arn:aws:iam::2:role/owner";
    athena.keys.set(sourceEntryPath("Books"), JSON.stringify(sourceEntry("Books", { ownerRole })));
    expect(await dynalake(restore)).toMatchObject({ code: 0 });
  });
});
