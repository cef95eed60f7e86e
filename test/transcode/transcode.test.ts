import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pathToFileURL } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "@jest/globals";
import { build } from "esbuild";
import { readRecordedEvents } from "../../src/core/delivery/recorded-events.ts";
import type { ObjectStore } from "../../src/core/ports/object-store.ts";
import { rowCodec } from "../../src/core/row/row.ts";
import { itemLine, LINE_BYTES_MAX, lineWriter } from "../../src/core/row/wire-line.ts";
import { parseSchema, type SchemaFile } from "../../src/core/schema/schema.ts";
import { latestManifest } from "../../src/core/table/commits.ts";
import { type Item, itemText, readItem } from "../../src/core/values/attribute-value.ts";
import { openExport } from "../../src/embedded/exports/export-folder.ts";
import { type LakeFolder, openLakeFolder } from "../../src/embedded/folder/lake-folder.ts";
import { NO_EFFECT } from "../../src/embedded/schemas/schema-effect.ts";
import { type SnapshotResult, snapshotFromExport } from "../../src/embedded/snapshot/snapshot-from-export.ts";
import type { StagingTask } from "../../src/embedded/snapshot/stage-file.ts";
import { type StagingPlace, stagedFiles } from "../../src/embedded/snapshot/staging-files.ts";
import type * as pool from "../../src/embedded/snapshot/staging-pool.ts";
import { type Transcoded, transcodePart } from "../../src/transcode/transcode.ts";
import { keyedItem } from "../arbitraries/item.ts";
import { deepTest } from "../support/deep-test.ts";
import { allEffort, firstOf, tries } from "../support/effort.ts";
import { type ExportDataFile, exportLine, md5Of, writeExport } from "../support/export-folder.ts";
import * as fc from "../support/fast-check.ts";
import { withFolder } from "../support/folders.ts";
import { itemLines } from "../support/lake-rows.ts";
import { stagedTexts, stageInto } from "../support/stage-into.ts";

const SCHEMA = parseSchema(
  { table: "t", key: { hash: "id" }, attributes: { id: { type: "string" }, text: { type: "string" } } },
  "a test",
);
const writer = lineWriter(rowCodec(SCHEMA));
const MEGABYTE = 1024 * 1024;

