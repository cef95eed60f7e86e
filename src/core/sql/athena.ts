/**
 * The Athena dialect (engine version 3, Trino). JSON is cast to text at every leaf first and the value is rebuilt from
 * it, since casts of JSON numbers go through a double and those to dates, timestamps and varbinary inside a ROW do not exist.
 */

import { type Dialect, lambdaVariable, quoted } from "../ports/dialect.ts";
import type { ColumnType, PartType } from "../schema/column-type.ts";
import { athenaJson } from "./athena-json.ts";

export const athena: Dialect = {
  name: "athena",
  typeName,
  wireTypeName: (type) => (type === "string" ? "varchar" : type === "int" ? "integer" : type),
  typed,
  wire,
  keyTypeName: "varbinary",
  keyTyped: (hex) => `from_hex(${hex})`,
  keyWire: (bytes) => `lower(to_hex(${bytes}))`,
  timeTyped: (seconds) => `CAST(from_unixtime(${seconds}, 'UTC') AS timestamp(3))`,
  timeWire: (timestamp) => `CAST(to_unixtime(with_timezone(${timestamp}, 'UTC')) AS bigint)`,
  partLabel: (kind, value) =>
    kind === "identity"
      ? `lower(substr(to_hex(sha256(to_utf8(CAST(${value} AS varchar)))), 1, 24))`
      : `format_datetime(CAST(${value} AS timestamp(3)), '${{ year: "yyyy", month: "yyyy-MM", day: "yyyy-MM-dd" }[kind]}')`,
  json: athenaJson,
  bucketOfTyped: (key, count) => bucketOf(`to_hex(${key})`, count),
};

/** The hash space is cut evenly by its first 32 bits. */
function bucketOf(hex: string, count: number): string {
  return `from_base(substr(${hex}, 1, 8), 16) * ${count} / 4294967296`;
}

function typeName(type: ColumnType): string {
  switch (type.kind) {
    case "string":
    case "json":
      return "varchar";
    case "int":
      return "integer";
    case "binary":
      return "varbinary";
    case "timestamp":
      return "timestamp(3)";
    case "decimal":
      return `decimal(${type.precision},${type.scale})`;
    case "array":
      return `array(${typeName(type.element)})`;
    case "map":
      return `map(varchar, ${typeName(type.value)})`;
    case "struct":
      return `row(${type.fields.map((field) => `${quoted(field.name)} ${typeName(field.type)}`).join(", ")})`;
    default:
      return type.kind;
  }
}

function typed(type: ColumnType, expression: string): string {
  switch (type.kind) {
    case "json":
    case "boolean":
    case "int":
    case "bigint":
    case "double":
      return expression;
    case "array":
    case "map":
    case "struct":
      return leafRebuilt(type, `CAST(json_parse(${expression}) AS ${typeName(allText(type))})`, 0, typedLeaf);
    default:
      return typedLeaf(type, expression);
  }
}

/** The type with text at every leaf. */
function allText(type: PartType): PartType {
  switch (type.kind) {
    case "array":
      return { kind: "array", element: allText(type.element) };
    case "map":
      return { kind: "map", value: allText(type.value) };
    case "struct":
      return {
        kind: "struct",
        fields: type.fields.map((field) => ({ ...field, type: allText(field.type) })),
      };
    default:
      return { kind: "string" };
  }
}

function typedLeaf(type: PartType, text: string): string {
  switch (type.kind) {
    case "string":
      return text;
    case "binary":
      return `from_base64(${text})`;
    case "timestamp":
      return `CAST(from_iso8601_timestamp(${text}) AT TIME ZONE 'UTC' AS timestamp(3))`;
    default:
      return `CAST(${text} AS ${typeName(type)})`;
  }
}

function wire(type: ColumnType, expression: string): string {
  switch (type.kind) {
    case "array":
    case "map":
    case "struct": {
      const text = leafRebuilt(type, expression, 0, wireLeaf);
      return `CASE WHEN ${expression} IS NOT NULL THEN json_format(CAST(${text} AS json)) END`;
    }
    case "json":
    case "boolean":
    case "int":
    case "bigint":
    case "double":
      return expression;
    default:
      return wireLeaf(type, expression);
  }
}

function wireLeaf(type: PartType, expression: string): string {
  switch (type.kind) {
    case "string":
    case "boolean":
      return expression;
    case "timestamp":
      return `to_iso8601(with_timezone(${expression}, 'UTC'))`;
    case "binary":
      return `to_base64(${expression})`;
    default:
      return `CAST(${expression} AS varchar)`;
  }
}

/** The value with every leaf replaced. Nulls stay nulls at every depth. */
function leafRebuilt(
  type: PartType,
  expression: string,
  depth: number,
  leaf: (type: PartType, expression: string) => string,
): string {
  const variable = lambdaVariable(depth);
  switch (type.kind) {
    case "array":
      return `transform(${expression}, ${variable} -> ${leafRebuilt(type.element, variable, depth + 1, leaf)})`;
    case "map": {
      const value = leafRebuilt(type.value, variable, depth + 1, leaf);
      return `transform_values(${expression}, (${quoted(`key ${depth}`)}, ${variable}) -> ${value})`;
    }
    case "struct": {
      const rebuilt = type.fields.map((field) => {
        const text = leafRebuilt(field.type, `${expression}.${quoted(field.name)}`, depth, leaf);
        return { name: quoted(field.name), text, typeName: leafTypeName(field.type, leaf) };
      });
      const row = rebuilt.map((field) => field.text).join(", ");
      const rowType = rebuilt.map((field) => `${field.name} ${field.typeName}`).join(", ");
      return `CASE WHEN ${expression} IS NOT NULL THEN CAST(ROW(${row}) AS row(${rowType})) END`;
    }
    default:
      return leaf(type, expression);
  }
}

/** The type of a rebuilt part: its own, or on the way to the wire text and booleans only. */
function leafTypeName(type: PartType, leaf: (type: PartType, expression: string) => string): string {
  return typeName(leaf === wireLeaf ? wireShape(type) : type);
}

function wireShape(type: PartType): PartType {
  switch (type.kind) {
    case "array":
      return { kind: "array", element: wireShape(type.element) };
    case "map":
      return { kind: "map", value: wireShape(type.value) };
    case "struct":
      return {
        kind: "struct",
        fields: type.fields.map((field) => ({ ...field, type: wireShape(field.type) })),
      };
    case "boolean":
      return type;
    default:
      return { kind: "string" };
  }
}
