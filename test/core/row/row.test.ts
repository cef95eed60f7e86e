import { describe, expect, test } from "@jest/globals";
import type { WireValue } from "../../../src/core/row/encoding.ts";
import { type RowCodec, rowCodec, toItem, toRow } from "../../../src/core/row/row.ts";
import type { ColumnType, PartType, StructField } from "../../../src/core/schema/column-type.ts";
import {
  type AttributeFile,
  type Column,
  parseSchema,
  type SchemaFile,
} from "../../../src/core/schema/schema.ts";
import { type AttributeValue, type Item, readItem } from "../../../src/core/values/attribute-value.ts";
import { attributeName, item, text } from "../../arbitraries/item.ts";
import { equalNumbers } from "../../arbitraries/number-model.ts";
import { itemAndSchema, schemaFor } from "../../arbitraries/schema.ts";
import * as fc from "../../support/fast-check.ts";

const MASK_KEY = new TextEncoder().encode("a key of the user's own");

describe("an item as a row and back", () => {
  test("is the item, for every item and every schema", () => {
    fc.assert(
      fc.property(itemAndSchema(), ({ item: written, file }) => {
        const codec = codecOf(file);
        const read = readItem(written);
        expect(toItem(codec, toRow(codec, read))).toEqual(read);
      }),
      { numRuns: 2000 },
    );
  });

  test("is the item, where the schema was made for another item", () => {
    const foreign = fc
      .tuple(item, item)
      .chain(([one, other]) => fc.tuple(fc.constant(one), schemaFor([shuffled(one, other)])));
    fc.assert(
      fc.property(foreign, ([written, file]) => {
        const codec = codecOf(file);
        const read = readItem(written);
        expect(toItem(codec, toRow(codec, read))).toEqual(read);
      }),
      { numRuns: 500 },
    );
  });

  test("gives every attribute once: by its column alone or in _unmapped", () => {
    fc.assert(
      fc.property(itemAndSchema(), ({ item: written, file }) => {
        const codec = codecOf(file);
        const read = readItem(written);
        const row = toRow(codec, read);
        const rest = row.unmapped === null ? {} : (JSON.parse(row.unmapped) as Item);
        const alone = row.values.map((wire, i) =>
          Object.hasOwn(rest, codec.schema.columns[i]?.attribute ?? "") ? null : wire,
        );
        const columns = toItem(codec, { values: alone, unmapped: null });
        for (const [name, value] of Object.entries(read)) {
          if (Object.hasOwn(rest, name)) expect(rest[name]).toEqual(value);
          else expect(columns[name]).toEqual(value);
        }
        expect(Object.keys(rest).every((name) => Object.hasOwn(read, name))).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});

test("no column ever says anything but what the attribute is", () => {
  fc.assert(
    fc.property(itemAndSchema(), ({ item: written, file }) => {
      const codec = codecOf(file);
      const read = readItem(written);
      const row = toRow(codec, read);
      expect(row.values).toHaveLength(codec.schema.columns.length);
      for (const [i, column] of codec.schema.columns.entries()) {
        const wire = row.values[i] as WireValue;
        const value = Object.hasOwn(read, column.attribute) ? read[column.attribute] : undefined;
        const truth = wire === null || (value !== undefined && columnTells(column, wire, value));
        expect({ column, wire, value, truth }).toMatchObject({ truth: true });
      }
    }),
    { numRuns: 2000 },
  );
});

test("a column is null for an attribute that the item does not have", () => {
  const codec = codecOf(
    schemaOf({ constructor: { type: "string" }, toString: { type: "json" }, a: { type: "int" } }),
  );
  expect(toRow(codec, {})).toEqual({ values: [null, null, null], unmapped: null });
});

/** The value of a column of a type; `also` if _unmapped keeps the attribute as well. */
type Case = readonly [
  type: string | AttributeFile,
  value: AttributeValue,
  column: WireValue,
  unmapped: "alone" | "also",
];

describe("a column of type", () => {
  test.each<Case>([
    ["string", { S: "" }, "", "alone"],
    ["string", { S: "\u0000😀" }, "\u0000😀", "alone"],
    ["string", { N: "1" }, null, "also"],
    ["string", { NULL: true }, null, "also"],
    ["boolean", { BOOL: false }, false, "alone"],
    ["boolean", { S: "true" }, null, "also"],
    ["int", { N: "2147483647" }, 2147483647, "alone"],
    ["int", { N: "-2147483648" }, -2147483648, "alone"],
    ["int", { N: "2147483648" }, null, "also"],
    ["int", { N: "1.5" }, null, "also"],
    ["int", { S: "1" }, null, "also"],
    ["bigint", { N: "9223372036854775807" }, 9223372036854775807n, "alone"],
    ["bigint", { N: "-9223372036854775808" }, -9223372036854775808n, "alone"],
    ["bigint", { N: "9223372036854775808" }, null, "also"],
    ["bigint", { N: "-9223372036854775809" }, null, "also"],
    ["bigint", { N: "0.5" }, null, "also"],
    ["double", { N: "0.1" }, 0.1, "alone"],
    ["double", { N: "1E+125" }, 1e125, "alone"],
    ["double", { N: "9007199254740993" }, null, "also"],
    ["decimal(5,2)", { N: "-999.99" }, "-999.99", "alone"],
    ["decimal(5,2)", { N: "1000" }, null, "also"],
    ["decimal(5,2)", { N: "0.001" }, null, "also"],
    ["decimal(2,2)", { N: "0.99" }, "0.99", "alone"],
    ["decimal(2,2)", { N: "0" }, "0", "alone"],
    [
      "decimal(38,0)",
      { N: "12345678901234567890123456789012345678" },
      "12345678901234567890123456789012345678",
      "alone",
    ],
    ["date", { S: "2024-02-29" }, "2024-02-29", "alone"],
    ["date", { S: "2023-02-29" }, null, "also"],
    ["date", { S: "2024-2-9" }, null, "also"],
    ["timestamp", { S: "2026-11-23T05:10:00.120Z" }, "2026-11-23T05:10:00.120Z", "alone"],
    ["timestamp", { S: "2026-11-23 07:10:00.12+02:00" }, "2026-11-23T05:10:00.120Z", "also"],
    ["timestamp", { S: "2026-11-23T05:10:00.1234Z" }, null, "also"],
    ["timestamp", { S: "2026-02-30T00:00:00Z" }, null, "also"],
    ["timestamp", { N: "1763874600" }, null, "also"],
    [
      { type: "timestamp", format: "epoch_seconds" },
      { N: "1763874600.5" },
      "2025-11-23T05:10:00.500Z",
      "alone",
    ],
    [{ type: "timestamp", format: "epoch_seconds" }, { N: "1763874600.5001" }, null, "also"],
    [
      { type: "timestamp", format: "epoch_millis" },
      { N: "1763874600500" },
      "2025-11-23T05:10:00.500Z",
      "alone",
    ],
    [{ type: "timestamp", format: "epoch_millis" }, { N: "-1" }, "1969-12-31T23:59:59.999Z", "alone"],
    [{ type: "timestamp", format: "epoch_millis" }, { N: "253402300800000" }, null, "also"],
    [{ type: "timestamp", format: "epoch_millis" }, { S: "1763874600500" }, null, "also"],
    ["binary", { B: "AAE=" }, "AAE=", "alone"],
    ["binary", { S: "AAE=" }, null, "also"],
    ["array<int>", { L: [{ N: "1" }, { NULL: true }] }, '["1",null]', "alone"],
    ["array<int>", { L: [{ N: "1" }, { S: "x" }] }, '["1",null]', "also"],
    ["array<int>", { NS: ["1", "2"] }, '["1","2"]', "also"],
    ["array<int>", { S: "1" }, null, "also"],
    [{ type: "array<string>", set: true }, { SS: ["b", "a"] }, '["a","b"]', "alone"],
    [{ type: "array<int>", set: true }, { NS: ["10", "9"] }, '["9","10"]', "alone"],
    [{ type: "array<int>", set: true }, { NS: ["1", "1.5"] }, '["1",null]', "also"],
    [{ type: "array<string>", set: true }, { L: [{ S: "a" }] }, '["a"]', "also"],
    [{ type: "array<string>", set: true }, { NS: ["1"] }, null, "also"],
    ["map<string,boolean>", { M: { b: { BOOL: true }, a: { NULL: true } } }, '{"a":null,"b":true}', "alone"],
    ["map<string,string>", { M: {} }, "{}", "alone"],
    ["map<string,string>", { L: [] }, null, "also"],
    ["struct<Year:int,tags:array<string>>", { M: { Year: { N: "1997" } } }, '{"year":"1997"}', "alone"],
    ["struct<constructor:string,a:string>", { M: { a: { S: "x" } } }, '{"a":"x"}', "alone"],
    ["struct<Year:int>", { M: { year: { N: "1997" } } }, "{}", "also"],
    ["struct<a:int>", { M: { a: { N: "1" }, b: { N: "2" } } }, '{"a":"1"}', "also"],
    ["struct<a:int>", { M: { a: { NULL: true } } }, "{}", "also"],
    ["json", { M: { b: { L: [{ NULL: true }] }, a: { BOOL: true } } }, '{"a":true,"b":[null]}', "alone"],
    [
      "json",
      { M: { "9": { S: "x" }, "-": { S: "" }, "10": { L: [] } } },
      '{"-":"","10":[],"9":"x"}',
      "alone",
    ],
    ["json", { S: "x" }, '"x"', "alone"],
    ["json", { N: "1.10" }, '"1.1"', "also"],
    ["json", { L: [{ B: "AA==" }] }, '["AA=="]', "also"],
    ["json", { NULL: true }, null, "also"],
  ])("%j holds %j as %j, and _unmapped keeps it: %s", (type, value, column, unmapped) => {
    const codec = codecOf(schemaOf({ a: typeof type === "string" ? { type } : type }));
    const read = readItem({ a: value });
    const row = toRow(codec, read);
    expect(row.values).toEqual([column]);
    expect(row.unmapped === null ? "alone" : "also").toBe(unmapped);
    expect(toItem(codec, row)).toEqual(read);
  });
});

test("_unmapped wins over the columns", () => {
  const codec = codecOf(schemaOf({ a: { type: "string" } }));
  expect(toItem(codec, { values: ["old"], unmapped: '{"a":{"N":"1"},"b":{"S":"x"}}' })).toEqual({
    a: { N: "1" },
    b: { S: "x" },
  });
});

describe("masks", () => {
  const masked = itemAndSchema({ key: { hash: "id" }, masks: "some" });

  test("leave out what they hide, and everything else comes back", () => {
    fc.assert(
      fc.property(masked, ({ item: written, file }) => {
        const codec = codecOf(file);
        const read = readItem(written);
        const visible = Object.entries(read).filter(([name]) => maskOf(file, name) === undefined);
        expect(toItem(codec, toRow(codec, read))).toEqual(Object.fromEntries(visible));
      }),
      { numRuns: 500 },
    );
  });

  test("let no value of a masked or dropped attribute into the row, whatever it is and whatever stands beside it", () => {
    const secret = "Geheimnis";
    const hidden = fc.oneof(
      text.map((more): AttributeValue => ({ S: secret + more })),
      fc.constant<AttributeValue>({ SS: [secret] }),
      text.map((more): AttributeValue => ({ M: { [secret]: { L: [{ S: secret + more }] } } })),
    );
    const hiddenItem = fc.tuple(
      masked,
      fc.array(fc.tuple(attributeName, hidden, fc.boolean()), { maxLength: 3 }),
    );
    fc.assert(
      fc.property(hiddenItem, ([{ item: written, file }, secrets]) => {
        const own = secrets.filter(
          ([name]) => !Object.hasOwn(file.attributes, name) && !Object.hasOwn(written, name),
        );
        const declared = own.map(
          ([name, , drop], i) =>
            [name, drop ? { mask: "drop" } : { mask: "sha256", name: `masked_${i}` }] as const,
        );
        const attributes = Object.fromEntries([
          ...Object.entries(file.attributes),
          ...declared,
        ]) as SchemaFile["attributes"];
        const whole = Object.fromEntries([
          ...Object.entries(written),
          ...own.map(([name, value]) => [name, value] as const),
        ]);
        const row = toRow(codecOf({ ...file, attributes }), readItem(whole));
        expect(`${row.values.join("\n")}\n${row.unmapped}`).not.toContain(secret);
      }),
      { numRuns: 500 },
    );
  });

  test("sha256 gives equal values one hash, different values different ones, and another key other ones", () => {
    const file = schemaOf({ a: { mask: "sha256" } });
    const hashOf = (value: AttributeValue, key: Uint8Array = MASK_KEY): WireValue | undefined =>
      toRow(rowCodec(parseSchema(file, "test"), key), readItem({ a: value })).values[0];
    expect(hashOf({ N: "1.0" })).toBe(hashOf({ N: "1" }));
    expect(hashOf({ SS: ["b", "a"] })).toBe(hashOf({ SS: ["a", "b"] }));
    expect(hashOf({ N: "1" })).not.toBe(hashOf({ S: "1" }));
    expect(hashOf({ S: "a" })).not.toBe(hashOf({ S: "b" }));
    expect(hashOf({ S: "a" })).not.toBe(hashOf({ S: "a" }, new Uint8Array([1])));
    expect(hashOf({ S: "a" })).toMatch(/^[0-9a-f]{64}$/);
  });

  test("sha256 without a key is refused, so that no hash can be guessed", () => {
    const codec = rowCodec(parseSchema(schemaOf({ a: { mask: "sha256" } }), "test"));
    expect(() => toRow(codec, { a: { S: "x" } })).toThrow("mask key");
  });

  test("drop leaves no trace of the attribute, not even its name", () => {
    const codec = codecOf(schemaOf({ secret: { mask: "drop" }, a: { type: "json" } }));
    expect(codec.schema.columns.map((column) => column.name)).toEqual(["a"]);
    const row = toRow(codec, { secret: { NULL: true }, a: { NULL: true } });
    expect(row).toEqual({ values: [null], unmapped: '{"a":{"NULL":true}}' });
  });
});

test("a row is the same in whatever order the item was written", () => {
  fc.assert(
    fc.property(itemAndSchema(), ({ item: written, file }) => {
      const codec = codecOf(file);
      const backwards = Object.fromEntries(Object.entries(written).reverse());
      expect(toRow(codec, readItem(backwards))).toEqual(toRow(codec, readItem(written)));
    }),
    { numRuns: 500 },
  );
});

function schemaOf(attributes: SchemaFile["attributes"]): SchemaFile {
  return { table: "t", key: { hash: "id" }, attributes };
}

function codecOf(file: SchemaFile): RowCodec {
  return rowCodec(parseSchema(file, "test"), MASK_KEY);
}

function maskOf(file: SchemaFile, attribute: string): string | undefined {
  return Object.hasOwn(file.attributes, attribute) ? file.attributes[attribute]?.mask : undefined;
}

/** The names of one item with the values of another. */
function shuffled(names: Item, values: Item): Item {
  const all = [...Object.values(values), ...Object.values(names)].reverse();
  return Object.fromEntries(Object.keys(names).map((name, i) => [name, all[i] as AttributeValue]));
}

/** Whether a column that is not null equals the value, by an independent reading of every type. */
function columnTells(column: Column, wire: NonNullable<WireValue>, value: AttributeValue): boolean {
  const { type } = column;
  switch (type.kind) {
    case "boolean":
      return wire === (value as { BOOL?: boolean }).BOOL;
    case "int":
      return typeof wire === "number" && wire === (wire | 0) && tellsNumber(String(wire), value);
    case "bigint":
      return typeof wire === "bigint" && BigInt.asIntN(64, wire) === wire && tellsNumber(String(wire), value);
    case "double":
      return typeof wire === "number" && tellsNumber(String(wire), value);
    case "timestamp":
      return typeof wire === "string" && tellsTime(column.format, wire, value);
    case "json":
      return typeof wire === "string" && tellsPlain(JSON.parse(wire), value);
    case "array":
    case "map":
    case "struct":
      return typeof wire === "string" && partTells(type, JSON.parse(wire), value);
    default:
      return partTells(type, wire, value);
  }
}

/** A null inside a value may stand for anything. */
function partTells(type: PartType, json: unknown, value: AttributeValue): boolean {
  if (json === null) return true;
  switch (type.kind) {
    case "array":
      return Array.isArray(json) && tellsElements(type.element, json, value);
    case "map":
    case "struct":
      return "M" in value && tellsMembers(type, json as Record<string, unknown>, value.M);
    case "boolean":
      return "BOOL" in value && json === value.BOOL;
    case "string":
      return "S" in value && json === value.S;
    case "date":
      return "S" in value && json === value.S && utcMillis(`${value.S}T00:00:00.000Z`) !== undefined;
    case "binary":
      return "B" in value && json === value.B;
    case "timestamp":
      return tellsTime("iso", json as string, value);
    case "decimal":
      return fitsDecimal(type, json as string) && tellsNumber(json as string, value);
    default:
      return typeof json === "string" && tellsNumber(json, value);
  }
}

function tellsElements(element: PartType, json: readonly unknown[], value: AttributeValue): boolean {
  const [[kind = "", content] = []] = Object.entries(value);
  if (!["L", "SS", "NS", "BS"].includes(kind)) return false;
  const members = content as readonly unknown[];
  const wrapped = kind === "L" ? members : members.map((member) => ({ [kind.charAt(0)]: member }));
  return (
    json.length === wrapped.length &&
    json.every((one, i) => partTells(element, one, wrapped[i] as AttributeValue))
  );
}

function tellsMembers(
  type: Extract<ColumnType, { kind: "map" | "struct" }>,
  json: Record<string, unknown>,
  members: Item,
): boolean {
  if (type.kind === "map") {
    const names = Object.keys(members);
    return (
      names.length === Object.keys(json).length &&
      names.every(
        (name) =>
          Object.hasOwn(json, name) && partTells(type.value, json[name], members[name] as AttributeValue),
      )
    );
  }
  const fieldOf = (name: string): StructField | undefined => type.fields.find((field) => field.name === name);
  return Object.entries(json).every(([name, member]) => {
    const field = fieldOf(name);
    if (field === undefined || !Object.hasOwn(members, field.attribute)) return false;
    return partTells(field.type, member, members[field.attribute] as AttributeValue);
  });
}

function tellsPlain(json: unknown, value: AttributeValue): boolean {
  const [[kind = "", content] = []] = Object.entries(value);
  switch (kind) {
    case "NULL":
      return json === null;
    case "N":
      return typeof json === "string" && tellsNumber(json, value);
    case "L": {
      const elements = content as readonly AttributeValue[];
      return (
        Array.isArray(json) &&
        json.length === elements.length &&
        elements.every((element, i) => tellsPlain(json[i], element))
      );
    }
    case "M": {
      const members = Object.entries(content as Item);
      const object = json as Record<string, unknown>;
      return (
        members.length === Object.keys(object).length &&
        members.every(([name, member]) => Object.hasOwn(object, name) && tellsPlain(object[name], member))
      );
    }
    default:
      return JSON.stringify(json) === JSON.stringify(content);
  }
}

function tellsNumber(text: string, value: AttributeValue): boolean {
  return "N" in value && equalNumbers(text, value.N);
}

function fitsDecimal(type: { readonly precision: number; readonly scale: number }, text: string): boolean {
  const [whole = "", fraction = ""] = text.replace("-", "").split(".");
  const wholeDigits = whole.replace(/^0+/, "").length;
  return fraction.length <= type.scale && wholeDigits <= type.precision - type.scale;
}

function tellsTime(format: Column["format"], wire: string, value: AttributeValue): boolean {
  const millis = utcMillis(wire);
  if (millis === undefined || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(wire)) return false;
  if (format === "iso") return "S" in value && utcMillis(value.S) === millis;
  return "N" in value && equalNumbers(format === "epoch_millis" ? String(millis) : `${millis}e-3`, value.N);
}

/** Milliseconds since the epoch of an ISO 8601 time, without using JavaScript's parser. */
function utcMillis(iso: string): number | undefined {
  const match =
    /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?\s?(?:[Zz]|([+-])(\d\d):?(\d\d)?)?$/.exec(
      iso,
    );
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7)
    .map((part) => Number(part ?? 0));
  const fraction = (match[7] ?? "").padEnd(3, "0");
  if (/[1-9]/.test(fraction.slice(3))) return undefined;
  const moment = new Date(0);
  moment.setUTCFullYear(year, month - 1, day);
  if (year < 1 || moment.getUTCMonth() !== month - 1 || moment.getUTCDate() !== day) return undefined;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  moment.setUTCHours(hour, minute, second, Number(fraction.slice(0, 3)));
  const offset = Number(match[9] ?? 0) * 60 + Number(match[10] ?? 0);
  return moment.getTime() - (match[8] === "-" ? -1 : 1) * offset * 60_000;
}