describe("a data file", () => {
  test("becomes the wire rows of its items, in their order", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(keyedItem({ hash: "id" }), { maxLength: 8 }), async (items) => {
        const { rows, result } = await transcoded({ content: items.map(exportLine) });
        expect(result).toEqual({ items: items.length, skipped: 0, rejected: [] });
        expect(rows).toBe(items.map((item) => itemLine(writer, readItem(item))).join(""));
      }),
      { numRuns: 30 },
    );
  });

  test.each<[string, Uint8Array]>([
    ["without a last line feed", gzipSync(`${line("a")}\n${line("b")}`)],
    ["with carriage returns", gzipSync(`${line("a")}\r\n${line("b")}\r\n`)],
    ["with blank lines", gzipSync(`\n\n${line("a")}\n \t\n\r\n${line("b")}\n\n`)],
    ["with white space around its lines", gzipSync(` ${line("a")} \n\t${line("b")}\t\n`)],
    [
      "of several gzip members",
      Buffer.concat([gzipSync(`${line("a")}\n{"It`), gzipSync(`${line("b").slice(4)}\n`)]),
    ],
    [
      "that was not compressed at all but for its form",
      gzipSync(`${line("a")}\n${line("b")}\n`, { level: 0 }),
    ],
  ])("%s is taken whole", async (_, content) => {
    const { rows, result } = await transcoded({ content, itemCount: 2 });
    expect(result).toEqual({ items: 2, skipped: 0, rejected: [] });
    expect(rows).toBe(["a", "b"].map((id) => itemLine(writer, { id: { S: id } })).join(""));
  });

  test("without items is taken, and becomes an empty file", async () => {
    expect(await transcoded({ content: [] })).toMatchObject({ rows: "", result: { items: 0 } });
  });

  test("of no bytes is taken where the manifest tells of no items and of its checksum", async () => {
    const none = { content: new Uint8Array(), itemCount: 0 };
    expect(await transcoded(none)).toMatchObject({ rows: "", result: { items: 0 } });
  });

  test("with items of another table leaves them out, and counts them", async () => {
    const books = lineWriter(
      rowCodec(parseSchema({ ...SCHEMA.file, where: { kind: { equals: "book" } } }, "a test")),
    );
    const content = ["book", "shelf", "book"].map((kind, i) =>
      exportLine({ id: { S: `${i}` }, kind: { S: kind } }),
    );
    const { result } = await transcoded({ content }, books);
    expect(result).toEqual({ items: 2, skipped: 1, rejected: [] });
  });

  test.each([1, 1000, 65_536, 262_144, 1_048_576])(
    "gives every line whole, wherever the pieces of %i bytes in which it is read end",
    async (bytes) => {
      const texts = [bytes - 30, bytes, bytes + 7, 3, 2 * bytes + 1].map((length) =>
        "é".repeat(Math.max(0, length)),
      );
      const items = texts.map((text, i): Item => ({ id: { S: `${i}` }, text: { S: text } }));
      const { rows } = await transcoded({ content: items.map(exportLine) });
      expect(rows).toBe(items.map((item) => itemLine(writer, item)).join(""));
    },
  );

  test("an interrupted run's target is not written over", async () => {
    await withFolder(async (folder) => {
      const task = await taskIn(folder, { content: [line("a")] });
      const [target = ""] = stagedFiles(placeIn(folder), 1, { from: 0, below: 1 });
      await mkdir(placeIn(folder).folder);
      await writeFile(target, "kept");
      await expect(stageInto(placeIn(folder), writer, [task])).rejects.toMatchObject({
        code: "STORE_FAILED",
      });
      expect(await readFile(target, "utf8")).toBe("kept");
    });
  });
});

const WHOLE = gzipSync(Array.from({ length: 2000 }, (_, i) => `${line(`item ${i}`)}\n`).join(""));

describe("a data file that is damaged is refused:", () => {
  test.each<[string, ExportDataFile]>([
    ["empty, and items are told of", { content: new Uint8Array(), itemCount: 1 }],
    [
      "empty, and a checksum of something is told of",
      { content: new Uint8Array(), itemCount: 0, md5: md5Of(WHOLE) },
    ],
    ["no gzip", { content: Buffer.from(`${line("a")}\n`), itemCount: 1 }],
    ["cut in its header", { content: WHOLE.subarray(0, 5) }],
    ["cut within", { content: WHOLE.subarray(0, WHOLE.length / 2) }],
    ["cut before its checksum", { content: WHOLE.subarray(0, WHOLE.length - 8) }],
    ["cut by a byte", { content: WHOLE.subarray(0, WHOLE.length - 1) }],
    ["garbage after its end", { content: Buffer.concat([WHOLE, Buffer.from("garbage")]) }],
    ["zeros after its end", { content: Buffer.concat([WHOLE, Buffer.alloc(512)]) }],
    ["much garbage after its end", { content: Buffer.concat([WHOLE, Buffer.alloc(MEGABYTE, "x")]) }],
    ["half a gzip after its end", { content: Buffer.concat([WHOLE, WHOLE.subarray(0, 100)]) }],
    ["one item more", { content: Buffer.concat([WHOLE, gzipSync(`${line("one more")}\n`)]) }],
    ["one item less", { content: WHOLE, itemCount: 2001 }],
    ["another checksum", { content: WHOLE, md5: md5Of("another") }],
    ["no checksum", { content: WHOLE, md5: "x" }],
  ])("%s", async (_, file) => {
    await expect(transcoded({ itemCount: 2000, ...file })).rejects.toMatchObject({ code: "EXPORT_INVALID" });
  });

  test("a byte flipped anywhere, told by the checksum or by gzip", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(WHOLE.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const content = Buffer.from(WHOLE);
        content[at] = (content[at] as number) ^ flip;
        const told = { content, itemCount: 2000, md5: md5Of(WHOLE) };
        await expect(transcoded(told)).rejects.toMatchObject({ code: "EXPORT_INVALID" });
      }),
      { numRuns: 30 },
    );
  });

  test("a byte flipped anywhere before the checksums were made is told, or it changed nothing", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(WHOLE.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const content = Buffer.from(WHOLE);
        content[at] = (content[at] as number) ^ flip;
        const outcome = await transcoded({ content, itemCount: 2000 }).catch((error: unknown) => error);
        if (outcome instanceof Error) expect(outcome).toMatchObject({ code: "EXPORT_INVALID" });
        else expect(gunzipSync(content).equals(gunzipSync(WHOLE))).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  test("a file that is gone", async () => {
    await withFolder(async (folder) => {
      const task = await taskIn(folder, { content: WHOLE });
      const gone = { ...task, source: `${task.source}.gone` };
      await expect(stageInto(placeIn(folder), writer, [gone])).rejects.toMatchObject({
        code: "STORE_FAILED",
      });
    });
  });
});

