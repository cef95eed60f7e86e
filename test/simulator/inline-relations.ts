/** Turns a statement of the model into one for a real engine, with the rows of its relations as literals. */
import type { Evaluated, RelationColumn } from "./model-engine.ts";
import type { SqlRow, SqlValue } from "./sql-evaluation.ts";

/** How an engine writes a value of a type of the model. */
export type WriteValue = (typeName: string, value: SqlValue) => string;

export function withInlineRelations(
  sql: string,
  relations: Evaluated["relations"],
  write: WriteValue,
): string {
  return sql.replace(/@(\d+)/g, (_, number: string) => {
    const relation = relations.get(Number(number));
    if (relation === undefined) throw new Error(`there is no relation ${number}`);
    return inlineRows(relation.columns, relation.rows, write);
  });
}

function inlineRows(columns: readonly RelationColumn[], rows: readonly SqlRow[], write: WriteValue): string {
  const names = columns.map(({ name }) => `"${name}"`).join(", ");
  const shown = rows.length === 0 ? [Object.fromEntries(columns.map(({ name }) => [name, null]))] : rows;
  const lines = shown.map(
    (row) => `(${columns.map(({ name, typeName }) => write(typeName, row[name] as SqlValue)).join(", ")})`,
  );
  const where = rows.length === 0 ? " WHERE false" : "";
  return `(SELECT * FROM (VALUES ${lines.join(", ")}) AS inline_rows(${names})${where})`;
}

export function duckdbValue(typeName: string, value: SqlValue): string {
  if (value !== null && typeName === "TIMESTAMP") return `make_timestamp(${value})`;
  return `CAST(${literalOf(value)} AS ${typeName})`;
}

function literalOf(value: SqlValue): string {
  return typeof value === "string" ? `'${value.replaceAll("'", "''")}'` : String(value);
}
