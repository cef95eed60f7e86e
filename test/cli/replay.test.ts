/** `replay` feeds recorded events through the same path as the stream. */
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { lockLake } from "../../src/embedded/folder/lake-lock.ts";
import type { WrittenRecord } from "../../src/source/get-records.ts";
import {
  done,
  dynalake,
  dynalakes,
  type Ended,
  expectRefused,
  fingerprint,
  lakeItems,
  nextSecond,
  rowsOf,
} from "../support/cli.ts";
import { deepTest } from "../support/deep-test.ts";
import { withFolder } from "../support/folders.ts";
import { fileEmulator } from "./file-emulator.ts";
import { SourceTable } from "./source-table.ts";

const emulator = fileEmulator();

/** All records of a table's stream as Lambda gets them. */
async function lambdaEvent(table: string): Promise<{ readonly Records: readonly unknown[] }> {
  const signal = AbortSignal.timeout(10_000);
  const described = await emulator.connection.tables.describeTable({ TableName: table }, signal);
  const StreamArn = described.Table?.LatestStreamArn;
  const stream = (await emulator.connection.streams.describeStream({ StreamArn }, signal)).StreamDescription;
  const records: WrittenRecord[] = [];
  for (const { ShardId } of stream?.Shards ?? []) {
    const from = { StreamArn, ShardId, ShardIteratorType: "TRIM_HORIZON" } as const;
    let { ShardIterator } = await emulator.connection.streams.getShardIterator(from, signal);
    while (ShardIterator !== undefined) {
      const page = await emulator.connection.streams.getRecords({ ShardIterator }, signal);
      records.push(...(page.Records ?? []));
      ShardIterator = page.Records?.length ? page.NextShardIterator : undefined;
    }
  }
  return {
    Records: records.map((record) => ({
      eventID: record.eventID,
      eventName: record.eventName,
      eventVersion: "1.1",
      eventSource: "aws:dynamodb",
      awsRegion: "eu-central-1",
      dynamodb: record.dynamodb,
      eventSourceARN: StreamArn,
    })),
  };
}

const record = (
  id: string,
  sequence: number | string,
  more: Readonly<Record<string, unknown>> = {},
  image: Readonly<Record<string, unknown>> = {},
) => ({
  eventName: "INSERT",
  dynamodb: {
    ApproximateCreationDateTime: 1_700_000_000,
    Keys: { Id: { S: id } },
    NewImage: { Id: { S: id }, ...image },
    SequenceNumber: String(sequence),
    StreamViewType: "NEW_AND_OLD_IMAGES",
  },
  ...more,
});

async function writeJson(file: string, value: unknown): Promise<string> {
  await writeFile(file, JSON.stringify(value));
  return file;
}

deepTest("a Lambda event gives the same rows as the stream did, in all columns", async () => {
  await withFolder(async (folder) => {
    const table = await SourceTable.create(emulator.connection, "Recorded");
    await table.put(
      {
        User: { S: "ann" },
        Book: { S: "a" },
        Rating: { N: "5" },
        Raw: { B: new Uint8Array([0, 200, 255]) },
        Set: { NS: ["3", "1.50", "2"] },
        Bytes: { BS: [new Uint8Array([2]), new Uint8Array([1])] },
        Nested: { M: { List: { L: [{ N: "1E-130" }, { NULL: true }, { BOOL: false }] } } },
      },
      { User: { S: "ann" }, Book: { S: "b" }, Rating: { S: "no number" } },
      { User: { S: "bob" }, Book: { S: "c" } },
    );
    await table.update("ann", "b", "Rating", { N: "12345678901234567890123456789012345678" });
    await table.remove("bob", "c");
    const schema = await writeJson(join(folder, "schema.json"), {
      table: "recorded",
      source: "Recorded",
      key: { hash: "User", range: "Book" },
      attributes: {
        User: { type: "string" },
        Book: { type: "string" },
        Rating: { type: "int" },
        Raw: { type: "binary" },
        Set: { type: "array<double>", set: true },
      },
    });
    const followed = join(folder, "followed");
    const from = ["--source", "Recorded", "--endpoint", emulator.endpoint, "--schema", schema];
    await done(["run", ...from, "--lake", followed, "--once"]);

    const event = await writeJson(join(folder, "event.json"), await lambdaEvent("Recorded"));
    const replayed = join(folder, "replayed");
    const replay = ["replay", event, "--schema", schema, "--lake", replayed];
    expect(await done(replay)).toBe('Replayed 5 changes into "recorded"\n');

    const history = "SELECT * EXCLUDE (dt, hr) FROM recorded_history ORDER BY _version";
    const rows = await rowsOf(followed, history);
    expect(rows).toHaveLength(5);
    expect(await rowsOf(replayed, history)).toEqual(rows);
    const items = await table.items();
    expect(await lakeItems(followed)).toEqual(items);
    expect(await lakeItems(replayed)).toEqual(items);

    // Replaying again changes neither of them, not even after a compaction.
    const current = "SELECT * FROM recorded ORDER BY ALL";
    const before = await rowsOf(replayed, current);
    await done(replay);
    expect(await rowsOf(replayed, current)).toEqual(before);
    // It leaves out the second that it begins in.
    await nextSecond();
    await done(["compact", "--lake", replayed, "--all"]);
    for (const lake of [followed, replayed]) {
      await done(["replay", event, "--lake", lake]);
      expect(await lakeItems(lake)).toEqual(items);
    }
  });
});

