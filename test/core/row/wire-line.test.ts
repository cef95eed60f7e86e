import { describe, expect, test } from "@jest/globals";
import { readChange } from "../../../src/core/change/change.ts";
import type { WireValue } from "../../../src/core/row/encoding.ts";
import { rowCodec, toRow } from "../../../src/core/row/row.ts";
import {
  changeLine,
  changeWireColumns,
  itemLine,
  itemWireColumns,
  type LineWriter,
  lineWriter,
  type WireColumn,
  type WireType,
} from "../../../src/core/row/wire-line.ts";
import { parseSchema, type SchemaFile } from "../../../src/core/schema/schema.ts";
import { type Item, readItem } from "../../../src/core/values/attribute-value.ts";
import { type Json, parseJson } from "../../../src/core/values/json-members.ts";
import { keyHash, keyOf } from "../../../src/core/values/key.ts";
import { ARRIVED_AT_SECONDS, recordedChange, recordedItem, valueStyle } from "../../arbitraries/change.ts";
import { item, keyedItem, keySchema } from "../../arbitraries/item.ts";
import { itemAndSchema, schemaFor } from "../../arbitraries/schema.ts";
import * as fc from "../../support/fast-check.ts";
import { lineText } from "../../support/line-text.ts";

const KEY = { hash: "pk", range: "sk" };

const changeAndWriter = recordedChange.chain(({ key, change }) =>
  schemaFor([change.item], { key, masks: "some" }).map((file) => ({ change, writer: writerOf(file) })),
);

const itemAndWriter = itemAndSchema({ key: KEY, masks: "some" }).map(({ item: written, file }) => ({
  written,
  writer: writerOf(file),
}));

