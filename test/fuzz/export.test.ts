/** Tampered exports: damaged lines and bytes, gzip bombs, and keys that lead out of the export. */
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join, sep } from "node:path";
import { Readable } from "node:stream";
import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "@jest/globals";
import { Rejection } from "../../src/core/change/change.ts";
import { DynalakeError } from "../../src/core/error.ts";
import { readExportLine } from "../../src/core/exports/export-line.ts";
import { inferredSchema } from "../../src/core/infer/infer.ts";
import { inferenceOf, observe } from "../../src/core/infer/inference.ts";
import { rowCodec } from "../../src/core/row/row.ts";
import { itemLine, lineWriter } from "../../src/core/row/wire-line.ts";
import { parseSchema } from "../../src/core/schema/schema.ts";
import { itemText, readItem } from "../../src/core/values/attribute-value.ts";
import { openExport } from "../../src/embedded/exports/export-folder.ts";
import { observeTable } from "../../src/embedded/exports/observation.ts";
import { sampleExport } from "../../src/embedded/exports/sample-export.ts";
import { type Transcoded, transcodePart } from "../../src/transcode/transcode.ts";
import {
  damaged,
  edits,
  hostileItem,
  hostileName,
  hostileSoundItem,
  hostileText,
} from "../arbitraries/hostile.ts";
import { fingerprint } from "../support/cli.ts";
import { deepTest } from "../support/deep-test.ts";
import { firstOf } from "../support/effort.ts";
import { EXPORT_ID, exportLine, md5Of, writeExport, writeManifest } from "../support/export-folder.ts";
import * as fc from "../support/fast-check.ts";
import { withFolder } from "../support/folders.ts";
import { answerOf, corpus, expectSilent, fuzz, silentAnswerOf } from "./fuzz.ts";

const SCHEMA = parseSchema(
  {
    table: "t",
    key: { hash: "id" },
    attributes: {
      id: { type: "string" },
      a: { type: "struct<a:map<string,array<decimal(10,2)>>,name:string>" },
      name: { type: "string" },
      Name: { type: "bigint", name: "name_2" },
      b: { type: "array<binary>", set: true },
      c: { type: "json" },
    },
  },
  "a test",
);
const writer = lineWriter(rowCodec(SCHEMA));

interface Output {
  readonly rows: string;
  readonly result: Transcoded;
}

async function transcoded(gzip: Iterable<Uint8Array>, itemCount: number, md5: string): Promise<Output> {
  const pieces: Uint8Array[] = [];
  const result = await transcodePart(
    writer,
    { name: "data.gz", itemCount, md5 },
    Readable.from(gzip),
    async (piece) => {
      pieces.push(piece.slice());
    },
  );
  for (const { detail } of result.rejected) expectSilent(detail);
  return { rows: Buffer.concat(pieces).toString("utf8"), result };
}

const isText = (bytes: Uint8Array): boolean => Buffer.from(new TextDecoder().decode(bytes)).equals(bytes);

/** The lines, parsed one by one: the slow path, with which every other path must agree. */
function parsedLines(content: Buffer): {
  readonly rows: string;
  readonly rejected: number;
  readonly lines: number;
} {
  let [rows, rejected, lines] = ["", 0, 0];
  for (let at = 0; at < content.length; ) {
    const lineFeed = content.indexOf(10, at);
    const bytes = content.subarray(at, lineFeed === -1 ? content.length : lineFeed);
    at += bytes.length + 1;
    const line = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
    if (line.trim() === "") continue;
    lines++;
    const row = isText(bytes) ? rowOf(line) : undefined;
    if (row === undefined) rejected++;
    else rows += row;
  }
  return { rows, rejected, lines };
}

function rowOf(line: string): string | undefined {
  try {
    return itemLine(writer, readExportLine(line));
  } catch (error) {
    if (error instanceof Rejection) return undefined;
    throw error;
  }
}

async function expectAsParsed(content: Buffer): Promise<void> {
  const gzip = gzipSync(content, { level: 1 });
  const { rows, rejected, lines } = parsedLines(content);
  const output = await transcoded([gzip], lines, md5Of(gzip));
  expect(output.rows === rows).toBe(true);
  expect(output.result.rejected).toHaveLength(rejected);
  expect(output.result.items + rejected).toBe(lines);
}

const line: fc.Arbitrary<Buffer> = fc.oneof(
  {
    weight: 4,
    arbitrary: hostileSoundItem.map((item) => Buffer.from(exportLine({ id: { S: "x" }, ...item }))),
  },
  { weight: 3, arbitrary: hostileItem.map((item) => Buffer.from(JSON.stringify({ Item: item }))) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(hostileSoundItem, edits)
      .map(([item, changes]) => damaged(Buffer.from(exportLine({ id: { S: "x" }, ...item })), changes)),
  },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)) },
);

