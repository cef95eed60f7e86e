/** The DuckDB dialect. `from_json` reads JSON strings exactly into every type but BLOB, nested ones included. */

import { type Dialect, lambdaVariable, literal, quoted } from "../ports/dialect.ts";
import type { ColumnType, DecimalType, PartType, ScalarType } from "../schema/column-type.ts";
import { mapLeaves } from "../schema/map-leaves.ts";
import { duckdbJson } from "./duckdb-json.ts";

export const duckdb: Dialect = {
  name: "duckdb",
  typeName,
  wireTypeName: (type) => (type === "string" ? "VARCHAR" : type === "int" ? "INTEGER" : type.toUpperCase()),
  typed,
  wire,
  keyTypeName: "UUID",
  keyTyped: (hex) => `CAST(${hex} AS UUID)`,
  keyWire: (uuid) => `replace(CAST(${uuid} AS VARCHAR), '-', '')`,
  timeTyped: (seconds) => `make_timestamp(CAST(${seconds} AS BIGINT) * 1000000)`,
  timeWire: (timestamp) => `CAST(epoch(${timestamp}) AS BIGINT)`,
  partLabel: (kind, value) =>
    kind === "identity"
      ? `substr(sha256(CAST(${value} AS VARCHAR)), 1, 24)`
      : `strftime(${value}, '${{ year: "%Y", month: "%Y-%m", day: "%Y-%m-%d" }[kind]}')`,
  // Otherwise what is named twice is written down once, with all columns.
  inlined: (name, query) => `${name} AS NOT MATERIALIZED (${query})`,
  json: duckdbJson,
  bucketOfTyped: (key, count) => bucketOf(`CAST(${key} AS VARCHAR)`, count),
};

/** The hash space is cut evenly by its first 32 bits. */
function bucketOf(hex: string, count: number): string {
  return `CAST(('0x' || substr(${hex}, 1, 8)) AS BIGINT) * ${count} // 4294967296`;
}

function typeName(type: ColumnType): string {
  switch (type.kind) {
    case "string":
    case "json":
      return "VARCHAR";
    case "int":
      return "INTEGER";
    case "binary":
      return "BLOB";
    case "decimal":
      return `DECIMAL(${type.precision},${type.scale})`;
    case "array":
      return `${typeName(type.element)}[]`;
    case "map":
      return `MAP(VARCHAR, ${typeName(type.value)})`;
    case "struct":
      return `STRUCT(${type.fields.map((field) => `${quoted(field.name)} ${typeName(field.type)}`).join(", ")})`;
    default:
      return type.kind.toUpperCase();
  }
}

function typed(type: ColumnType, expression: string): string {
  switch (type.kind) {
    case "string":
    case "json":
    case "boolean":
    case "int":
    case "bigint":
    case "double":
      return expression;
    case "binary":
      return `from_base64(${expression})`;
    case "decimal":
      return decimalOfText(type, expression);
    case "array":
    case "map":
    case "struct": {
      const structure = literal(JSON.stringify(typeName(mapLeaves(type, textForBinary))));
      return binaryDecoded(type, `from_json(${expression}, ${structure})`, 0);
    }
    default:
      return `CAST(${expression} AS ${typeName(type)})`;
  }
}

/** Decimals of so few digits are numbers of 64 bits. DuckDB needs a hundred times as long to make longer ones from text. */
const SHORT_DIGITS_MAX = 18;

/** By the short way where the number has one: both give the same. */
function decimalOfText(type: DecimalType, text: string): string {
  const long = `CAST(${text} AS ${typeName(type)})`;
  if (type.precision <= SHORT_DIGITS_MAX || type.scale > SHORT_DIGITS_MAX) return long;
  const short = typeName({ ...type, precision: SHORT_DIGITS_MAX });
  return `coalesce(CAST(TRY_CAST(${text} AS ${short}) AS ${typeName(type)}), ${long})`; // breakage: short-decimals-are-those-of-the-text
}

/** JSON cannot hold binary values: text stands in their place. */
function textForBinary(scalar: ScalarType): ScalarType {
  return scalar.kind === "binary" ? { kind: "string" } : scalar;
}

function binaryDecoded(type: PartType, expression: string, depth: number): string {
  return rebuilt(type, expression, depth, (part, leaf) =>
    part.kind === "binary" ? `from_base64(${leaf})` : leaf,
  );
}

function wire(type: ColumnType, expression: string): string {
  switch (type.kind) {
    case "array":
    case "map":
    case "struct": {
      const text = rebuilt(type, expression, 0, wireLeaf);
      return `CASE WHEN ${expression} IS NOT NULL THEN CAST(to_json(${text}) AS VARCHAR) END`;
    }
    case "json":
    case "int":
    case "bigint":
    case "double":
      return expression;
    default:
      return wireLeaf(type, expression);
  }
}

/** Inside of JSON text every number is a JSON string. */
function wireLeaf(type: ScalarType, expression: string): string {
  switch (type.kind) {
    case "string":
    case "boolean":
      return expression;
    case "timestamp":
      return `strftime(${expression}, '%Y-%m-%dT%H:%M:%S.%gZ')`;
    case "binary":
      return `to_base64(${expression})`;
    default:
      return `CAST(${expression} AS VARCHAR)`;
  }
}

/** The value with every leaf replaced; the value itself where no leaf changes. Nulls stay nulls at every depth. */
function rebuilt(
  type: PartType,
  expression: string,
  depth: number,
  leaf: (type: ScalarType, expression: string) => string,
): string {
  const variable = lambdaVariable(depth);
  switch (type.kind) {
    case "array": {
      const element = rebuilt(type.element, variable, depth + 1, leaf);
      return element === variable
        ? expression
        : `list_transform(${expression}, lambda ${variable}: ${element})`;
    }
    case "map": {
      const value = rebuilt(type.value, `${variable}.value`, depth + 1, leaf);
      if (value === `${variable}.value`) return expression;
      const entry = `struct_pack(k := ${variable}.key, v := ${value})`;
      return `map_from_entries(list_transform(map_entries(${expression}), lambda ${variable}: ${entry}))`;
    }
    case "struct": {
      const members = type.fields.map((field) => {
        const member = `(${expression}).${quoted(field.name)}`;
        return { name: quoted(field.name), before: member, after: rebuilt(field.type, member, depth, leaf) };
      });
      if (members.every((member) => member.before === member.after)) return expression;
      const packed = members.map((member) => `${member.name} := ${member.after}`).join(", ");
      return `CASE WHEN ${expression} IS NOT NULL THEN struct_pack(${packed}) END`;
    }
    default:
      return leaf(type, expression);
  }
}
