import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "@jest/globals";
import { Rejection } from "../../../src/core/change/change.ts";
import { belongs } from "../../../src/core/change/selection.ts";
import { readExportLine } from "../../../src/core/exports/export-line.ts";
import { LineCursor } from "../../../src/core/fast-line/cursor.ts";
import {
  FAST_LINE_BYTES_MAX,
  type FastLine,
  fastLine,
  GIVEN_UP,
  TAKEN,
  UNSELECTED,
} from "../../../src/core/fast-line/fast-line.ts";
import { rowCodec, toRow } from "../../../src/core/row/row.ts";
import { itemLine, itemWireColumns, type LineWriter, lineWriter } from "../../../src/core/row/wire-line.ts";
import {
  type AttributeFile,
  type ConditionFile,
  parseSchema,
  type SchemaFile,
} from "../../../src/core/schema/schema.ts";
import { type AttributeValue, type Item, readItem } from "../../../src/core/values/attribute-value.ts";
import { type Json, parseJson } from "../../../src/core/values/json-members.ts";
import { reviews } from "../../../src/demo/reviews.ts";
import type { Transcoded } from "../../../src/transcode/transcode.ts";
import { recordedItem, valueStyle } from "../../arbitraries/change.ts";
import { edits, otherPart } from "../../arbitraries/edited-line.ts";
import { keyedItem } from "../../arbitraries/item.ts";
import { mutated } from "../../arbitraries/json.ts";
import { schemaFor } from "../../arbitraries/schema.ts";
import { allEffort, atLeast, tries } from "../../support/effort.ts";
import * as fc from "../../support/fast-check.ts";
import { withFolder } from "../../support/folders.ts";
import { stagedTexts, stageInto } from "../../support/stage-into.ts";

const KEY = { hash: "pk", range: "sk" };
const MASK_KEY = new TextEncoder().encode("a key of masks");
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** An item, in canonical form half of the time, and a schema made for it. */
const itemAndFile = keyedItem(KEY).chain((written) =>
  fc.record({
    item: fc.constantFrom(written, readItem(written)),
    file: fc
      .tuple(schemaFor([written], { key: KEY, masks: "some" }), conditionsFor(written))
      .map(([file, where]): SchemaFile => (where === undefined ? file : { ...file, where })),
  }),
);

/** No `where` half of the time; otherwise conditions that the item may meet. */
function conditionsFor(written: Item): fc.Arbitrary<SchemaFile["where"]> {
  const texts = Object.entries(written).map(([name, value]) => {
    const text = "S" in value ? value.S : "N" in value ? value.N : "x";
    return [name, text] as const;
  });
  const condition = fc.constantFrom(["absent", "x"] as const, ...texts).chain(([name, text]) =>
    fc
      .oneof<fc.Arbitrary<ConditionFile>[]>(
        fc.boolean().map((exists) => ({ exists })),
        fc.constantFrom(text, `${text}x`, text.slice(1), "", "1").map((equals) => ({ equals })),
        fc.nat(text.length).map((end) => ({ beginsWith: text.slice(0, end) })),
        fc.constantFrom(text, `${text}x`).map((equals) => ({ not: [{ equals: "1" }, { equals }] })),
        fc.nat(text.length).map((end) => ({ not: [{ beginsWith: text.slice(0, end) }] })),
      )
      .map((test) => [name, test] as const),
  );
  const conditions = fc.array(condition, { minLength: 1, maxLength: 2 });
  return fc.option(conditions.map(Object.fromEntries), { nil: undefined });
}