describe("the lines of an export", () => {
  test("of the corpus become what parsing makes of them", async () => {
    for (const { content } of await corpus("lines")) await expectAsParsed(content);
  });

  test("become what parsing makes of them, and the others are kept aside", async () => {
    const lines = fc.array(line, { minLength: 10, maxLength: 10, size: "max" });
    const content = lines.map((all) => Buffer.concat(all.flatMap((one) => [one, Buffer.from("\n")])));
    await fuzz("lines of an export", content, expectAsParsed, 10);
  });

  deepTest("may have more attributes, members and levels than any item", async () => {
    const members = (count: number): string =>
      Array.from({ length: count }, (_, i) => `"a${(i * 7919) % count}":{"N":"${i}"}`).join(",");
    const numbers = Array.from({ length: 20_000 }, (_, i) => `"${(i * 7919) % 20_000}.5"`).join(",");
    const huge = [
      `{"Item":{"id":{"S":"a"},${members(40_000)}}}`,
      `{"Item":{"id":{"S":"b"},"a":{"M":{"a":{"M":{${members(20_000)}}}}}}}`,
      `{"Item":{"id":{"S":"c"},"n":{"NS":[${numbers}]}}}`,
      `{"Item":{"id":{"S":"d"},"name":{"S":"${"\\u0000".repeat(400_000)}"}}}`,
      `{"Item":{"id":{"S":"e"},"l":${'{"L":['.repeat(30_000)}${"]}".repeat(30_000)}}}`,
      `{"Item":{"id":{"S":"f"},"m":${'{"M":{"a":'.repeat(30_000)}`,
      `{"Item":{"id":{"S":"g"},"l":{"L":[${'{"NULL":true},'.repeat(30_000)}{"NULL":true}]}}}`,
    ];
    await expectAsParsed(Buffer.from(huge.join("\n")));
  });
});

describe("a data file whose bytes are damaged", () => {
  const WHOLE = Buffer.from(
    Array.from({ length: 30 }, (_, i) => `${exportLine({ id: { S: `${i}` } })}\n`).join(""),
  );
  const member = (content: Uint8Array): Buffer => gzipSync(content);
  const file = fc.oneof(
    fc.tuple(fc.constant(member(WHOLE)), edits).map(([bytes, changes]) => damaged(bytes, changes)),
    fc.nat(member(WHOLE).length).map((length) => member(WHOLE).subarray(0, length)),
    fc.array(fc.nat(WHOLE.length), { maxLength: 4 }).map((cuts) => {
      const ends = [...cuts, WHOLE.length].sort((a, b) => a - b);
      return Buffer.concat(ends.map((end, i) => member(WHOLE.subarray(ends[i - 1] ?? 0, end))));
    }),
    fc.uint8Array({ minLength: 1, maxLength: 30 }).map((more) => Buffer.concat([member(WHOLE), more])),
  );

  test("gives all that it holds, or is refused", async () => {
    await fuzz("bytes of a data file", file, async (bytes) => {
      const { value, refused } = await silentAnswerOf(() => transcoded([bytes], 30, md5Of(bytes)));
      if (value === undefined) expect(refused).toMatchObject({ code: "EXPORT_INVALID" });
      // Some readers skip zeros after a gzip member. This one refuses them.
      else expect(value.rows).toBe(parsedLines(gunzipSync(bytes)).rows);
    });
  });
});

const MEGABYTE = 1024 * 1024;

/** 10 GB in a gzip of about 10 MB: one member, repeated. */
function bomb(content: string): readonly Buffer[] {
  const member = gzipSync(content.repeat((16 * MEGABYTE) / content.length));
  return Array.from({ length: 640 }, () => member);
}

const BOMBS: readonly (readonly [name: string, content: string])[] = [
  ["zeros", "\0"],
  ["blank lines", "\n"],
  ["blanks", " "],
  ["opened lists", "["],
  ["lines that are none", "x\n"],
  ["items without a key", '{"Item":{}}    \n'],
  ["one item, again and again", '{"Item":{"id":{"S":"aaa"}}}    \n'],
];

