/** What a user does, from an empty folder to a lake that follows its table, on a real emulator. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import {
  done,
  dynalake,
  dynalakes,
  expectRefused,
  fingerprint,
  lakeItems,
  nextSecond,
  rowsOf,
  until,
} from "../support/cli.ts";
import { startDynalakeProcess } from "../support/cli-process.ts";
import { deepTest } from "../support/deep-test.ts";
import { withFolder } from "../support/folders.ts";
import { fileEmulator } from "./file-emulator.ts";
import { type SourceItem, SourceTable } from "./source-table.ts";

const emulator = fileEmulator();

/** Values at the limits of their columns, and some that fit no column. */
const REVIEWS: readonly SourceItem[] = [
  {
    User: { S: "ann" },
    Book: { S: 'a "quoted", title' },
    Big: { N: "9007199254740993" },
    Price: { N: "19.9" },
    Tags: { SS: ["b", "a"] },
  },
  {
    User: { S: "bob" },
    Book: { S: "Mort" },
    Big: { N: "-9223372036854775808" },
    Price: { N: "12345678.05" },
    Huge: { N: "12345678901234567890123456789012345678" },
    Raw: { B: new Uint8Array([0, 255, 10]) },
  },
  { User: { S: "cem" }, Book: { S: "海辺のカフカ" }, Big: { S: "a text" }, Nothing: { NULL: true } },
];

const SCHEMA = {
  table: "reviews",
  source: "Reviews",
  key: { hash: "User", range: "Book" },
  attributes: {
    User: { type: "string" },
    Book: { type: "string" },
    Big: { type: "bigint" },
    Price: { type: "decimal(10,2)" },
  },
};

test("a table becomes a lake that is queried, follows its writes, is compacted, and can be asked of the past", async () => {
  await withFolder(async (folder) => {
    const table = await SourceTable.create(emulator.connection, "Reviews");
    await table.put(...REVIEWS);
    const lake = join(folder, "lake");
    const schema = join(folder, "reviews.json");
    await writeFile(schema, JSON.stringify(SCHEMA));
    const { endpoint } = emulator;

    const taken = ["--source", "Reviews", "--endpoint", endpoint, "--lake", lake];
    expect(await done(["snapshot", ...taken, "--schema", schema])).toBe(
      'Snapshot of Reviews: 3 items in "reviews"\n',
    );
    await expectFormats(lake);

    await done(["run", "--lake", lake, "--once"]);
    const before = await table.items();
    expect(await lakeItems(lake)).toEqual(before);
    const beforeSeconds = await nextSecond();

    await table.put({ User: { S: "dee" }, Book: { S: "Kindred" }, Big: { N: "1" } });
    await table.update("ann", 'a "quoted", title', "Price", { N: "20.01" });
    await table.remove("bob", "Mort");
    await done(["run", "--lake", lake, "--once"]);
    const after = await table.items();
    expect(await lakeItems(lake)).toEqual(after);
    const question = 'SELECT "user" AS u, big, price FROM reviews ORDER BY u';
    const answer = [
      '{"u":"ann","big":9007199254740993,"price":20.01}',
      '{"u":"cem","big":null,"price":null}',
      '{"u":"dee","big":1,"price":null}',
    ];
    expect(await rowsOf(lake, question)).toEqual(answer);

    // A compaction leaves out the second that it begins in.
    await nextSecond();
    expect(await done(["compact", "--lake", lake])).toContain("reviews: folded the change log into deltas");
    expect(await done(["compact", "--lake", lake, "--all"])).toContain("reviews: rewrote the base");
    expect(await lakeItems(lake)).toEqual(after);
    expect(await lakeItems(lake, "--as-of", String(beforeSeconds))).toEqual(before);
    const then = new Date(beforeSeconds * 1000).toISOString();
    expect(await rowsOf(lake, "SELECT count(*) AS n FROM reviews WHERE big < 0", "--as-of", then)).toEqual([
      '{"n":1}',
    ]);
    expect(await rowsOf(lake, "SELECT count(*) AS n FROM reviews_snapshots")).toEqual(['{"n":3}']);

    const { tables } = JSON.parse(await done(["status", "--lake", lake, "--json"]));
    expect(tables).toMatchObject([
      {
        table: "reviews",
        source: "Reviews",
        health: "drift",
        rows: 3,
        snapshot: { items: 3 },
        openGaps: [],
      },
    ]);

    // A vacuum leaves what was written in its own second.
    await nextSecond();
    const swept = ["vacuum", "--lake", lake, "--retention-hours", "0", "--grace-hours", "0"];
    const planned = JSON.parse(await done([...swept, "--dry-run", "--json"]));
    expect(planned).toMatchObject({ table: "reviews", manifests: 2, dryRun: true });
    const dry = await done([...swept, "--dry-run"]);
    expect(dry).toMatch(/^reviews: would remove \d+ files? \([\d,]+ bytes\) and 2 manifests\n$/);
    expect(JSON.parse(await done([...swept, "--json"]))).toEqual({ ...planned, dryRun: false });
    expect(await lakeItems(lake)).toEqual(after);
    expectRefused(await dynalake(["items", "--lake", lake, "--as-of", String(beforeSeconds)]), {
      code: "AS_OF_UNKNOWN",
      names: ['"reviews"', /reaches back to \d{4}-\d\d-\d\dT[\d:]{8}Z$/],
    });
    // The lake remembers where its table is.
    expect(await done(["snapshot", "--source", "Reviews", "--lake", lake])).toBe(
      'Snapshot of Reviews: 3 items in "reviews"\n',
    );
    expect(await lakeItems(lake)).toEqual(after);
  });
});