describe("the fast way gives the row that parsing gives, or gives up", () => {
  test("for every item and every schema", () => {
    const counts = { accepted: 0, all: 0 };
    fc.assert(
      fc.property(itemAndFile, ({ item: written, file }) => {
        counts.all++;
        if (sameOrGivenUp(JSON.stringify({ Item: written }), file)) counts.accepted++;
      }),
      { numRuns: 3000 },
    );
    // The items are deliberately odd. Giving up on most of them would prove little.
    expect(counts.accepted / counts.all).toBeGreaterThan(0.2);
  });

  test("for items in the styles of other serializers", () => {
    fc.assert(
      fc.property(itemAndFile, valueStyle, ({ item: written, file }, style) => {
        sameOrGivenUp(JSON.stringify({ Item: recordedItem(written, style) }), file);
      }),
      { numRuns: 1000 },
    );
  });

  test("for lines with a part that is something else", () => {
    fc.assert(
      fc.property(
        itemAndFile,
        fc.array(fc.nat(7), { maxLength: 6 }),
        otherPart,
        ({ item: written, file }, at, part) => {
          sameOrGivenUp(JSON.stringify(mutated({ Item: written } as Json, at, part)), file);
        },
      ),
      { numRuns: 3000 },
    );
  });

  test("for texts that were changed anywhere, by any character", () => {
    fc.assert(
      fc.property(itemAndFile, edits, ({ item: written, file }, edit) => {
        sameOrGivenUp(edit(JSON.stringify({ Item: written })), file);
      }),
      { numRuns: 3000 },
    );
  });

  test("for members in any order, and for members that are named twice, at any depth", () => {
    const counts = { accepted: 0, twice: 0 };
    fc.assert(
      fc.property(itemAndFile, fc.array(fc.nat(9), { minLength: 1 }), ({ item: written, file }, choices) => {
        const twice = { named: false };
        const text = `{"Item":${rewritten(written as Json, { choices, at: 0 }, twice)}}`;
        const accepted = sameOrGivenUp(text, file);
        if (accepted) counts.accepted++;
        if (twice.named) counts.twice++;
        expect(accepted && twice.named).toBe(false);
      }),
      { numRuns: 3000 },
    );
    expect(counts.accepted).toBeGreaterThan(atLeast(200));
    expect(counts.twice).toBeGreaterThan(atLeast(500));
  });

  test("for every cut of a line", () => {
    const line = lineOf(ORDINARY_ITEM);
    for (let length = 0; length < line.length; length++)
      expect(sameOrGivenUp(line.slice(0, length), ORDINARY)).toBe(false);
    expect(sameOrGivenUp(line, ORDINARY)).toBe(true);
  });
});