describe("the line of a change", () => {
  test("is one line of JSON whose members are wire columns, in their order and of their types", () => {
    fc.assert(
      fc.property(changeAndWriter, ({ change, writer }) => {
        const { schema } = writer.codec;
        const line = changeLine(writer, change);
        const text = lineText(line);
        expect(text.indexOf("\n")).toBe(text.length - 1);
        expect(line.keyHash).toBe(keyHash(change.key));
        requireWireLine(text, changeWireColumns(schema), [
          ...rowValues(writer, change.item),
          keyHash(change.key),
          change.operation,
          change.version,
          change.changedAtSeconds,
          change.expired,
        ]);
      }),
      { numRuns: 600 },
    );
  });

  test("is written out in full here, as Firehose and the change log get it", () => {
    const writer = writerOf({
      table: "reviews",
      key: { hash: "User" },
      attributes: {
        User: { type: "string" },
        Rating: { type: "decimal(3,1)" },
        Likes: { type: "bigint" },
        Tags: { type: "array<string>", set: true },
      },
    });
    const record = {
      eventName: "INSERT",
      dynamodb: {
        SequenceNumber: "300000000000000499659",
        ApproximateCreationDateTime: 1_763_874_600,
        NewImage: {
          User: { S: "ann\n" },
          Likes: { N: "9007199254740993" },
          Rating: { N: "4.50" },
          Tags: { SS: ["b", "a"] },
          Other: { NULL: true },
        },
      },
    };
    expect(lineText(changeLine(writer, readChange(record, writer.codec.schema, 0)))).toBe(
      '{"user":"ann\\n","rating":"4.5","likes":9007199254740993,"tags":"[\\"a\\",\\"b\\"]",' +
        '"_unmapped":"{\\"Other\\":{\\"NULL\\":true}}","_key":"d594cc1025fb47555bf62f6ee41e1944",' +
        '"_op":"INSERT","_version":"0000000000000000000300000000000000499659","_changed_at":1763874600,"_expired":false}\n',
    );
  });

  test("of a REMOVE holds the key and nothing else of the item", () => {
    fc.assert(
      fc.property(changeAndWriter, ({ change, writer }) => {
        if (change.operation !== "REMOVE") return;
        const members = parseJson(lineText(changeLine(writer, change))) as { readonly _unmapped?: string };
        const rest = Object.keys(JSON.parse(members._unmapped ?? "{}") as object);
        const { key } = writer.codec.schema;
        expect(rest.every((name) => name === key.hash || name === key.range)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

describe("the line of a snapshot's item", () => {
  test("is one line of JSON whose members are wire columns, in their order and of their types", () => {
    fc.assert(
      fc.property(itemAndWriter, ({ written, writer }) => {
        const read = readItem(written);
        const key = keyOf(KEY, read) ?? [];
        const line = itemLine(writer, read);
        requireWireLine(line ?? "none", itemWireColumns(writer.codec.schema), [
          ...rowValues(writer, read),
          keyHash(key),
        ]);
      }),
      { numRuns: 500 },
    );
  });

  test("is not there for an item without a key", () => {
    fc.assert(
      fc.property(itemAndWriter, ({ written, writer }) => {
        const { sk, ...others } = readItem(written);
        expect(sk).toBeDefined();
        expect(itemLine(writer, others)).toBeUndefined();
        expect(itemLine(writer, { ...others, sk: { L: [] } })).toBeUndefined();
      }),
      { numRuns: 100 },
    );
  });
});

test("an item gives the same row from an export line, from a stream record and from its recording in any style", () => {
  const ways = keySchema.chain((key) =>
    keyedItem(key).chain((written) =>
      fc.record({
        written: fc.constant(written),
        file: schemaFor([written], { key, masks: "some" }),
        style: valueStyle,
        eventName: fc.constantFrom("INSERT", "MODIFY"),
      }),
    ),
  );
  fc.assert(
    fc.property(ways, ({ written, file, style, eventName }) => {
      const writer = writerOf(file);
      const exportLine = JSON.stringify({ Item: written });
      const exported = (JSON.parse(exportLine) as { readonly Item: Item }).Item;
      const staged = itemLine(writer, readItem(exported)) as string;
      const record = { eventName, dynamodb: { SequenceNumber: "7", NewImage: recordedItem(written, style) } };
      const line = lineText(changeLine(writer, readChange(record, writer.codec.schema, ARRIVED_AT_SECONDS)));
      const metadata = `,"_op":"${eventName}","_version":"${"7".padStart(40, "0")}","_changed_at":${ARRIVED_AT_SECONDS},"_expired":false}\n`;
      expect(line).toBe(staged.replace(/\}\n$/, "") + metadata);
    }),
    { numRuns: 600 },
  );
});

test("a change has the line of its item, however long its texts are and whatever is in them", () => {
  const text = fc
    .tuple(fc.string({ unit: fc.constantFrom("a", "é", "漢", "😀", '"', "\\", "\n", "\u2028") }), fc.nat(400))
    .map(([unit, times]) => unit.repeat(times));
  fc.assert(
    fc.property(text, text, text, (declared, nested, undeclared) => {
      const attributes = { pk: { type: "string" }, a: { type: "string" }, m: { type: "map<string,string>" } };
      const writer = writerOf({ table: "t", key: { hash: "pk" }, attributes });
      const written = readItem({
        pk: { S: "k" },
        a: { S: declared },
        m: { M: { "long name": { S: nested } } },
        u: { S: undeclared },
      });
      const record = { eventName: "INSERT", dynamodb: { SequenceNumber: "7", NewImage: written } };
      const line = lineText(changeLine(writer, readChange(record, writer.codec.schema, 9)));
      expect(line).toBe(
        (itemLine(writer, written) as string).replace(
          /\}\n$/,
          () => `,"_op":"INSERT","_version":"${"7".padStart(40, "0")}","_changed_at":9,"_expired":false}\n`,
        ),
      );
    }),
    { numRuns: 1000 },
  );
});

test("no line of a change or an item holds a line feed but its last character", () => {
  fc.assert(
    fc.property(item, (written) => {
      const writer = writerOf({ table: "t", key: { hash: "pk" }, attributes: {} });
      const line = itemLine(writer, readItem({ ...written, pk: { S: "\r\n\u2028" } })) as string;
      expect(line.indexOf("\n")).toBe(line.length - 1);
      expect(line).not.toContain("\r");
    }),
    { numRuns: 300 },
  );
});

test("every column travels as the type that engines see before the cast", () => {
  const types = [
    "string",
    "boolean",
    "int",
    "bigint",
    "double",
    "decimal(5,2)",
    "date",
    "timestamp",
    "binary",
    "json",
    "array<int>",
    "map<string,int>",
    "struct<a:int>",
  ];
  const attributes = Object.fromEntries(types.map((type, i) => [`c${i}`, { type }]));
  const columns = itemWireColumns(parseSchema({ table: "t", key: { hash: "pk" }, attributes }, "test"));
  expect(columns.map((column) => column.type)).toEqual([
    ...["string", "boolean", "int", "bigint", "double"],
    ...["string", "string", "string", "string", "string", "string", "string", "string"],
    ...["string", "string"],
  ]);
});

function writerOf(file: SchemaFile): LineWriter {
  return lineWriter(rowCodec(parseSchema(file, "test"), new Uint8Array([1, 2, 3])));
}

/** The values of the item's columns, `_unmapped` included. */
function rowValues(writer: LineWriter, written: Item): readonly WireValue[] {
  const row = toRow(writer.codec, written);
  return [...row.values, row.unmapped];
}

/** Requires JSON with the columns that are not null, in order, and their values. */
function requireWireLine(line: string, columns: readonly WireColumn[], values: readonly WireValue[]): void {
  const members = parseJson(line) as { readonly [name: string]: Json };
  const wanted = columns.flatMap((column, i) => {
    const value = values[i] as WireValue;
    return value === null ? [] : [{ ...column, value }];
  });
  const wrong = wanted.filter(
    ({ name, type, value }) => !isOfType(type, value) || !isHeld(members[name], value),
  );
  // The order comes from the text, because an object puts names that look like array indexes first.
  const text = wanted.map(({ name, value }) => `"${name}":${valueJson(value)}`).join(",");
  expect({ wrong, line, columns: columns.length }).toEqual({
    wrong: [],
    line: `{${text}}\n`,
    columns: values.length,
  });
}

function isOfType(type: WireType, value: NonNullable<WireValue>): boolean {
  if (type === "bigint" || type === "int") return typeof value === "bigint" || Number.isSafeInteger(value);
  return typeof value === (type === "double" ? "number" : type);
}

/** JSON.parse rounds bigints. The comparison of the line's text proves that they are exact. */
function isHeld(member: Json | undefined, value: NonNullable<WireValue>): boolean {
  return typeof value === "bigint" ? member === Number(value) : member === value;
}

function valueJson(value: NonNullable<WireValue>): string {
  return typeof value === "bigint" ? String(value) : JSON.stringify(value);
}
