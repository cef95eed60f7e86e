/** Items that other tools left on this machine become a lake table: exports of Data Pipeline and EMR, scans, and `items`. */
import { mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "@jest/globals";
import { done, dynalake, expectRefused, itemTexts, lakeItems, rowsOf } from "../support/cli.ts";
import { firstOf } from "../support/effort.ts";
import { withFolder } from "../support/folders.ts";
import { writeExport } from "./export-fixture.ts";
import { fileEmulator } from "./file-emulator.ts";
import { SourceTable } from "./source-table.ts";

const emulator = fileEmulator();

const OLDER =
  '{"Id":{"s":"a"},"n":{"n":"5"},"tags":{"sS":["x","y"]},"ok":{"bOOL":true},"none":{"nULLValue":true}}';
const NEWER = '{"Id":{"s":"b"},"n":{"n":"4"},"meta":{"m":{"k":{"l":[{"bool":false},{"null":true}]}}}}';
const HIVE = 'Id\u0003{"s":"c"}\u0002n\u0003{"n":"3"}';

interface PipelineExport {
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  readonly listed?: readonly string[];
}

async function writePipelineExport(folder: string, { files, listed }: PipelineExport): Promise<string> {
  await mkdir(folder);
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  await writeFile(join(folder, "_SUCCESS"), "");
  if (listed !== undefined) {
    const entries = listed.map((name) => ({ url: `s3://example/emr/${name}`, mandatory: true }));
    await writeFile(
      join(folder, "manifest"),
      JSON.stringify({ name: "DynamoDB-export", version: 3, entries }),
    );
  }
  return folder;
}

const snapshotOf = (path: string, lake: string, ...more: readonly string[]) => [
  "snapshot",
  "--from-export",
  path,
  "--key",
  "Id",
  "--name",
  "t",
  "--lake",
  lake,
  ...more,
];

test.each([
  { listed: ["part-0", "part-1"], how: "by its manifest" },
  { listed: undefined, how: "by what it holds, where it has no manifest" },
])("an export of Data Pipeline or EMR is read $how, in all of its spellings", async ({ listed }) => {
  await withFolder(async (folder) => {
    const lake = join(folder, "lake");
    const path = await writePipelineExport(join(folder, "emr"), {
      files: { "part-0": `${OLDER}\n\n${NEWER}\n`, "part-1": gzipSync(`${HIVE}\r\n`) },
      ...(listed && { listed }),
    });
    const { code, stderr } = await dynalake(snapshotOf(path, lake));
    expect(code).toBe(0);
    expect(stderr).toContain("Nothing says when these items were read");
    expect(await rowsOf(lake, "SELECT sum(n) AS n, count(ok) AS oks FROM t")).toEqual(['{"n":12,"oks":1}']);
    const items = [
      {
        Id: { S: "a" },
        n: { N: "5" },
        none: { NULL: true },
        ok: { BOOL: true },
        tags: { SS: ["x", "y"] },
      },
      { Id: { S: "b" }, n: { N: "4" }, meta: { M: { k: { L: [{ BOOL: false }, { NULL: true }] } } } },
      { Id: { S: "c" }, n: { N: "3" } },
    ];
    expect(await lakeItems(lake)).toEqual(itemTexts(items));
    expect(await done(["status", "--lake", lake])).toContain("3 items of an unknown time");
    expect(await readdir(join(lake, "t"))).not.toContain("staging");
  });
});

test("what such an export lists has to be there, and inside of it", async () => {
  await withFolder(async (folder) => {
    const lake = join(folder, "lake");
    const missing = await writePipelineExport(join(folder, "missing"), {
      files: { "part-0": OLDER },
      listed: ["part-0", "part-1"],
    });
    expectRefused(await dynalake(snapshotOf(missing, lake)), {
      code: "EXPORT_INVALID",
      names: [/part-1 is missing/],
    });
    const linked = await writePipelineExport(join(folder, "linked"), { files: {}, listed: ["part-0"] });
    await writeFile(join(folder, "outside"), OLDER);
    await symlink(join(folder, "outside"), join(linked, "part-0"));
    expectRefused(await dynalake(snapshotOf(linked, lake)), {
      code: "EXPORT_INVALID",
      names: [/part-0 leads outside/],
    });
    expect(await readdir(folder)).not.toContain("lake");
  });
});

const scanned = (...items: readonly string[]) => ({
  Items: items.map((item) => JSON.parse(item)),
  Count: items.length,
  ScannedCount: items.length,
  ConsumedCapacity: null,
});
const [A, B] = ['{"Id":{"S":"a"},"text":{"S":"1\\n2"}}', '{"Id":{"S":"b"},"n":{"N":"1.50"}}'];

const SCANS = [
  { how: "pretty", text: JSON.stringify(scanned(A, B), null, 4) },
  { how: "with a byte order mark", text: `\ufeff${JSON.stringify(scanned(A, B), null, 2)}` },
  { how: "in one line", text: JSON.stringify(scanned(A, B)) },
  {
    how: "page after page",
    text: `${JSON.stringify({ ...scanned(A), LastEvaluatedKey: { Id: { S: "a" } } }, null, 2)}\n${JSON.stringify(scanned(B), null, 2)}`,
  },
  { how: "as an array of items", text: `[${A}, ${B}]` },
  { how: "as items, one in each line", text: `${A}\n${B}\n` },
];

test.each(firstOf(2, SCANS))("what `aws dynamodb scan` prints is read $how", async ({ text }) => {
  await withFolder(async (folder) => {
    const lake = join(folder, "lake");
    const file = join(folder, "scan.json");
    await writeFile(file, text);
    await done(snapshotOf(file, lake, "--exported-at", "2026-11-01T10:00:00Z"));
    expect(await lakeItems(lake)).toEqual(itemTexts([A, B].map((item) => JSON.parse(item))));
    expect(await done(["status", "--lake", lake])).toContain("2 items of 2026-11-01 10:00:00Z");
  });
});

test.each([
  { what: "that ends before its table does", text: JSON.stringify({ ...scanned(A), NextToken: "x" }) },
  { what: "that is torn", text: JSON.stringify(scanned(A, B), null, 2).slice(0, -20) },
])("a scan $what is refused", async ({ text }) => {
  await withFolder(async (folder) => {
    const file = join(folder, "scan.json");
    await writeFile(file, text);
    const ended = await dynalake(snapshotOf(file, join(folder, "lake")));
    expectRefused(ended, { code: "EXPORT_INVALID", names: [/ends before the scan did|is not whole/] });
  });
});

test("what `items` prints fills another lake with the same items; a line that is none goes to quarantine", async () => {
  await withFolder(async (folder) => {
    const [first, second] = [join(folder, "first"), join(folder, "second")];
    const table = await SourceTable.create(emulator.connection, "Printed");
    for (const User of ["ann", "bob"])
      await table.put({ User: { S: User }, Book: { S: "Emma" }, d: { N: "1E-30" } });
    await done(["snapshot", "--source", "Printed", "--endpoint", emulator.endpoint, "--lake", first]);
    const file = join(folder, "items.jsonl");
    await writeFile(file, `${await done(["items", "--lake", first])}{"Item":{"User":{"X":"?"}}}\n`);
    const take = ["snapshot", "--from-export", file, "--key", "User,Book", "--name", "t", "--lake", second];
    const { code, stderr } = await dynalake(take);
    expect(code).toBe(3);
    expect(stderr).toContain("1 line holds no item, now in quarantine");
    expect(await lakeItems(second)).toEqual(await lakeItems(first));
  });
});

test("items without a moment fill no table that holds some; followed, they have a gap until a dated snapshot", async () => {
  await withFolder(async (folder) => {
    const lake = join(folder, "lake");
    const table = await SourceTable.create(emulator.connection, "Undated");
    await table.put({ User: { S: "ann" }, Book: { S: "Emma" } });
    const file = join(folder, "items.jsonl");
    await writeFile(file, '{"User":{"S":"ann"},"Book":{"S":"Emma"}}\n');
    const take = ["snapshot", "--from-export", file, "--key", "User,Book", "--name", "Undated"];
    await done([...take, "--lake", lake]);
    expectRefused(await dynalake([...take, "--lake", lake]), {
      code: "USAGE",
      names: [/nothing says whether these items are older/],
      next: /--exported-at/,
    });
    const follow = [
      "run",
      "--once",
      "--table",
      "Undated",
      "--name",
      "undated",
      "--endpoint",
      emulator.endpoint,
      "--lake",
      lake,
    ];
    expect((await dynalake(follow)).stderr).toContain("CHANGES WERE LOST");
  });
});

test("an export of DynamoDB's own tells its moment, and is given no other", async () => {
  await withFolder(async (folder) => {
    const path = await writeExport(join(folder, "export"), [{ Id: { S: "a" } }], {});
    const ended = await dynalake(snapshotOf(path, join(folder, "lake"), "--exported-at", "2026-01-01"));
    expectRefused(ended, { code: "USAGE", names: [/its own time/] });
  });
});