/** The three rows of the snapshot in each format, with all digits. */
async function expectFormats(lake: string): Promise<void> {
  const sql = "SELECT book, big, price FROM reviews ORDER BY big NULLS LAST";
  const [json, csv, table] = await dynalakes(
    ["json", "csv", "table"].map((format) => ["query", sql, "--lake", lake, "--format", format]),
  );
  expect(json?.stdout).toBe(
    [
      "[",
      '{"book":"Mort","big":-9223372036854775808,"price":12345678.05},',
      '{"book":"a \\"quoted\\", title","big":9007199254740993,"price":19.90},',
      '{"book":"海辺のカフカ","big":null,"price":null}',
      "]\n",
    ].join("\n"),
  );
  expect(csv?.stdout).toBe(
    [
      "book,big,price",
      "Mort,-9223372036854775808,12345678.05",
      '"a ""quoted"", title",9007199254740993,19.90',
      "海辺のカフカ,,\n",
    ].join("\n"),
  );
  expect(table?.stdout).toMatch(/│ Mort +│ -9223372036854775808 │ 12345678\.05 │/);
  expect(table?.stdout).toMatch(/\n3 rows\n$/);
}

test("`run` takes the first snapshot by itself, follows, and keeps its lake for itself until it is killed", async () => {
  await withFolder(async (folder) => {
    const table = await SourceTable.create(emulator.connection, "Followed");
    await table.put(...REVIEWS);
    const lake = join(folder, "lake");
    const run = ["run", "--lake", lake];
    const first = startDynalakeProcess([...run, "--source", "Followed", "--endpoint", emulator.endpoint]);
    await first.told("following the stream from its beginning");

    await table.put({ User: { S: "dee" }, Book: { S: "Kindred" } });
    await table.remove("ann", 'a "quoted", title');
    const users = () => rowsOf(lake, 'SELECT string_agg("user", \',\' ORDER BY "user") AS u FROM followed');
    await until(users, ['{"u":"bob,cem,dee"}']);

    const kept = await fingerprint(join(lake, "followed", "manifest"));
    const second = await dynalake(run);
    expectRefused(second, { code: "LAKE_LOCKED", names: [String(first.pid), lake] });
    expect(await fingerprint(join(lake, "followed", "manifest"))).toEqual(kept);

    first.signal("SIGKILL");
    expect(await first.ended).toMatchObject({ signal: "SIGKILL" });
    await table.put({ User: { S: "eve" }, Book: { S: "Persuasion" } });
    const once = await dynalake([...run, "--once"]);
    expect(once).toMatchObject({ code: 0 });
    expect(once.stderr).toContain("following the stream from where the last run left it");
    expect(await lakeItems(lake)).toEqual(await table.items());
  });
});

deepTest(
  "an interrupt, and a request to terminate, end `run` cleanly, and the next one goes on from there",
  async () => {
    await withFolder(async (folder) => {
      const table = await SourceTable.create(emulator.connection, "Stopped");
      await table.put(...REVIEWS);
      const lake = join(folder, "lake");
      const run = ["run", "--lake", lake, "--source", table.name, "--endpoint", emulator.endpoint];
      for (const [signal, book] of [
        ["SIGINT", "Mort"],
        ["SIGTERM", "Kindred"],
      ] as const) {
        const running = startDynalakeProcess(run);
        await running.told("following the stream");
        await table.put({ User: { S: signal }, Book: { S: book } });
        const found = () => rowsOf(lake, `SELECT count(*) AS n FROM stopped WHERE "user" = '${signal}'`);
        await until(found, ['{"n":1}']);
        running.signal(signal);
        const ended = await running.ended;
        expect(ended).toMatchObject({ code: 0, signal: null });
        expect(ended.stderr).toMatch(/Stopped after \d+ changes?; the next run resumes here\n$/);
        await table.remove(signal, book);
      }
      const again = await dynalake([...run, "--once"]);
      expect(again).toMatchObject({ code: 0 });
      expect(again.stderr).toContain("Stopped after 1 change;");
      expect(await lakeItems(lake)).toEqual(await table.items());
    });
  },
);
