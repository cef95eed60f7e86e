/**
 * Random schemas for generated items. A column fits its attribute, or fits it in part (a list of mixed types, a struct without
 * some fields), or does not fit. Some attributes are not declared, and some columns have no attribute.
 */
import fc from "fast-check";
import { type AttributeFile, RESERVED_COLUMNS, type SchemaFile } from "../../src/core/schema/schema.ts";
import { TIMESTAMP_FORMATS } from "../../src/core/schema/schema-file.ts";
import type { AttributeValue, Item } from "../../src/core/values/attribute-value.ts";
import type { KeySchema } from "../../src/core/values/key.ts";
import { attributeName, item, keyedItem } from "./item.ts";

export interface SchemaOptions {
  /** Default: the hash key "id". */
  readonly key?: KeySchema;
  /** Whether some attributes are masked or dropped. Default: none, so that every item can be restored. */
  readonly masks?: "some" | "none";
}

const DEFAULT_KEY: KeySchema = { hash: "id" };

/** An item and a schema file for it. */
export function itemAndSchema(options: SchemaOptions = {}): fc.Arbitrary<{ item: Item; file: SchemaFile }> {
  const items = options.key === undefined ? item : keyedItem(options.key);
  return items.chain((generated) =>
    schemaFor([generated], options).map((file) => ({ item: generated, file })),
  );
}

/** A schema file whose columns suit the attributes of these items more or less well. */
export function schemaFor(items: readonly Item[], options: SchemaOptions = {}): fc.Arbitrary<SchemaFile> {
  const key = options.key ?? DEFAULT_KEY;
  const examples = new Map<string, AttributeValue>(items.flatMap((each) => Object.entries(each)));
  const keyNames = [key.hash, key.range];
  const declared = [...examples].map(([name, value]) =>
    fc.tuple(
      fc.constant(name),
      declarationFor(value, keyNames.includes(name) ? "none" : (options.masks ?? "none")),
    ),
  );
  const absent = fc.array(fc.tuple(attributeName, anyDeclaration), { maxLength: 2 });
  return fc.tuple(fc.tuple(...declared), absent, fc.boolean()).map(([present, others, named]) => {
    const attributes = new Map<string, AttributeFile | undefined>([...others, ...present]);
    return { table: "t", key: { ...key }, attributes: withColumnNames(attributes, named) };
  });
}

/** Names columns whose default name is taken, reserved or empty; with `all`, every column. */
function withColumnNames(
  attributes: ReadonlyMap<string, AttributeFile | undefined>,
  all: boolean,
): Record<string, AttributeFile> {
  const taken = new Set<string>();
  const named: [string, AttributeFile][] = [];
  for (const [attribute, spec] of attributes) {
    if (spec === undefined) continue;
    const byDefault = attribute
      .toLowerCase()
      .replace(/[^a-z0-9_]/g, "_")
      .slice(0, 255);
    const free = byDefault !== "" && !taken.has(byDefault) && !RESERVED_COLUMNS.has(byDefault);
    const name = free && !all ? byDefault : `column_${named.length}`;
    if (spec.mask !== "drop") taken.add(name);
    named.push([attribute, name === byDefault || spec.mask === "drop" ? spec : { ...spec, name }]);
  }
  return Object.fromEntries(named);
}

/** The declaration of an attribute, or undefined. */
function declarationFor(
  value: AttributeValue,
  masks: "some" | "none",
): fc.Arbitrary<AttributeFile | undefined> {
  return fc.oneof(
    { weight: 1, arbitrary: fc.constant(undefined) },
    { weight: 6, arbitrary: fittingDeclaration(value) },
    { weight: 2, arbitrary: anyDeclaration },
    { weight: 1, arbitrary: fc.constant({ type: "json" }) },
    {
      weight: masks === "some" ? 4 : 0,
      arbitrary: fc.constantFrom<AttributeFile>({ mask: "sha256" }, { mask: "drop" }),
    },
  );
}

/** A declaration that can hold the value, or most of it. */
export function fittingDeclaration(value: AttributeValue): fc.Arbitrary<AttributeFile> {
  if ("SS" in value) return setDeclaration(["string"]);
  if ("NS" in value) return setDeclaration(["int", "bigint", "double", "decimal(38,10)", "decimal(38,0)"]);
  if ("BS" in value) return setDeclaration(["binary"]);
  return fittingPart(value).chain((type) => {
    if (type === "timestamp") return timestampDeclaration("N" in value ? "number" : "text");
    return fc.constant({ type: nesting(type) > NESTING_MAX || loops(type) > LOOPS_MAX ? "json" : type });
  });
}

/** Types may be nested as deeply as attributes. */
const NESTING_MAX = 32;

/** How deeply arrays and maps may be nested. */
const LOOPS_MAX = 16;

function loops(type: string): number {
  let deepest = 0;
  const open: number[] = [];
  for (const [mark] of type.matchAll(/array<|map<|struct<|>/g)) {
    if (mark === ">") open.pop();
    else open.push(mark === "struct<" ? 0 : 1);
    deepest = Math.max(
      deepest,
      open.reduce((sum, one) => sum + one, 0),
    );
  }
  return deepest;
}

