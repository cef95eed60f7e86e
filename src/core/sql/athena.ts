/**
 * The Athena dialect (engine version 3, Trino). JSON is cast to text at every leaf first and the value is rebuilt from
 * it, since casts of JSON numbers go through a double and those to dates, timestamps and varbinary inside a ROW do not exist.
 */

import { type Dialect, lambdaVariable, quoted } from "../ports/dialect.ts";
import type { ColumnType, PartType, ScalarType } from "../schema/column-type.ts";
import { mapLeaves } from "../schema/map-leaves.ts";
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
  inlined: (name, query) => `${name} AS (${query})`,
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
    case "struct": {
      const ofText = typeName(mapLeaves(type, () => TEXT));
      return rebuilt(type, `CAST(json_parse(${expression}) AS ${ofText})`, 0, TO_TYPED);
    }
    default:
      return typedLeaf(type, expression);
  }
}

function typedLeaf(type: ScalarType, text: string): string {
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
      const text = rebuilt(type, expression, 0, TO_WIRE);
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

function wireLeaf(type: ScalarType, expression: string): string {
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

/** How the leaves of a value are replaced. */
interface LeafChange {
  readonly expression: (type: ScalarType, before: string) => string;
  /** The type of the replacement: a ROW has to name those of its fields. */
  readonly type: (before: ScalarType) => ScalarType;
}

const TEXT: ScalarType = { kind: "string" };
const TO_TYPED: LeafChange = { expression: typedLeaf, type: (scalar) => scalar };
const TO_WIRE: LeafChange = {
  expression: wireLeaf,
  type: (scalar) => (scalar.kind === "boolean" ? scalar : TEXT),
};

/** The value with every leaf replaced. Nulls stay nulls at every depth. */
function rebuilt(type: PartType, expression: string, depth: number, leaf: LeafChange): string {
  const variable = lambdaVariable(depth);
  switch (type.kind) {
    case "array":
      return `transform(${expression}, ${variable} -> ${rebuilt(type.element, variable, depth + 1, leaf)})`;
    case "map": {
      const value = rebuilt(type.value, variable, depth + 1, leaf);
      return `transform_values(${expression}, (${quoted(`key ${depth}`)}, ${variable}) -> ${value})`;
    }
    case "struct": {
      const fields = type.fields.map((field) => ({
        name: quoted(field.name),
        value: rebuilt(field.type, `${expression}.${quoted(field.name)}`, depth, leaf),
        typeName: typeName(mapLeaves(field.type, leaf.type)),
      }));
      const row = fields.map((field) => field.value).join(", ");
      const rowType = fields.map((field) => `${field.name} ${field.typeName}`).join(", ");
      return `CASE WHEN ${expression} IS NOT NULL THEN CAST(ROW(${row}) AS row(${rowType})) END`;
    }
    default:
      return leaf.expression(type, expression);
  }
}