describe("the fast way takes", () => {
  test("the demo's reviews, all of them", () => {
    const file = schemaOf({
      User: { type: "string" },
      Book: { type: "string" },
      Rating: { type: "int" },
      Review: { type: "string" },
      Author: { type: "string" },
    });
    const lines = reviews(tries(1000)).map(({ User, Book, Rating, Review, Author }) =>
      lineOf({
        User: { S: User },
        Book: { S: Book },
        Rating: { N: String(Rating) },
        ...(Review === undefined ? {} : { Review: { S: Review } }),
        ...(Author === undefined ? {} : { Author: { S: Author } }),
      }),
    );
    expect(lines.every((line) => sameOrGivenUp(line, file))).toBe(true);
  });

  const LINES = allEffort ? 1000 : 200;
  test("99 of 100 reviews as a large table has them, declared or not", () => {
    const bare = schemaOf({ User: { type: "string" } });
    for (const file of [ORDINARY, bare]) {
      const accepted = Array.from({ length: LINES }, (_, i) => sameOrGivenUp(lineOf(ordinaryItem(i)), file));
      expect(accepted.filter(Boolean).length).toBeGreaterThanOrEqual(0.99 * LINES);
    }
  });

  test.each<readonly [AttributeFile | string, AttributeValue]>([
    ["string", { S: '"\\/\b\f\n\r\t\u0001\u007f\u2028 é 漢 😀' }],
    ["string", { NULL: true }],
    ["string", { N: "1" }],
    ["int", { N: "-2147483648" }],
    ["int", { N: "2147483648" }],
    ["int", { N: "1.5" }],
    ["int", { S: "1" }],
    ["bigint", { N: "9223372036854775807" }],
    ["bigint", { N: "-9223372036854775808" }],
    ["bigint", { N: "9223372036854775808" }],
    ["bigint", { N: "9999999999999999999" }],
    ["double", { N: "0.1" }],
    ["double", { N: "0.000001" }],
    ["double", { N: "0.0000001" }],
    ["double", { N: "0.30000000000000004" }],
    ["double", { N: "9007199254740993" }],
    ["double", { N: "1000000000000000000000000" }],
    ["decimal(2,2)", { N: "0.99" }],
    ["decimal(38,38)", { N: "0.99999999999999999999999999999999999999" }],
    ["decimal(10,2)", { N: "-99999999.99" }],
    ["decimal(10,2)", { N: "100000000" }],
    ["boolean", { BOOL: false }],
    ["boolean", { S: "true" }],
    ["date", { S: "2024-02-29" }],
    ["date", { S: "2023-02-29" }],
    ["timestamp", { S: "2024-02-29T23:59:59.999Z" }],
    ["timestamp", { S: "2023-02-29T23:59:59.999Z" }],
    ["timestamp", { S: "2024-01-01T10:00:00Z" }],
    ["timestamp", { S: "2024-01-01T10:00:00+02:00" }],
    [{ type: "timestamp", format: "epoch_millis" }, { N: "-62135596800000" }],
    [{ type: "timestamp", format: "epoch_millis" }, { N: "253402300799999" }],
    [{ type: "timestamp", format: "epoch_millis" }, { N: "253402300800000" }],
    [{ type: "timestamp", format: "epoch_seconds" }, { N: "1763874600.5" }],
    [{ type: "timestamp", format: "epoch_seconds" }, { N: "-0.001" }],
    [{ type: "timestamp", format: "epoch_seconds" }, { N: "0.0001" }],
    [
      "array<double>",
      { L: [{ N: "0.0000001" }, { N: "0.000001" }, { N: "-1.5" }, { N: "1000000000000000000000000" }] },
    ],
    ["binary", { B: "AAECAw==" }],
    ["binary", { B: "" }],
    [{ type: "array<string>", set: true }, { SS: ["b", "a", "B", "é"] }],
    [{ type: "array<decimal(5,2)>", set: true }, { NS: ["10", "9", "-1", "9.5"] }],
    [{ type: "array<binary>", set: true }, { BS: ["AQ==", "AA=="] }],
    [
      "array<int>",
      { L: [{ N: "1" }, { NULL: true }, { S: "x" }, { M: { b: { S: "x" }, a: { NS: ["2", "1"] } } }] },
    ],
    ["map<string,bigint>", { M: { b: { N: "2" }, a: { N: "1" }, "10": { N: "0" }, "9": { S: "x" } } }],
    ["struct<b:int,a:struct<x:string>>", { M: { a: { M: { x: { S: '"' } } }, b: { N: "1" } } }],
    ["struct<b:int,a:string>", { M: { c: { L: [{ BOOL: true }] }, a: { NULL: true }, b: { N: "1" } } }],
    ["json", { M: { b: { L: [{ S: "\\" }, { NULL: true }, { N: "1" }] }, a: { BOOL: true } } }],
    ["json", { SS: ["b", "a"] }],
    ["json", { NULL: true }],
  ])("a column of %j for %j", (spec, value) => {
    const file = schemaOf({ a: typeof spec === "string" ? { type: spec } : spec });
    expect(sameOrGivenUp(lineOf({ User: { S: "u" }, a: value, Book: { N: "1" } }), file)).toBe(true);
  });

  test("lines of a table with conditions, masks and dropped attributes", () => {
    const file: SchemaFile = {
      ...schemaOf({ Author: { mask: "sha256" }, Review: { mask: "drop" }, Rating: { type: "int" } }),
      where: { Kind: { beginsWith: "rev" }, Hidden: { exists: false }, Rating: { equals: "5" } },
    };
    const review = { User: { S: "u" }, Book: { S: "b" }, Kind: { S: "review" }, Rating: { N: "5" } };
    const kept = {
      ...review,
      Author: { M: { last: { S: "\u{1f4da}" }, first: { S: "J" } } },
      Review: { L: [] },
    };
    const { fast } = waysFor(file);
    const outcomes = [kept, { ...review, Hidden: { NULL: true } }, { ...review, Rating: { N: "4" } }].map(
      (written) => {
        const line = lineOf(written as Item);
        expect(sameOrGivenUp(line, file)).toBe(true);
        const cursor = new LineCursor();
        cursor.input = encoder.encode(line);
        return fast?.(cursor, 0, cursor.input.length);
      },
    );
    expect(outcomes).toEqual([TAKEN, UNSELECTED, UNSELECTED]);
  });

  // Less than a year.
  const DAYS = allEffort ? 57 : 311;
  test("days from the first to the last, every leap year among them, from milliseconds", () => {
    const file = schemaOf({ at: { type: "timestamp", format: "epoch_millis" } });
    const { fast } = waysFor(file);
    const cursor = new LineCursor();
    const [first, last] = [Date.parse("0001-01-01T00:00:00.000Z"), Date.parse("9999-12-31T23:59:59.999Z")];
    for (let at = first; at <= last; at += DAYS * 86_400_000 + 7_654_321) {
      const line = encoder.encode(lineOf({ User: { S: "u" }, Book: { S: "b" }, at: { N: String(at) } }));
      cursor.clear(1_000_000);
      cursor.input = line;
      if (fast?.(cursor, 0, line.length) !== TAKEN) throw new Error(`gave up on ${at}`);
      const row = JSON.parse(decoder.decode(cursor.written())) as { readonly at: string };
      if (row.at !== new Date(at).toISOString()) expect(row.at).toBe(new Date(at).toISOString());
    }
  });
});

