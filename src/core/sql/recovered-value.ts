/**
 * The value of a column that was declared later, from the `_unmapped` of rows that were written before. It is what the codec
 * makes of the attribute, or null wherever SQL cannot tell exactly what that is: the value stays in `_unmapped` anyway.
 */

import { type Dialect, lambdaVariable } from "../ports/dialect.ts";
import type { ColumnType, PartType, ScalarType } from "../schema/column-type.ts";
import type { Column } from "../schema/schema.ts";
import { scalarFromText } from "./scalar-from-text.ts";

/** Each array or map within another one makes a statement three times as long to plan in Trino. */
const LOOPS_MAX = 6;

/** The column's value, typed, from `_unmapped`. The text alone shows that a row lacks the attribute: nothing is parsed. */
export function recoveredValue(dialect: Dialect, column: Column, unmapped: string): string {
  const { json } = dialect;
  if (loops(column.type) > LOOPS_MAX) return `CAST(NULL AS ${dialect.typeName(column.type)})`;
  const value = columnValue(dialect, column, json.attribute(unmapped, column.attribute));
  const name = json.text(`${JSON.stringify(column.attribute)}:{`);
  return `CASE WHEN ${json.holds(unmapped, name)} THEN ${value} END`;
}

function columnValue(dialect: Dialect, { type, format, set }: Column, attribute: string): string {
  const { json } = dialect;
  const value = lambdaVariable(0);
  switch (type.kind) {
    case "json":
      return json.bound(json.plain(attribute), value, `CASE WHEN ${value} <> 'null' THEN ${value} END`);
    case "array":
      return json.bound(attribute, value, arrayOf(dialect, type.element, value, set ? "set" : "list", 1));
    case "map":
    case "struct":
      return json.bound(attribute, value, partOf(dialect, type, value, 1));
    default:
      return scalarOf(dialect, type, attribute, 0, format);
  }
}

/** How many arrays and maps are within each other. */
function loops(type: ColumnType): number {
  switch (type.kind) {
    case "array":
      return 1 + loops(type.element);
    case "map":
      return 1 + loops(type.value);
    case "struct":
      return Math.max(...type.fields.map((field) => loops(field.type)));
    default:
      return 0;
  }
}

/** `depth` is the number of variables that are in use. */
function partOf(dialect: Dialect, type: PartType, value: string, depth: number): string {
  const { json } = dialect;
  switch (type.kind) {
    case "array":
      return arrayOf(dialect, type.element, value, "list", depth);
    case "map":
      return json.eachValue(json.map(value), lambdaVariable(depth), (member) =>
        partOf(dialect, type.value, member, depth + 1),
      );
    case "struct": {
      const members = json.members(value);
      const fields = type.fields.map((field) => ({
        name: field.name,
        typeName: dialect.typeName(field.type),
        value: partOf(dialect, field.type, json.member(members, field.attribute), depth),
      }));
      return `CASE WHEN ${members} IS NOT NULL THEN ${json.struct(fields)} END`;
    }
    default:
      return scalarOf(dialect, type, value, depth, "iso");
  }
}

/** A column from a set shows lists and its own kind of set, one from a list shows every set. */
function arrayOf(
  dialect: Dialect,
  element: PartType,
  value: string,
  from: "set" | "list",
  depth: number,
): string {
  const { json } = dialect;
  const inner = lambdaVariable(depth);
  const ways = [json.eachElement(json.list(value), inner, partOf(dialect, element, inner, depth + 1))];
  const own = ownSet(element);
  if (own !== undefined) {
    const member = scalarFromText(dialect, element as ScalarType, inner, depth + 1, "iso");
    ways.push(json.eachElement(json.set(value, own), inner, member));
  }
  if (from === "list") {
    const others = (["SS", "NS", "BS"] as const).filter((type) => type !== own);
    const misfits = `coalesce(${others.map((type) => json.set(value, type)).join(", ")})`;
    ways.push(json.eachElement(misfits, inner, `CAST(NULL AS ${dialect.typeName(element)})`));
  }
  return `coalesce(${ways.join(", ")})`;
}

/** The kind of set whose members fit the type. */
function ownSet({ kind }: ColumnType): "SS" | "NS" | "BS" | undefined {
  if (["string", "date", "timestamp"].includes(kind)) return "SS";
  if (["int", "bigint", "double", "decimal"].includes(kind)) return "NS";
  return kind === "binary" ? "BS" : undefined;
}

function scalarOf(
  dialect: Dialect,
  type: ScalarType,
  value: string,
  depth: number,
  format: Column["format"],
): string {
  const { json } = dialect;
  if (type.kind === "boolean") return json.boolean(value);
  const isText = ["string", "date", "timestamp"].includes(type.kind) && format === "iso";
  const of = isText ? "S" : type.kind === "binary" ? "B" : "N";
  return scalarFromText(dialect, type, json.scalar(value, of), depth, format);
}