describe("a bomb is refused in bounded memory:", () => {
  /** Gzip members in a row are one file: many of them are many times as long. */
  const bomb = (piece: string | Uint8Array, times: number): Uint8Array => {
    const member = gzipSync(piece);
    return Buffer.concat(Array.from({ length: times }, () => member));
  };

  test.each<[string, Uint8Array]>([
    ["one endless line", bomb(Buffer.alloc(16 * MEGABYTE, "x"), 64)],
    ["one endless line behind good ones", Buffer.concat([WHOLE, bomb(Buffer.alloc(16 * MEGABYTE, " "), 64)])],
    ["endless lines without an item", bomb("{}\n".repeat(MEGABYTE), 10)],
    ["long lines without an item", bomb(`${"x".repeat(8 * MEGABYTE)}\n`, 64)],
  ])("%s", async (_, content) => {
    const before = process.memoryUsage().rss;
    let most = 0;
    const watch = setInterval(() => {
      most = Math.max(most, process.memoryUsage().rss);
    }, 5);
    try {
      await expect(transcoded({ content, itemCount: 2000 })).rejects.toMatchObject({
        code: "EXPORT_INVALID",
      });
    } finally {
      clearInterval(watch);
    }
    expect(Math.max(most, process.memoryUsage().rss) - before).toBeLessThan(500 * MEGABYTE);
  });

  test.each<[string, string]>([
    ["blank lines", "\n"],
    ["lines of white space", " \t\r\n"],
    ["more items than are told of", `${line("a")}\n`],
  ])("%s without end are not read to the end of the file", async (_, content) => {
    let read = 0;
    const member = gzipSync(content.repeat(Math.ceil((2 * MEGABYTE) / content.length)));
    const source = async function* (): AsyncGenerator<Buffer> {
      for (; read < 5000; read++) yield member;
    };
    const part = { name: "a", itemCount: 0, md5: "x" };
    const running = transcodePart(writer, part, Readable.from(source()), async () => undefined);
    await expect(running).rejects.toMatchObject({ code: "EXPORT_INVALID" });
    expect(read).toBeLessThan(500);
  });

  test("a few blank lines do no harm", async () => {
    const content = gzipSync("\n".repeat(10_000));
    expect(await transcoded({ content, itemCount: 0 })).toMatchObject({ rows: "" });
  });
});

