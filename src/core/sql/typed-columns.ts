/** The columns of segments, change log and view, as select lists. */

import { type Dialect, quoted } from "../ports/dialect.ts";
import type { WireColumn } from "../row/wire-line.ts";
import type { ColumnType } from "../schema/column-type.ts";
import type { Column, Schema } from "../schema/schema.ts";
import { recoveredValue } from "./recovered-value.ts";

/** A column of a segment, of the view and of the history. */
interface TypedColumn {
  readonly name: string;
  readonly typeName: string;
  /** The expression that makes it from the change log's wire column of the same name. */
  readonly fromWire: string;
}

/** No column was declared later. */
export const NONE: ReadonlySet<string> = new Set();

/** The columns of `<table>`, in order; those of `recoverable` may lie in `_unmapped` alone. */
export function viewColumns(
  dialect: Dialect,
  schema: Schema,
  recoverable: ReadonlySet<string> = NONE,
): readonly TypedColumn[] {
  const text: ColumnType = { kind: "string" };
  return [
    ...schema.columns.map((column) => ({
      name: column.name,
      typeName: dialect.typeName(column.type),
      fromWire: orRecovered(dialect, column, dialect.typed(column.type, quoted(column.name)), recoverable),
    })),
    { name: "_op", typeName: dialect.typeName(text), fromWire: "_op" },
    { name: "_version", typeName: dialect.typeName(text), fromWire: "_version" },
    {
      name: "_changed_at",
      typeName: dialect.typeName({ kind: "timestamp" }),
      fromWire: dialect.timeTyped("_changed_at"),
    },
    { name: "_expired", typeName: dialect.typeName({ kind: "boolean" }), fromWire: "_expired" },
    { name: "_unmapped", typeName: dialect.typeName(text), fromWire: "_unmapped" },
  ];
}

/** The columns of a segment: those of the view and the key's hash. */
export function segmentColumns(
  dialect: Dialect,
  schema: Schema,
  recoverable: ReadonlySet<string> = NONE,
): readonly TypedColumn[] {
  return [
    ...viewColumns(dialect, schema, recoverable),
    { name: "_key", typeName: dialect.keyTypeName, fromWire: dialect.keyTyped("_key") },
  ];
}

/** Names, quoted and separated by commas. */
export function nameList(columns: readonly { readonly name: string }[]): string {
  return columns.map((column) => quoted(column.name)).join(", ");
}

/** The select list that turns wire rows of the change log into segment rows. */
export function typedSelectList(columns: readonly TypedColumn[]): string {
  return columns.map((column) => `${column.fromWire} AS ${quoted(column.name)}`).join(", ");
}

/** The select list that turns rows of segments which may lack columns into rows that have them. */
export function recoveredSelectList(
  dialect: Dialect,
  schema: Schema,
  recoverable: ReadonlySet<string>,
): string {
  const columns = new Map(schema.columns.map((column) => [column.name, column]));
  return segmentColumns(dialect, schema)
    .map(({ name }) => {
      const column = columns.get(name);
      if (column === undefined || !recoverable.has(name)) return quoted(name);
      return `${orRecovered(dialect, column, quoted(name), recoverable)} AS ${quoted(name)}`;
    })
    .join(", ");
}

/** A value that is there costs nothing more; one that is not is looked for in `_unmapped`. */
function orRecovered(
  dialect: Dialect,
  column: Column,
  typed: string,
  recoverable: ReadonlySet<string>,
): string {
  if (!recoverable.has(column.name)) return typed;
  return `coalesce(${typed}, ${recoveredValue(dialect, column, "_unmapped")})`;
}

/** What rows are sorted by within a segment: the key's columns, or its hash where the key has no columns. */
export function sortColumns(schema: Schema): readonly string[] {
  const keys = [schema.key.hash, ...(schema.key.range === undefined ? [] : [schema.key.range])];
  const columns = keys.map(
    (attribute) => schema.columns.find((column) => column.attribute === attribute)?.name,
  );
  return columns.every((name) => name !== undefined) ? (columns as string[]) : ["_key"];
}

/**
 * A relation without rows that has a segment's columns. The smallest comes first: of a union engines read one column even if a
 * query names none, as `count(*)` does, and take the first.
 */
export function emptySegments(dialect: Dialect, schema: Schema): string {
  const columns = segmentColumns(dialect, schema);
  const isSmallest = ({ name }: TypedColumn): boolean => name === "_expired";
  return emptyRelation([...columns.filter(isSmallest), ...columns.filter((column) => !isSmallest(column))]);
}

/** A relation without rows that has these wire columns. */
export function emptyWireRows(dialect: Dialect, columns: readonly WireColumn[]): string {
  return emptyRelation(columns.map(({ name, type }) => ({ name, typeName: dialect.wireTypeName(type) })));
}

function emptyRelation(columns: readonly { readonly name: string; readonly typeName: string }[]): string {
  const nulls = columns.map((column) => `CAST(NULL AS ${column.typeName}) AS ${quoted(column.name)}`);
  return `(SELECT ${nulls.join(", ")} WHERE false)`;
}