describe("the fast way gives up", () => {
  test("a schema with a condition that ends in half a character", () => {
    const file = { ...ORDINARY, where: { User: { beginsWith: "\ud83d" } } };
    expect(fastLine(rowCodec(parseSchema(file, "test")))).toBeUndefined();
    const well = { ...ORDINARY, where: { User: { beginsWith: "\u{1f4da}" } } };
    expect(fastLine(rowCodec(parseSchema(well, "test")))).toBeDefined();
  });

  test("a line whose condition meets an escape", () => {
    const file = { ...ORDINARY, where: { kind: { equals: "a" } } };
    for (const kind of ["\\u0061", "a\\n"])
      expect(sameOrGivenUp(`{"Item":{"User":{"S":"u"},"Book":{"S":"b"},"kind":{"S":"${kind}"}}}`, file)).toBe(
        false,
      );
  });

  test.each([
    ["string", String.raw`{"S":"\ud83d\u0041"}`],
    ["string", String.raw`{"S":"\ud83d"}`],
    ["string", String.raw`{"S":"\udcda"}`],
    ["string", String.raw`{"S":"\u00g1"}`],
    ["string", String.raw`{"S":"\x"}`],
    ["string", '{"S":"\t"}'],
    ["string", '{"S":"a","S":"a"}'],
    ["string", '{"S" :"a"}'],
    ["array<string>", String.raw`{"L":[{"S":"\/"}]}`],
    ["array<string>", String.raw`{"L":[{"S":"\u0041"}]}`],
    ["array<string>", '{"L":[{"S":"a"},]}'],
    ["array<string>", '{"SS":["a"]}'],
    ["array<int>", '{"L":[{"M":{"a":{"S":"1"},"a":{"S":"1"}}}]}'],
    ["struct<a:int>", '{"M":{"b":{"S":"1"},"b":{"S":"1"}}}'],
    ["map<string,string>", '{"M":{"\u{1f4da}":{"S":"1"},"\uffff":{"S":"1"}}}'],
    [{ type: "array<string>", set: true }, '{"SS":["\u{1f4da}","\uffff"]}'],
    [{ type: "array<string>", set: true }, '{"SS":["a","a"]}'],
    [{ type: "array<bigint>", set: true }, '{"NS":["9007199254740993","9007199254740992"]}'],
    ["json", '{"NULL":false}'],
    ["int", '{"N":1}'],
    ["int", '{"N":"01"}'],
    ["binary", '{"B":"AB=="}'],
    ["binary", '{"B":"AAA"}'],
  ])("a column of %j for %s", (spec, value) => {
    const file = schemaOf({ a: typeof spec === "string" ? { type: spec } : spec });
    const line = `{"Item":{"User":{"S":"u"},"Book":{"S":"b"},"a":${value}}}`;
    expect(sameOrGivenUp(line, file)).toBe(false);
  });

  test("a line without a whole key, and a very long one", () => {
    expect(sameOrGivenUp(lineOf({ User: { S: "u" } }), ORDINARY)).toBe(false);
    expect(sameOrGivenUp(lineOf({ User: { S: "u" }, Book: { L: [] } }), ORDINARY)).toBe(false);
    const long = lineOf({
      User: { S: "u" },
      Book: { S: "b" },
      Review: { S: "x".repeat(FAST_LINE_BYTES_MAX) },
    });
    expect(sameOrGivenUp(long, ORDINARY)).toBe(false);
  });
});