describe("a line that holds no item is kept aside, and its neighbours stay:", () => {
  const invalid = Buffer.from(line("a?b"));
  invalid[invalid.indexOf("?")] = 0xff;
  const surrogates = Buffer.from(line("a???b"));
  surrogates.set([0xed, 0xa0, 0x80], surrogates.indexOf("?"));
  test.each<[string, string | Uint8Array, reason: string]>([
    ["not JSON", "item", "not-json"],
    ["cut", line("a").slice(0, -2), "not-json"],
    ["two in one", line("a") + line("b"), "not-json"],
    ["no UTF-8", invalid, "not-json"],
    ["a surrogate in UTF-8", surrogates, "not-json"],
    ["a byte order mark", `\ufeff${line("a")}`, "not-json"],
    ["no object", "[]", "not-a-record"],
    ["null", "null", "not-a-record"],
    ["no Item", '{"item":{"id":{"S":"a"}}}', "not-a-record"],
    ["something beside Item", '{"Item":{"id":{"S":"a"}},"Keys":{}}', "not-a-record"],
    ["Item twice", '{"Item":{"id":{"S":"a"}},"Item":{"id":{"S":"b"}}}', "duplicate-member"],
    ["an attribute twice", '{"Item":{"id":{"S":"a"},"id":{"S":"a"}}}', "duplicate-member"],
    [
      "a member of a map twice",
      '{"Item":{"id":{"S":"a"},"m":{"M":{"x":{"S":""},"x":{"S":""}}}}}',
      "duplicate-member",
    ],
    [
      "a name twice, written differently",
      '{"Item":{"id":{"S":"a"},"i\\u0064":{"S":"b"}}}',
      "duplicate-member",
    ],
    ["an Item that is none", '{"Item":[]}', "unreadable-value"],
    ["a value without type", '{"Item":{"id":{"S":"a"},"x":{}}}', "unreadable-value"],
    ["a value of two types", '{"Item":{"id":{"S":"a","N":"1"}}}', "unreadable-value"],
    ["a number that is none", '{"Item":{"id":{"S":"a"},"n":{"N":"one"}}}', "unreadable-value"],
    ["half a surrogate pair", '{"Item":{"id":{"S":"a\\ud800"}}}', "unreadable-value"],
    ["no key", '{"Item":{"text":{"S":"a"}}}', "no-key"],
    ["an empty item", '{"Item":{}}', "no-key"],
    ["a key that no key can be", '{"Item":{"id":{"BOOL":true}}}', "no-key"],
  ])("%s", async (_, bad, reason) => {
    const content = gzipSync(
      Buffer.concat([line("before"), "\n", bad, "\n", line("\ufffd"), "\n"].map((part) => Buffer.from(part))),
    );
    const { rows, result } = await transcoded({ content, itemCount: 3 });
    const kept =
      typeof bad === "string"
        ? { raw: bad }
        : { raw: Buffer.from(bad).toString("base64"), encoding: "base64" };
    expect(result).toEqual({
      items: 2,
      skipped: 0,
      rejected: [{ reason, detail: expect.any(String), ...kept }],
    });
    expect(rows).toBe(["before", "\ufffd"].map((id) => itemLine(writer, { id: { S: id } })).join(""));
  });

  const TOO_LARGE: readonly (readonly [string, Item])[] = [
    ["a long text", { text: { S: "x".repeat(LINE_BYTES_MAX) } }],
    // A control character is 6 bytes in the line, and 7 more in the row's _unmapped.
    ["control characters", { other: { S: "\u0001".repeat(2.5 * MEGABYTE) } }],
    ["quotes", { other: { S: '"'.repeat(6 * MEGABYTE) } }],
    ["many small parts", { other: { L: Array(MEGABYTE).fill({ BOOL: true }) } }],
  ];
  test.each(firstOf(1, TOO_LARGE))("a row that is too large for the lake, of %s", async (_, item) => {
    const large = exportLine({ id: { S: "a" }, ...item });
    const { result } = await transcoded({ content: [line("before"), large, line("after")] });
    expect(result).toMatchObject({ items: 2, rejected: [{ reason: "too-large" }] });
  });

  test("but a line of 20 MB makes the whole file none of an export", async () => {
    const content = [line("before"), line("x".repeat(20 * MEGABYTE))];
    await expect(transcoded({ content })).rejects.toMatchObject({ code: "EXPORT_INVALID" });
  });

  test("ten thousand of them are, more are not", async () => {
    const bad = (count: number): string[] => Array.from({ length: count }, () => "x");
    expect((await transcoded({ content: bad(10_000) })).result.rejected).toHaveLength(10_000);
    await expect(transcoded({ content: bad(10_001) })).rejects.toMatchObject({ code: "EXPORT_INVALID" });
  });
});

