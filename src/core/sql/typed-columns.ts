/** The columns of segments, change log and view. */

import { type Dialect, quoted } from "../ports/dialect.ts";
import type { WireColumn } from "../row/wire-line.ts";
import type { Schema } from "../schema/schema.ts";
import type { TableColumn } from "./column-value.ts";

/** The columns of `<table>`, in order. */
export function viewColumns({ typeName }: Dialect, schema: Schema): readonly TableColumn[] {
  const added = (name: string, kind: "string" | "timestamp" | "boolean"): TableColumn => ({
    name,
    typeName: typeName({ kind }),
  });
  return [
    ...schema.columns.map((declared) => ({
      name: declared.name,
      typeName: typeName(declared.type),
      declared,
    })),
    added("_op", "string"),
    added("_version", "string"),
    added("_changed_at", "timestamp"),
    added("_expired", "boolean"),
    added("_unmapped", "string"),
  ];
}

/** The columns of a segment: those of the view and the key's hash. */
export function segmentColumns(dialect: Dialect, schema: Schema): readonly TableColumn[] {
  return [...viewColumns(dialect, schema), { name: "_key", typeName: dialect.keyTypeName }];
}

/** Names, quoted and separated by commas. */
export function nameList(columns: readonly { readonly name: string }[]): string {
  return columns.map((column) => quoted(column.name)).join(", ");
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
  const isSmallest = ({ name }: TableColumn): boolean => name === "_expired";
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