describe("a small file that inflates to 10 GB", () => {
  test.each(firstOf(2, BOMBS))("of %s is refused soon, and does not fill the memory", async (_, content) => {
    const before = process.memoryUsage.rss();
    let most = before;
    const watch = setInterval(() => {
      most = Math.max(most, process.memoryUsage.rss());
    }, 5);
    try {
      const part = { name: "data.gz", itemCount: 3, md5: "x" };
      const running = transcodePart(writer, part, Readable.from(bomb(content)), async () => undefined);
      await expect(running).rejects.toMatchObject({ code: "EXPORT_INVALID" });
      most = Math.max(most, process.memoryUsage.rss());
      expect((most - before) / MEGABYTE).toBeLessThan(500);
    } finally {
      clearInterval(watch);
    }
  });

  test.each(
    firstOf(
      1,
      BOMBS.filter((_, i) => [0, 1, 4].includes(i)),
    ),
  )("of %s is sampled or refused soon, and does not fill the memory", async (_, content) => {
    await withFolder(async (folder) => {
      const file = join(folder, "data.json.gz");
      await writeFile(file, Buffer.concat(bomb(content)));
      const summary = { tableArn: undefined, exportTimeSeconds: 0, manifestFilesKey: "", itemCount: 3 };
      const part = { key: "data.json.gz", itemCount: 3, md5: "x", file };
      const before = process.memoryUsage.rss();
      const { found, see } = observeTable({ hash: "id" });
      const { refused } = await silentAnswerOf(() => sampleExport({ summary, parts: [part] }, see, 20_000));
      if (refused !== undefined) expect(refused).toMatchObject({ code: "EXPORT_INVALID" });
      else expect(found.itemCount).toBeLessThanOrEqual(20_000);
      expect((process.memoryUsage.rss() - before) / MEGABYTE).toBeLessThan(500);
    });
  });
});

test("items of any kind give a schema that is accepted, and tells nothing of them", async () => {
  const items = fc.array(fc.oneof(hostileSoundItem, hostileItem), { minLength: 1, maxLength: 5 });
  await fuzz("items to infer from", items, (raw) => {
    const inference = inferenceOf({ hash: "id" });
    for (const one of raw) {
      try {
        observe(inference, readItem(one));
      } catch (error) {
        expectSilent((error as Error).message);
      }
    }
    const { file, undecided, notes } = inferredSchema(inference, {
      table: "t",
      source: "t",
      key: { hash: "id" },
    });
    parseSchema(file, "the inferred schema");
    for (const { why } of undecided) expectSilent(why);
    for (const note of notes) expectSilent(note);
  });
  const many = Object.fromEntries(Array.from({ length: 60_000 }, (_, i) => [`a${i}`, { N: String(i) }]));
  const inference = inferenceOf({ hash: "id" });
  observe(inference, readItem(many));
  expect(itemText(many).length).toBeGreaterThan(400_000);
  const { file } = inferredSchema(inference, { table: "t", source: "t", key: { hash: "id" } });
  expect(Object.keys(file.attributes).length).toBeLessThanOrEqual(501);
});

describe("an export on this machine", () => {
  /** Keys of data files, most of which are not allowed. */
  const key = fc.oneof(
    fc.constantFrom(
      ...["../outside/x", "/etc/passwd", "data/../../outside/x", "data/..", "data/.", "data/", "data/link"],
      ...["data/a.json.gz", "x/data/a.json.gz", "data//a.json.gz", "./data/a.json.gz", "data\\a.json.gz"],
      ...["data/a.json.gz\0", "data/%2e%2e/x", "file:///etc/passwd", "data/folder", "data/a.json.gz\n"],
    ),
    hostileName,
    hostileText.map((text) => `data/${text}`),
  );

  test("is never left by the keys in its manifests, and nothing is written anywhere", async () => {
    await withFolder(async (folder) => {
      await mkdir(join(folder, "outside"));
      await writeFile(join(folder, "outside", "x"), "a secret");
      const home = await writeExport(join(folder, "export"), { files: [{ content: [] }] });
      const data = join(home, "data");
      await writeFile(join(data, "a.json.gz"), gzipSync(""));
      await mkdir(join(data, "folder"));
      await symlink("../../../../outside/x", join(data, "link"));
      await symlink("..", join(data, "up"));
      await fuzz("exports on this machine", fc.array(key, { minLength: 1, maxLength: 3 }), async (keys) => {
        const entries = keys.map((dataFileS3Key) => ({ itemCount: 0, md5Checksum: "x", dataFileS3Key }));
        await writeManifest(home, "manifest-files", entries.map((entry) => JSON.stringify(entry)).join("\n"));
        const before = await fingerprint(folder);
        const { value, refused } = await answerOf(() => openExport(join(folder, "export")));
        if (refused !== undefined) expect(refused).toMatchObject({ code: "EXPORT_INVALID" });
        for (const { file } of value?.parts ?? [])
          expect(file).toContain(`${sep}${EXPORT_ID}${sep}data${sep}`);
        expect(await fingerprint(folder)).toEqual(before);
      });
    });
  });

  test("is refused where it has no end of files, or is none", async () => {
    await withFolder(async (folder) => {
      for (const name of ["nothing", "x".repeat(5000), "/dev/null", "/proc/self/mem"]) {
        const { refused } = await answerOf(() =>
          openExport(name.startsWith("/") ? name : join(folder, name)),
        );
        expect(refused).toBeInstanceOf(DynalakeError);
      }
    });
  });
});