describe("a snapshot of an export", () => {
  test("with lines that hold no item has all others, and these in quarantine", async () => {
    await withSnapshot(
      [{ content: [line("a"), "x", line("b")] }, { content: ["x", "{}"] }],
      async (lake, taken) => {
        expect(await taken).toMatchObject({ items: 2, quarantined: 3 });
        expect(await itemsOf(lake)).toEqual([itemText({ id: { S: "a" } }), itemText({ id: { S: "b" } })]);
        const objects = await lake.store.list("t/quarantine/");
        expect(objects.map(({ path }) => path.split("/")[2])).toEqual(["not-a-record", "not-json"]);
        const texts = await Promise.all(
          objects.map(async ({ path }) => String(await readFile(join(lake.root, path)))),
        );
        expect(texts.flatMap((text) => readRecordedEvents(text, "a test"))).toEqual(["{}", "x", "x"]);
      },
    );
  });

  test("is not committed before what it leaves out is in quarantine", async () => {
    let fails = true;
    const breaking = (store: ObjectStore): ObjectStore => ({
      ...store,
      create: async (path, content) => {
        if (fails && path.includes("/quarantine/")) throw new Error("no answer");
        return store.create(path, content);
      },
    });
    const files = [{ content: [line("a"), "x"] }];
    await withSnapshot(
      files,
      async (lake, taken, again) => {
        await expect(taken).rejects.toThrow("no answer");
        expect(await latestManifest(lake.store, "t")).toMatchObject({ sequence: 0 });
        fails = false;
        expect(await again()).toMatchObject({ items: 1, quarantined: 1, manifest: { sequence: 1 } });
      },
      breaking,
    );
  });

  test("keeps bytes that are no text as they are, and replay does not take them for a record", async () => {
    const content = gzipSync(Buffer.concat([Buffer.from(`${line("a")}\n`), Buffer.from([0x78, 0xff])]));
    await withSnapshot([{ content, itemCount: 2 }], async (lake, taken) => {
      await taken;
      const [object] = await lake.store.list("t/quarantine/not-json/");
      const text = String(await readFile(join(lake.root, object?.path ?? "")));
      const { encoding, raw } = JSON.parse(text);
      expect([encoding, Buffer.from(raw, encoding)]).toEqual(["base64", Buffer.from([0x78, 0xff])]);
      expect(() => readRecordedEvents(text, "a file")).toThrow(
        expect.objectContaining({ code: "INPUT_INVALID", message: expect.stringContaining("a file") }),
      );
    });
  });

  test("with rows of many megabytes gives them back", async () => {
    const text = "\u0001é😀\\".repeat(MEGABYTE / 2);
    await withSnapshot(
      [{ content: [exportLine({ id: { S: "a" }, text: { S: text } })] }],
      async (lake, taken) => {
        expect(await taken).toMatchObject({ items: 1, quarantined: 0 });
        expect((await itemsOf(lake))[0]).toBe(itemText({ id: { S: "a" }, text: { S: text } }));
      },
    );
  });

  test.each<[string, readonly ExportDataFile[]]>([
    ["a damaged file among whole ones", [{ content: [line("a")] }, { content: WHOLE, itemCount: 1 }]],
    ["an item twice", [{ content: [line("a")] }, { content: [line("b"), line("a")] }]],
    [
      "lines that are nothing but none",
      Array.from({ length: 3 }, () => ({ content: Array(4000).fill("x") })),
    ],
  ])("with %s is refused, and leaves the lake as it was", async (_, files) => {
    await withSnapshot(files, async (lake, taken) => {
      await expect(taken).rejects.toMatchObject({ code: "EXPORT_INVALID" });
      expect(await lake.store.list("")).toEqual([]);
      expect(await lake.store.folders("t/staging/")).toEqual([]);
    });
  });
});