test("a whole data file becomes the rows of its lines, one by one", async () => {
  const invalid = Buffer.from('{"Item":{"User":{"S":"\xff"},"Book":{"S":"b"}}}', "latin1");
  const odd: readonly (string | Buffer)[] = [
    "",
    '{"Item":{"User":{"S":"\\u0075"},"Book":{"S":"b"}}}',
    '{"Item": {"User":{"S":"\ufffd"},"Book":{"S":"b"},"Other":{"N":"1E2"}}}',
    '{"Item":{"User":{"S":"\ufffd"},"Book":{"S":"b"},"Other":{"N":"1"}}}\r',
    '{"Item":{"User":{"S":"u"},"User":{"S":"u"},"Book":{"S":"b"}}}',
    invalid,
    lineOf({ User: { S: "u" }, Book: { S: "b" }, Review: { S: "long\n".repeat(500_000) } }),
    lineOf({ User: { S: "u" } }),
  ];
  const ordinary = allEffort ? 800 : 100;
  const lines = Array.from({ length: ordinary * odd.length }, (_, i) =>
    i % ordinary === 7 ? (odd[(i / ordinary) | 0] ?? "") : lineOf(ordinaryItem(i)),
  );
  const writer = lineWriter(rowCodec(parseSchema(ORDINARY, "test")));
  const wanted = lines.map((line) =>
    line === "" ? "" : Buffer.isBuffer(line) ? undefined : rowOf(writer, line),
  );
  for (const end of ["\n", ""]) {
    const rows = wanted.filter((row) => row !== undefined && row !== "");
    const found = await transcoded(
      writer,
      Buffer.concat(
        lines.flatMap((line, i) => [Buffer.from(line), Buffer.from(i < lines.length - 1 ? "\n" : end)]),
      ),
      lines.length - wanted.filter((row) => row === "").length,
    );
    expect(found.items).toBe(rows.length);
    expect(found.rejected).toBe(wanted.filter((row) => row === undefined).length);
    expect(found.rows.length).toBe(rows.length);
    for (const [i, row] of rows.entries())
      if (!isDeepEqual(found.rows[i] as string, row as string)) expect(found.rows[i]).toBe(row);
  }
});

const ORDINARY: SchemaFile = schemaOf({
  User: { type: "string" },
  Book: { type: "string" },
  Rating: { type: "int" },
  Review: { type: "string" },
  Author: { type: "string" },
  ReviewedAt: { type: "timestamp", format: "epoch_millis" },
  Price: { type: "decimal(10,2)" },
  Tags: { type: "array<string>", set: true },
  Details: { type: "struct<publisher:string,pages:int,editions:array<struct<year:int,format:string>>>" },
  Helpful: { type: "boolean" },
});

const ORDINARY_ITEM: Item = ordinaryItem(1);

function schemaOf(attributes: Record<string, AttributeFile>): SchemaFile {
  return { table: "t", key: { hash: "User", range: "Book" }, attributes };
}

/** A review of a large table, with its attributes in varying order. */
function ordinaryItem(i: number): Item {
  const pick = <T>(...choices: readonly T[]): T => choices[(i * 7 + (i >> 3)) % choices.length] as T;
  const attributes: [string, AttributeValue][] = [
    ["User", { S: `u${i % 977}` }],
    ["Book", { S: `b${i}` }],
    ["Rating", { N: String(1 + (i % 5)) }],
    [
      "Review",
      {
        S: pick(
          "Slow start,\nthen all at once.",
          'The "end" \\o/',
          "海辺のカフカ 😀",
          "plain text ".repeat(30),
        ),
      },
    ],
    ["Author", { S: pick("J.K. Rowling", "Gabriel García Márquez", "村上 春樹") }],
    ["ReviewedAt", { N: String(1_400_000_000_000 + i * 86_399_993) }],
    ["Price", { N: pick("9.99", "12", "0.5", "100.25") }],
    ["Tags", { SS: pick(["history", "humour"], ["crime"], ["b", "a"]) }],
    [
      "Details",
      {
        M: {
          pages: { N: String(i) },
          publisher: { S: "Tor" },
          editions: { L: [{ M: { year: { N: "1999" }, format: { S: "ebook" } } }] },
        },
      },
    ],
    ["Helpful", { BOOL: i % 2 === 0 }],
    [
      "Extra",
      pick<AttributeValue>(
        { NULL: true },
        { N: "12.5" },
        { S: "x" },
        { L: [] },
        { M: { b: { S: "1" }, a: { NS: ["2", "1"] } } },
      ),
    ],
  ];
  const turn = i % attributes.length;
  return Object.fromEntries([...attributes.slice(turn), ...attributes.slice(0, turn)]);
}

function lineOf(written: Item): string {
  return JSON.stringify({ Item: written });
}