test("events are replayed into a lake that does not exist, in all forms that people have, with a schema made from them", async () => {
  await withFolder(async (folder) => {
    const forms = {
      "event.json": JSON.stringify({ Records: [record("event", 1, {}, { Rating: { N: "5" } })] }),
      "lines.jsonl": [record("line-1", 2), record("line-2", 3)]
        .map((each) => `${JSON.stringify(each)}\n`)
        .join(""),
      "array.json": JSON.stringify([record("array", 4)]),
      "on-failure.json": JSON.stringify({ payload: JSON.stringify({ Records: [record("failed", 5)] }) }),
      "empty.json": "",
    };
    const files: string[] = [];
    for (const [name, text] of Object.entries(forms)) {
      await writeFile(join(folder, name), text);
      files.push(join(folder, name));
    }
    const lake = join(folder, "lake");
    const printed = await done([
      "replay",
      ...files,
      "--key",
      "Id",
      "--name",
      "My-Table.1",
      "--lake",
      lake,
      "--json",
    ]);
    expect(JSON.parse(printed)).toEqual({
      table: "my_table_1",
      rows: 5,
      olderThanHeld: 0,
      quarantined: 0,
      skipped: 0,
      olderThanSnapshot: 0,
      otherSources: [],
    });
    expect(await rowsOf(lake, "SELECT id, rating FROM my_table_1 ORDER BY id")).toEqual([
      '{"id":"array","rating":null}',
      '{"id":"event","rating":5}',
      '{"id":"failed","rating":null}',
      '{"id":"line-1","rating":null}',
      '{"id":"line-2","rating":null}',
    ]);
  });
});

test("what recorded events carry in the wild is taken where it has one meaning", async () => {
  await withFolder(async (folder) => {
    const nulls = {
      S: null,
      N: "5",
      B: null,
      SS: null,
      NS: null,
      BS: null,
      M: null,
      L: null,
      NULL: null,
      BOOL: null,
    };
    const late = record("clock", 9, {}, { Value: { S: "newest by sequence" } });
    const event = await writeJson(join(folder, "event.json"), {
      Records: [
        record(
          "nulls",
          1,
          { userIdentity: { type: "Service", principalId: "dynamodb.amazonaws.com" } },
          { Rating: nulls },
        ),
        record("set", 1, {}, { Set: { SS: ["b", "a", "b"] } }),
        { ...late, dynamodb: { ...late.dynamodb, ApproximateCreationDateTime: "2023-11-14T22:13:00Z" } },
        record("clock", 8, {}, { Value: { S: "older by sequence" } }),
        {
          ...record("bare", 2),
          dynamodb: { ...record("bare", 2).dynamodb, NewImage: { Other: { BOOL: true } } },
        },
        { eventName: "REMOVE", dynamodb: { Keys: { Id: { S: "gone" } }, SequenceNumber: "7" } },
      ],
    });
    const lake = join(folder, "lake");
    await done(["replay", event, "--key", "Id", "--name", "t", "--lake", lake]);
    expect(await lakeItems(lake)).toEqual([
      '{"Id":{"S":"bare"},"Other":{"BOOL":true}}',
      '{"Id":{"S":"clock"},"Value":{"S":"newest by sequence"}}',
      '{"Id":{"S":"nulls"},"Rating":{"N":"5e0"}}',
      '{"Id":{"S":"set"},"Set":{"SS":["a","b"]}}',
    ]);
    expect(await rowsOf(lake, "SELECT count(*) AS n FROM t_history WHERE _expired")).toEqual(['{"n":0}']);
  });
});