/** More parts than one statement writes. */
const MANY_BUCKETS = 300;
const SPLIT_ITEMS = allEffort ? 21_000 : 2_100;

describe("a snapshot whose rows are staged in splits holds every item once,", () => {
  const items = Array.from({ length: SPLIT_ITEMS }, (_, i): Item => {
    const day = { S: `20${10 + (i % 7)}-0${1 + (i % 3)}-15` };
    return { id: { S: `item ${i}` }, ...(i % 11 === 0 ? { day: { S: `no day ${i}` } } : { day }) };
  });

  const CUTS: readonly (readonly [string, number])[] = [
    ["bucket(7)", 7],
    ["month(day)", 22],
    ["identity(day)", 22],
    [`bucket(${MANY_BUCKETS})`, MANY_BUCKETS],
  ];
  test.each(firstOf(2, CUTS))("by %s", async (partitionBy, parts) => {
    const attributes = { id: { type: "string" }, day: { type: "date" } };
    const schema = parseSchema({ ...SCHEMA.file, attributes, partitionBy } as SchemaFile, "a test");
    const files = [items.slice(0, SPLIT_ITEMS / 3), items.slice(SPLIT_ITEMS / 3)].map((some) => ({
      content: some.map(exportLine),
    }));
    await withSnapshot(
      files,
      async (lake, taken) => {
        const { manifest } = await taken;
        expect(manifest.segments).toHaveLength(parts);
        expect(await itemsOf(lake, schema)).toEqual(items.map(itemText).sort());
        expect(await lake.store.folders("t/staging/")).toEqual([]);
      },
      undefined,
      schema,
    );
  });
});

describe("worker threads", () => {
  const many = (from: number): string[] =>
    Array.from({ length: tries(20_000) }, (_, i) => line(`${from + i}`));

  deepTest("give the rows, the counts and the failures that this thread gives", async () => {
    await withFolder(async (folder) => {
      const built = await buildPool(folder);
      const broken = [...many(20_000), "x", '{"Item":{}}'];
      const contents = [many(0), broken, []];
      const tasks = await Promise.all(contents.map((content, i) => taskIn(folder, { content }, `${i}`)));
      const place = placeIn(folder, 3);
      const here = await stageInto(place, writer, tasks);
      const there: Transcoded[] = [];
      const elsewhere = placeIn(folder, 3, "there");
      await mkdir(elsewhere.folder);
      const job = { schema: SCHEMA, maskKey: undefined, tasks, place: elsewhere, threads: 2 };
      const writers = await built.stageAll({ ...job, onDone: (part) => there.push(part) });
      expect(writers).toBe(2);
      const order = (parts: readonly Transcoded[]): readonly string[] =>
        parts.map((part) => JSON.stringify(part)).sort();
      expect(order(there)).toEqual(order(here));
      const sorted = (texts: readonly string[]): readonly string[] =>
        texts.map((text) => text.split("\n").sort().join("\n"));
      expect(sorted(await stagedTexts(elsewhere, writers))).toEqual(sorted(await stagedTexts(place, 1)));
    });
  });

  test("end with the first failure, in its own words", async () => {
    await withFolder(async (folder) => {
      const built = await buildPool(folder);
      const tasks = [
        await taskIn(folder, { content: many(0) }, "0"),
        await taskIn(folder, { content: many(0), md5: "x" }, "1"),
        await taskIn(folder, { content: many(0) }, "2"),
      ];
      const elsewhere = async (name: string): Promise<{ readonly place: StagingPlace }> => {
        const place = placeIn(folder, 1, name);
        await mkdir(place.folder);
        return { place };
      };
      const job = { schema: SCHEMA, maskKey: undefined, tasks, threads: 2, onDone: () => undefined };
      await expect(built.stageAll({ ...job, ...(await elsewhere("one")) })).rejects.toMatchObject({
        code: "EXPORT_INVALID",
        message: expect.stringContaining("checksum"),
        next: expect.stringContaining("Copy the export again"),
      });
      const failsWhenDone = {
        ...job,
        ...(await elsewhere("two")),
        tasks: tasks.slice(0, 1),
        onDone: () => {
          throw new Error("enough");
        },
      };
      await expect(built.stageAll(failsWhenDone)).rejects.toThrow();
    });
  });
});