const ways = new WeakMap<SchemaFile, { readonly writer: LineWriter; readonly fast: FastLine | undefined }>();

function waysFor(file: SchemaFile): { readonly writer: LineWriter; readonly fast: FastLine | undefined } {
  let found = ways.get(file);
  if (found === undefined) {
    const schema = parseSchema(file, "test");
    const codec = rowCodec(schema, MASK_KEY);
    found = { writer: lineWriter(codec), fast: fastLine(codec) };
    ways.set(file, found);
  }
  return found;
}

/** Whether the fast way accepts the line. Fails if parsing then rejects it or gives another row. */
function sameOrGivenUp(text: string, file: SchemaFile): boolean {
  const { writer, fast } = waysFor(file);
  const cursor = new LineCursor();
  cursor.append(encoder.encode("before\n"));
  cursor.input = encoder.encode(`}}\n${text}\n{"Item":{}}}}`);
  const outcome = fast?.(cursor, 3, cursor.input.length - 14) ?? GIVEN_UP;
  const output = decoder.decode(cursor.written());
  expect(output.startsWith("before\n")).toBe(true);
  const row = output.slice(7);
  if (outcome !== TAKEN) expect(row).toBe("");
  if (outcome === GIVEN_UP) return false;
  expect(belongs(writer.codec.schema, readExportLine(text))).toBe(outcome === TAKEN);
  if (outcome === UNSELECTED) return true;
  requireSameRow(writer, row, text);
  return true;
}

function requireSameRow(writer: LineWriter, row: string, text: string): void {
  const parsed = rowOf(writer, text);
  if (parsed === undefined) throw new Error(`accepted, but not an item: ${text}`);
  expect(row.indexOf("\n")).toBe(row.length - 1);
  expect(parseJson(row)).toEqual(parseJson(parsed));
  // JSON.parse reads numbers as doubles, which cannot distinguish large ones.
  const values = toRow(writer.codec, readExportLine(text)).values;
  for (const [i, { name, type }] of itemWireColumns(writer.codec.schema).entries()) {
    if (type === "bigint" && values[i] !== null) expect(row).toContain(`"${name}":${values[i]},`);
  }
}

/** The item's line according to parsing, or undefined if parsing rejects it. */
function rowOf(writer: LineWriter, text: string): string | undefined {
  try {
    return itemLine(writer, readExportLine(text));
  } catch (error) {
    if (error instanceof Rejection) return undefined;
    throw error;
  }
}

/** JSON text of the value, with members reordered and sometimes one of them repeated. */
function rewritten(
  json: Json,
  stream: { readonly choices: readonly number[]; at: number },
  twice: { named: boolean },
): string {
  if (typeof json !== "object" || json === null) return JSON.stringify(json);
  if (Array.isArray(json))
    return `[${json.map((element) => rewritten(element as Json, stream, twice)).join(",")}]`;
  const choice = stream.choices[stream.at++ % stream.choices.length] as number;
  const members = Object.entries(json).map(
    ([name, member]) => `${JSON.stringify(name)}:${rewritten(member as Json, stream, twice)}`,
  );
  const turn = choice % Math.max(1, members.length);
  const turned = [...members.slice(turn), ...members.slice(0, turn)];
  if (choice === 9 && turned.length > 0 && !twice.named) {
    twice.named = true;
    turned.push(turned[0] as string);
  }
  return `{${turned.join(",")}}`;
}

async function transcoded(
  writer: LineWriter,
  data: Buffer,
  itemCount: number,
): Promise<{ items: number; rejected: number; rows: readonly string[] }> {
  return withFolder(async (folder) => {
    const source = join(folder, "data.json.gz");
    const place = { folder: join(folder, "staging"), splits: 1 };
    const zipped = gzipSync(data);
    await writeFile(source, zipped);
    const md5 = createHash("md5").update(zipped).digest("base64");
    const [staged] = await stageInto(place, writer, [{ source, itemCount, md5 }]);
    const { items, rejected } = staged as Transcoded;
    const rows = (await stagedTexts(place, 1)).join("").split("\n");
    expect(rows.pop()).toBe("");
    return { items, rejected: rejected.length, rows };
  });
}

function isDeepEqual(a: string, b: string): boolean {
  return canonical(a) === canonical(b);
}

function canonical(line: string): string {
  return JSON.stringify(Object.entries(JSON.parse(line) as object).sort(([a], [b]) => (a < b ? -1 : 1)));
}
