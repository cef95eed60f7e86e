/**
 * What a new schema means for a lake table that holds data. Attributes can be declared later, since their values lie in
 * `_unmapped`; what is written in columns already stays as it is.
 */

import { DynalakeError } from "../error.ts";
import { schemaTypeText } from "./column-type.ts";
import { type Column, parseSchema, type Schema, type SchemaFile } from "./schema.ts";

/** same: the files say the same. compatible: columns are added, or only its words differ. refused: the data does not allow it. */
export type SchemaChange =
  | { readonly kind: "same" }
  | { readonly kind: "compatible"; readonly added: readonly string[] }
  | { readonly kind: "refused"; readonly reasons: readonly string[] };

/** Compares the schema that a table's data was written with to a new one. */
export function schemaChange(before: Schema, after: Schema): SchemaChange {
  if (fileText(before) === fileText(after)) return { kind: "same" };
  const reasons = [
    ...tableReasons(before, after),
    ...columnReasons(before, after),
    ...maskReasons(before, after),
  ];
  if (reasons.length > 0) return { kind: "refused", reasons };
  return { kind: "compatible", added: addedColumns(before, after).map(({ name }) => name) };
}

/** The columns to add; throws SCHEMA_INVALID where the data does not allow the change. `origin` names the new schema in errors. */
export function requireCompatible(
  before: Schema,
  after: Schema,
  origin: string,
): Exclude<SchemaChange, { readonly kind: "refused" }> {
  const change = schemaChange(before, after);
  if (change.kind !== "refused") return change;
  const places = change.reasons.slice(0, 5).join("; ");
  throw new DynalakeError(
    "SCHEMA_INVALID",
    `${origin} does not fit the data of "${before.table}": ${places}`,
    {
      next: "Attributes can be added to a table that holds data. For all else take a new snapshot into another lake, or give the schema file another `table`.",
    },
  );
}

/** The schema of a manifest, or the one given where it has none. */
export function schemaOf(file: SchemaFile | null, otherwise: Schema): Schema {
  return file === null ? otherwise : parseSchema(file, `the lake's "${otherwise.table}"`);
}

function addedColumns(before: Schema, after: Schema): readonly Column[] {
  const known = new Set(before.columns.map(({ attribute }) => attribute));
  return after.columns.filter(({ attribute }) => !known.has(attribute));
}

function tableReasons(before: Schema, after: Schema): readonly string[] {
  const reasons: string[] = [];
  if (before.table !== after.table) reasons.push(`table: it is another one, "${after.table}"`);
  // A schema without a source takes the one that it is first used with.
  const isBound = before.file.source !== undefined && before.source !== before.table;
  if (isBound && before.source !== after.source) reasons.push(`source: it is "${before.source}"`);
  if (before.key.hash !== after.key.hash || before.key.range !== after.key.range)
    reasons.push("key: the rows of the table are told apart by the key they were written with");
  if (text(before.file.where ?? {}) !== text(after.file.where ?? {}))
    reasons.push("where: the lake has only the items that met the conditions it was filled with");
  if (text(before.partitioning) !== text(after.partitioning))
    reasons.push(`partitionBy: the table is cut by ${before.file.partitionBy ?? "buckets of the key"}`);
  return reasons;
}

function columnReasons(before: Schema, after: Schema): readonly string[] {
  const byAttribute = new Map(after.columns.map((column) => [column.attribute, column]));
  return before.columns.flatMap((column) => {
    const next = byAttribute.get(column.attribute);
    const place = `attributes.${column.attribute}`;
    // Where it is dropped from now on, its mask tells.
    if (next === undefined)
      return after.dropped.has(column.attribute) ? [] : [`${place}: its column cannot be removed`];
    const reasons: string[] = [];
    if (next.masked !== column.masked) return [];
    if (next.name !== column.name) reasons.push(`${place}.name: its column is "${column.name}"`);
    const typeText = schemaTypeText(column.type);
    if (schemaTypeText(next.type) !== typeText) reasons.push(`${place}.type: it is ${typeText}`);
    else if (next.format !== column.format) reasons.push(`${place}.format: it is ${column.format}`);
    else if (next.set !== column.set)
      reasons.push(`${place}.set: its column is ${column.set ? "" : "not "}from a set`);
    return reasons;
  });
}

type Mask = "sha256" | "drop" | "none";

/** A mask is for ever: what was masked is not in the lake, and what was not is there in clear. */
function maskReasons(before: Schema, after: Schema): readonly string[] {
  const attributes = new Set([...Object.keys(before.file.attributes), ...Object.keys(after.file.attributes)]);
  return [...attributes].flatMap((attribute) => {
    const [old, next] = [maskOf(before, attribute), maskOf(after, attribute)];
    if (old === next) return [];
    const why =
      old === "none"
        ? "values that the lake already holds are in clear, in columns or in _unmapped"
        : "values that it has masked are not in the lake";
    return [`attributes.${attribute}.mask: ${why}`];
  });
}

function maskOf(schema: Schema, attribute: string): Mask {
  if (!Object.hasOwn(schema.file.attributes, attribute)) return "none";
  return schema.file.attributes[attribute]?.mask ?? "none";
}

/** The file without what only editors read, its members in order. */
function fileText({ file }: Schema): string {
  return text({ ...file, $schema: undefined });
}

function text(value: unknown): string {
  return JSON.stringify(sorted(value)) ?? "";
}

function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, member]) => [name, sorted(member)]));
}