test("records without a meaning go to quarantine with their reason, and are gone from it once they are repaired and replayed", async () => {
  await withFolder(async (folder) => {
    const broken = { ...record("broken", 2), eventName: "TRUNCATE" };
    const event = await writeJson(join(folder, "event.json"), {
      Records: [record("good", 1), broken, record("too", 3)],
    });
    const lake = join(folder, "lake");
    const first = await dynalake(["replay", event, "--key", "Id", "--name", "t", "--lake", lake]);
    expect(first).toMatchObject({ code: 3, stdout: 'Replayed 2 changes into "t"\n' });
    expect(first.stderr).toMatch(/1 record is in quarantine: .*quarantine/);
    expect(await rowsOf(lake, "SELECT count(*) AS n FROM t")).toEqual(['{"n":2}']);

    const reasons = join(lake, "t", "quarantine", "unknown-operation");
    const [name = ""] = await readdir(reasons);
    const kept = join(reasons, name);
    const line = JSON.parse(await readFile(kept, "utf8"));
    expect(JSON.parse(line.raw)).toEqual(broken);
    expect(line).toMatchObject({ reason: "unknown-operation", source: event });

    // Unchanged, it stays in quarantine, once.
    expect(await dynalake(["replay", kept, "--lake", lake])).toMatchObject({ code: 3 });
    expect(await readdir(reasons)).toEqual([name]);

    await writeFile(kept, `${JSON.stringify({ ...line, raw: line.raw.replace("TRUNCATE", "INSERT") })}\n`);
    // Given twice, as by a pattern and a name: the second time the file no longer exists.
    expect(await dynalake(["replay", kept, kept, "--lake", lake])).toMatchObject({ code: 0 });
    expect(await rowsOf(lake, "SELECT count(*) AS n FROM t")).toEqual(['{"n":3}']);
    const { tables } = JSON.parse(await done(["status", "--lake", lake, "--json"]));
    expect(tables).toMatchObject([{ health: "healthy", quarantine: {} }]);
  });
});

test("an error file of Firehose gives its rows, once, beside what the stream has delivered", async () => {
  await withFolder(async (folder) => {
    const event = await writeJson(join(folder, "event.json"), {
      Records: [record("a", 1, {}, { Rating: { N: "5" } }), record("b", 2)],
    });
    const lake = join(folder, "lake");
    await done(["replay", event, "--key", "Id", "--name", "t", "--lake", lake]);
    const rows = await rowsOf(lake, "SELECT * EXCLUDE (dt, hr) FROM t__changes ORDER BY _version");
    const newer = rows.map((row) => {
      const members = Object.entries(JSON.parse(row)).filter(([, value]) => value !== null);
      const changed = { ...Object.fromEntries(members), rating: 4, _version: "7".padStart(40, "0") };
      return `${JSON.stringify(changed)}\n`;
    });
    const told = { attemptsMade: 1, errorCode: "DataFormatConversion.ParseError", arrivalTimestamp: 1 };
    const line = JSON.stringify({ ...told, rawData: Buffer.from(newer.join("")).toString("base64") });
    const errors = join(folder, "errors.jsonl");
    await writeFile(errors, `${line}\n${line}\n`);
    for (const _ of [1, 2])
      expect(await done(["replay", errors, "--lake", lake])).toBe('Replayed 4 changes into "t"\n');
    expect(await rowsOf(lake, "SELECT id, rating FROM t ORDER BY id")).toEqual([
      '{"id":"a","rating":4}',
      '{"id":"b","rating":4}',
    ]);
  });
});