function nesting(type: string): number {
  let [depth, deepest] = [0, 0];
  for (const mark of type) {
    if (mark === "<") depth++;
    else if (mark === ">") depth--;
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}

function setDeclaration(elements: readonly string[]): fc.Arbitrary<AttributeFile> {
  return fc
    .tuple(fc.constantFrom(...elements), fc.boolean())
    .map(([element, set]) => (set ? { type: `array<${element}>`, set } : { type: `array<${element}>` }));
}

function timestampDeclaration(from: "number" | "text" | "any"): fc.Arbitrary<AttributeFile> {
  const formats = TIMESTAMP_FORMATS.filter(
    (format) => from === "any" || (format === "iso") === (from === "text"),
  );
  return fc.constantFrom(...formats).map((format) => ({ type: "timestamp", format }));
}

/** The text of a type that can hold the value, or most of it. */
function fittingPart(value: AttributeValue): fc.Arbitrary<string> {
  if ("S" in value)
    return fc.constantFrom("string", /^\d{4}-\d\d-\d\d/.test(value.S) ? dateType(value.S) : "string");
  if ("N" in value) return fc.constantFrom("int", "bigint", "double", "timestamp", ...decimals(value.N));
  if ("B" in value) return fc.constant("binary");
  if ("BOOL" in value) return fc.constant("boolean");
  if ("L" in value) return arrayOf(value.L);
  if ("M" in value) return fc.oneof(mapOf(Object.values(value.M)), structOf(value.M));
  if ("SS" in value) return fc.constant("array<string>");
  if ("NS" in value) return fc.constantFrom("array<bigint>", "array<double>", "array<decimal(38,5)>");
  if ("BS" in value) return fc.constant("array<binary>");
  return anyPart;
}

function dateType(text: string): string {
  return text.length > 10 ? "timestamp" : "date";
}

/** Decimals, such as the smallest one that holds the number. */
function decimals(number: string): readonly string[] {
  const [whole = "", fraction = ""] = number.replace(/^[+-]/, "").split(".");
  const precision = Math.max(1, whole.length + fraction.length);
  const exact =
    /^\d*$/.test(whole + fraction) && precision <= 38 ? [`decimal(${precision},${fraction.length})`] : [];
  return ["decimal(38,0)", "decimal(38,19)", "decimal(10,2)", ...exact];
}

function arrayOf(elements: readonly AttributeValue[]): fc.Arbitrary<string> {
  if (elements.length === 0) return anyPart.map((part) => `array<${part}>`);
  return fc
    .constantFrom(...elements)
    .chain((element) => fittingPart(element).map((part) => `array<${part}>`));
}

function mapOf(members: readonly AttributeValue[]): fc.Arbitrary<string> {
  if (members.length === 0) return anyPart.map((part) => `map<string,${part}>`);
  return fc
    .constantFrom(...members)
    .chain((member) => fittingPart(member).map((part) => `map<string,${part}>`));
}

/** A struct of all or some of the members whose names can be field names, perhaps with a field that no member has. */
function structOf(members: Item): fc.Arbitrary<string> {
  const fields = Object.entries(members)
    .filter(([name]) => FIELD_NAME.test(name))
    .map(([name, member]) => fittingPart(member).map((part) => [name, part] as const));
  const extra = fc.option(fc.tuple(fieldName, anyPart), { nil: undefined });
  return fc
    .tuple(fc.tuple(...fields), fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }), extra)
    .map(([present, omitted, other]) => {
      const most = present.filter((_, i) => omitted[0] === true || omitted[(i % 3) + 1] !== true);
      return structText([...most, ...(other === undefined ? [] : [other])]);
    });
}

const FIELD_NAME = /^[A-Za-z0-9_]{1,40}$/;

/** Without fields whose lower-case name is already taken. */
function structText(fields: readonly (readonly [string, string])[]): string {
  const byName = new Map<string, string>();
  for (const [name, type] of fields) {
    if (!byName.has(name.toLowerCase())) byName.set(name.toLowerCase(), `${name}:${type}`);
  }
  return byName.size === 0 ? "struct<a:string>" : `struct<${[...byName.values()].join(",")}>`;
}

const fieldName = fc.constantFrom(
  "a",
  "A",
  "b",
  "name",
  "Name",
  "__proto__",
  "constructor",
  "toString",
  "x1",
  "0",
);

const scalarPart = fc.oneof(
  fc.constantFrom("string", "boolean", "int", "bigint", "double", "date", "timestamp", "binary"),
  fc
    .tuple(fc.integer({ min: 1, max: 38 }), fc.nat(38))
    .map(([precision, scale]) => `decimal(${precision},${Math.min(precision, scale)})`),
);

const parts = fc.letrec<{ part: string }>((tie) => ({
  part: fc.oneof(
    { depthIdentifier: "type", depthSize: "small", maxDepth: 4 },
    { weight: 4, arbitrary: scalarPart },
    { weight: 1, arbitrary: tie("part").map((part) => `array<${part}>`) },
    { weight: 1, arbitrary: tie("part").map((part) => `map<string,${part}>`) },
    {
      weight: 1,
      arbitrary: fc
        .array(fc.tuple(fieldName, tie("part")), { minLength: 1, maxLength: 3, depthIdentifier: "type" })
        .map(structText),
    },
  ),
}));

const anyPart: fc.Arbitrary<string> = parts.part;

/** The text of any type, as in a schema file. */
export const typeText: fc.Arbitrary<string> = fc.oneof(
  { weight: 9, arbitrary: anyPart },
  { weight: 1, arbitrary: fc.constant("json") },
);

/** Any declaration of a column, for no particular value. */
export const anyDeclaration: fc.Arbitrary<AttributeFile> = fc.oneof(
  { weight: 6, arbitrary: typeText.map((type) => ({ type })) },
  { weight: 1, arbitrary: timestampDeclaration("any") },
  {
    weight: 1,
    arbitrary: setDeclaration(["string", "int", "bigint", "double", "decimal(38,10)", "binary"]),
  },
);