function line(id: string): string {
  return exportLine({ id: { S: id } });
}

function placeIn(folder: string, splits = 1, name = "staging"): StagingPlace {
  return { folder: join(folder, name), splits };
}

async function taskIn(folder: string, file: ExportDataFile, name = "0"): Promise<StagingTask> {
  const home = await writeExport(join(folder, name), { files: [file] });
  const content =
    file.content instanceof Uint8Array ? file.content : await readFile(join(home, "data/data000.json.gz"));
  const lines = Array.isArray(file.content) ? file.content.length : 0;
  return {
    source: join(home, "data/data000.json.gz"),
    itemCount: file.itemCount ?? lines,
    md5: file.md5 ?? md5Of(content),
  };
}

async function transcoded(
  file: ExportDataFile,
  by = writer,
): Promise<{ readonly rows: string; readonly result: Transcoded }> {
  return withFolder(async (folder) => {
    const task = await taskIn(folder, file);
    const [result] = await stageInto(placeIn(folder), by, [task]);
    return { rows: (await stagedTexts(placeIn(folder), 1)).join(""), result: result as Transcoded };
  });
}

async function withSnapshot(
  files: readonly ExportDataFile[],
  use: (
    lake: LakeFolder,
    taken: Promise<SnapshotResult>,
    again: () => Promise<SnapshotResult>,
  ) => Promise<void>,
  storeOf: (store: ObjectStore) => ObjectStore = (store) => store,
  schema = SCHEMA,
): Promise<void> {
  await withFolder(async (folder) => {
    await writeExport(join(folder, "export"), { files });
    const opened = await openLakeFolder(join(folder, "lake"), { threads: 1, memoryMegabytes: 500 });
    const lake = { ...opened, store: storeOf(opened.store) };
    const take = async (): Promise<SnapshotResult> =>
      snapshotFromExport({
        lake,
        choice: { schema, origin: "given", undecided: [], effect: NO_EFFECT },
        export: await openExport(join(folder, "export")),
        maskKey: undefined,
        threads: 1,
        cutSeconds: 0,
        onProgress: () => undefined,
        mayRetype: async () => false,
        signal: new AbortController().signal,
      });
    try {
      const taken = take();
      taken.catch(() => undefined);
      await use(lake, taken, take);
    } finally {
      await lake.close();
    }
  });
}

async function itemsOf(lake: LakeFolder, schema = SCHEMA): Promise<readonly string[]> {
  const items = (await itemLines(lake, schema)).split("\n").filter((text) => text !== "");
  return items.map((text) => itemText(readItem((JSON.parse(text) as { Item: unknown }).Item))).sort();
}

/** The pool as it is built for use, with its worker beside it: from the sources alone it has no worker to start. */
async function buildPool(folder: string): Promise<typeof pool> {
  const outdir = join(folder, "built");
  const sources = join(import.meta.dirname, "../../src/embedded/snapshot");
  await mkdir(outdir, { recursive: true });
  await writeFile(join(outdir, "package.json"), '{"type":"module"}');
  await build({
    entryPoints: ["staging-pool", "staging-worker"].map((name) => join(sources, `${name}.ts`)),
    outdir,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    logLevel: "silent",
  });
  return (await import(pathToFileURL(join(outdir, "staging-pool.js")).href)) as typeof pool;
}