test("a file that cannot be read, or that a lake cannot be made from, changes nothing, whatever came before it", async () => {
  await withFolder(async (folder) => {
    const good = await writeJson(join(folder, "good.json"), { Records: [record("good", 1)] });
    const cut = join(folder, "cut.json");
    await writeFile(cut, '{"Records":[{"eventName":');
    const other = await writeJson(join(folder, "other.json"), { hello: "world" });
    const twice = join(folder, "twice.json");
    await writeFile(twice, '{"Records":[],"Records":[]}');
    const bytes = join(folder, "bytes.json");
    await writeFile(bytes, new Uint8Array([0xff, 0xfe]));
    const folders = join(folder, "folder.json");
    await mkdir(folders);
    const lake = join(folder, "lake");
    const into = ["--key", "Id", "--name", "t", "--lake", lake];
    const bad: readonly (readonly [file: string, tells: string | RegExp])[] = [
      [cut, /line 1 is not JSON/],
      [other, "no stream records"],
      [twice, /"Records" 2 times/],
      [bytes, "UTF-8"],
      [folders, "not a regular file"],
      [join(folder, "absent.json"), "ENOENT"],
    ];
    const ends = await dynalakes(bad.map(([file]) => ["replay", good, file, ...into]));
    for (const [i, [file, tells]] of bad.entries()) {
      expectRefused(ends[i] as Ended, { code: "INPUT_INVALID", names: [file, tells] });
    }
    const [keyless, nameless] = await dynalakes([
      ["replay", good, "--name", "t", "--lake", lake],
      ["replay", good, "--lake", lake],
    ]);
    expectRefused(keyless as Ended, { code: "USAGE", names: ["key"], next: "--key" });
    expectRefused(nameless as Ended, { code: "LAKE_NOT_FOUND", names: [lake] });
    expect(await fingerprint(lake)).toEqual({});
  });
});

test("a table without changes is not replayed into while another may replace its schema; one with changes is", async () => {
  await withFolder(async (folder) => {
    const lake = join(folder, "lake");
    const event = await writeJson(join(folder, "event.json"), { Records: [record("a", 1)] });
    const replay = ["replay", event, "--name", "t", "--key", "Id", "--lake", lake];
    const held = await lockLake(lake);
    expectRefused(await dynalake(replay), { code: "LAKE_LOCKED", names: [lake] });
    expect(await readdir(lake)).toEqual([".run.lock"]);
    held.release();
    await done(replay);
    const again = await lockLake(lake);
    await done(replay);
    again.release();
    expect(await lakeItems(lake)).toHaveLength(1);
  });
});

test("a wrong --key binds nothing: the right one can be given next", async () => {
  await withFolder(async (folder) => {
    const event = await writeJson(join(folder, "event.json"), { Records: [record("good", 1)] });
    const lake = join(folder, "lake");
    const replay = (key: string) => dynalake(["replay", event, "--name", "t", "--lake", lake, "--key", key]);
    expect(await replay("Wrong")).toMatchObject({ code: 3 });
    expect(await replay("Id")).toMatchObject({ code: 0 });
    expect(await rowsOf(lake, "SELECT id FROM t")).toEqual(['{"id":"good"}']);
    expectRefused(await replay("Wrong"), { code: "USAGE", names: ["Wrong", "Id"] });
  });
});

const ofTable = (table: string, region = "eu-central-1") => ({
  eventSourceARN: `arn:aws:dynamodb:${region}:111122223333:table/${table}/stream/2026-01-01T00:00:00.000`,
});

test("records of other tables are left alone, and counted by table: by name, account and region", async () => {
  await withFolder(async (folder) => {
    const lake = join(folder, "lake");
    const schema = await writeJson(join(folder, "s.json"), {
      table: "orders",
      source: "Orders",
      key: { hash: "Id" },
      attributes: { Id: { type: "string" } },
    });
    const mixed = await writeJson(join(folder, "mixed.json"), {
      Records: [
        record("o-1", 1, ofTable("Orders")),
        record("u-1", 2, ofTable("Users")),
        record("o-2", 3),
        record("k-1", 4, { tableName: "Keys" }),
        record("u-2", 5, ofTable("Users")),
      ],
    });
    const { code, stdout, stderr } = await dynalake(["replay", mixed, "--schema", schema, "--lake", lake]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'Replayed 2 changes into "orders"\n' });
    expect(stderr).toContain(
      '2 records were skipped: changes of arn:aws:dynamodb:eu-central-1:111122223333:table/Users, which "orders" is not filled from.',
    );
    expect(await rowsOf(lake, "SELECT id FROM orders ORDER BY id")).toEqual(['{"id":"o-1"}', '{"id":"o-2"}']);
    const told = JSON.parse(await done(["replay", mixed, "--lake", lake, "--json"]));
    expect(told.otherSources).toEqual([
      {
        table: "Users",
        tableArn: "arn:aws:dynamodb:eu-central-1:111122223333:table/Users",
        records: 2,
        olderThanSnapshot: 0,
      },
      { table: "Keys", records: 1, olderThanSnapshot: 0 },
    ]);
    await done(["replay", mixed, "--lake", lake, "--any-source"]);
    expect(await rowsOf(lake, "SELECT count(*) AS n FROM orders")).toEqual(['{"n":5}']);
  });
});

deepTest(
  "the first recording of a table tells its source: several are refused, and later ones have to be of it",
  async () => {
    await withFolder(async (folder) => {
      const lake = join(folder, "lake");
      const replay = ["replay", "--name", "orders", "--key", "Id", "--lake", lake];
      const [orders, users, elsewhere] = await Promise.all([
        writeJson(join(folder, "orders.json"), [record("o-1", 1, ofTable("Orders"))]),
        writeJson(join(folder, "users.json"), [record("u-1", 2, ofTable("Users"))]),
        writeJson(join(folder, "elsewhere.json"), [record("o-9", 3, ofTable("Orders", "us-west-2"))]),
      ]);
      expectRefused(await dynalake([...replay, orders, users]), {
        code: "INPUT_INVALID",
        names: [/changes of several tables/],
      });
      // Nothing is left that a later replay would go by.
      expect(existsSync(join(lake, "orders"))).toBe(false);
      await done([...replay, orders]);
      const { stdout, stderr } = await dynalake([...replay, users, elsewhere]);
      expect(stdout).toBe('Replayed 0 changes into "orders"\n');
      expect(stderr).toContain("us-west-2:111122223333:table/Orders");
      expect(await rowsOf(lake, "SELECT id FROM orders")).toEqual(['{"id":"o-1"}']);
    });
  },
);

test("a quarantine file stays while it holds records of another table", async () => {
  await withFolder(async (folder) => {
    const lake = join(folder, "lake");
    const first = await writeJson(join(folder, "first.json"), [record("o-1", 1, ofTable("Orders"))]);
    await done(["replay", first, "--name", "orders", "--key", "Id", "--lake", lake]);
    const quarantine = join(lake, "orders", "quarantine", "no-key");
    await mkdir(quarantine, { recursive: true });
    const file = join(quarantine, "a.jsonl");
    await writeFile(
      file,
      [record("o-2", 2, ofTable("Orders")), record("u-1", 3, ofTable("Users"))]
        .map((raw) => `${JSON.stringify({ quarantine: 1, raw: JSON.stringify(raw) })}\n`)
        .join(""),
    );
    await done(["replay", file, "--lake", lake]);
    expect(await readdir(quarantine)).toEqual(["a.jsonl"]);
    expect(await rowsOf(lake, "SELECT count(*) AS n FROM orders")).toEqual(['{"n":2}']);
  });
});

deepTest("changes that are older than the snapshot are told", async () => {
  await withFolder(async (folder) => {
    const lake = join(folder, "lake");
    const table = await SourceTable.create(emulator.connection, "Older");
    await table.put({ User: { S: "ann" }, Book: { S: "Emma" } });
    await done(["snapshot", "--source", "Older", "--endpoint", emulator.endpoint, "--lake", lake]);
    const Keys = { User: { S: "ann" }, Book: { S: "Emma" } };
    const old = record("x", 1);
    const file = await writeJson(join(folder, "old.json"), [
      { ...old, dynamodb: { ...old.dynamodb, Keys, NewImage: { ...Keys, Old: { BOOL: true } } } },
    ]);
    const { code, stderr } = await dynalake(["replay", file, "--lake", lake]);
    expect(code).toBe(0);
    expect(stderr).toContain("1 of the changes is older than the snapshot");
  });
});
