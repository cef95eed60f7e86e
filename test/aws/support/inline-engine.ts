/** The relations of a lake that lies in DuckDB, for Trino: as rows within the statement, typed by Athena's dialect. */
import { literal, quoted } from "../../../src/core/ports/dialect.ts";
import type { QueryEngine } from "../../../src/core/ports/query-engine.ts";
import { changeWireColumns } from "../../../src/core/row/wire-line.ts";
import type { Schema } from "../../../src/core/schema/schema.ts";
import { athena } from "../../../src/core/sql/athena.ts";
import { duckdb } from "../../../src/core/sql/duckdb.ts";
import { segmentColumns } from "../../../src/core/sql/typed-columns.ts";

interface InlineColumn {
  readonly name: string;
  /** Its text in DuckDB. */
  readonly text: string;
  /** The type of what is inlined, and the expression of its value in Trino. */
  readonly wireType: string;
  readonly value: string;
}

interface InlineRelation {
  readonly columns: readonly InlineColumn[];
  /** In DuckDB. */
  readonly sql: string;
}

/** An engine with Athena's dialect over the relations of another one; `rows` runs a statement on Trino. */
export function onTrino(own: QueryEngine, rows: QueryEngine["rows"]): QueryEngine {
  const relations: InlineRelation[] = [];
  const relation = (columns: readonly InlineColumn[], sql: string): string =>
    `@${relations.push({ columns, sql }) - 1}`;
  const inlined = async (sql: string): Promise<string> => {
    const texts = new Map<string, string>();
    for (const [name, number] of sql.matchAll(/@(\d+)/g))
      if (!texts.has(name))
        texts.set(name, await inlineRows(own, relations[Number(number)] as InlineRelation));
    return sql.replace(/@\d+/g, (name) => texts.get(name) as string);
  };
  return {
    ...own,
    dialect: athena,
    changes: (schema, selection) => relation(wireColumns(schema), own.changes(schema, selection)),
    changeLog: (schema, objects) =>
      relation(
        [...wireColumns(schema), ...["dt", "hr"].map((name) => plainColumn(name, "string"))],
        own.changeLog(schema, objects),
      ),
    segments: (schema, segments) => relation(typedColumns(schema), own.segments(schema, segments)),
    snapshots: (schema, kept) =>
      relation([...typedColumns(schema), timeColumn("ddb_export_timestamp")], own.snapshots(schema, kept)),
    rows: async (sql) => rows(await inlined(sql)),
  };
}

function plainColumn(name: string, type: Parameters<typeof athena.wireTypeName>[0]): InlineColumn {
  return { name, text: quoted(name), wireType: athena.wireTypeName(type), value: quoted(name) };
}

function timeColumn(name: string): InlineColumn {
  return {
    name,
    text: duckdb.timeWire(quoted(name)),
    wireType: "bigint",
    value: athena.timeTyped(quoted(name)),
  };
}

function wireColumns(schema: Schema): readonly InlineColumn[] {
  return changeWireColumns(schema).map(({ name, type }) => plainColumn(name, type));
}

function typedColumns(schema: Schema): readonly InlineColumn[] {
  const wireTypes = new Map(changeWireColumns(schema).map(({ name, type }) => [name, type]));
  return segmentColumns(duckdb, schema).map(({ name, declared }): InlineColumn => {
    if (name === "_changed_at") return timeColumn(name);
    if (name === "_key")
      return { name, text: duckdb.keyWire(name), wireType: "varchar", value: athena.keyTyped(name) };
    const plain = plainColumn(name, wireTypes.get(name) ?? "string");
    if (declared === undefined) return name === "_expired" ? { ...plain, wireType: "boolean" } : plain;
    const own = quoted(name);
    return { ...plain, text: duckdb.wire(declared.type, own), value: athena.typed(declared.type, own) };
  });
}

async function inlineRows(own: QueryEngine, { columns, sql }: InlineRelation): Promise<string> {
  const texts = columns.map(({ text }, i) => `CAST(${text} AS VARCHAR) AS c${i}`);
  const rows = await own.rows(`SELECT ${texts.join(", ")} FROM ${sql}`);
  const lines = rows.map(
    (row) => `(${columns.map((column, i) => inlineValue(column, row[`c${i}`])).join(", ")})`,
  );
  const none = `(${columns.map((column) => inlineValue(column, null)).join(", ")})`;
  const names = columns.map(({ name }) => quoted(name)).join(", ");
  const values = columns.map(({ name, value }) => `${value} AS ${quoted(name)}`).join(", ");
  const where = rows.length === 0 ? " WHERE false" : "";
  const shown = rows.length === 0 ? [none] : lines;
  return `(SELECT ${values} FROM (VALUES ${shown.join(", ")}) AS inline_rows(${names})${where})`;
}

function inlineValue({ wireType }: InlineColumn, value: unknown): string {
  return `CAST(${value === null || value === undefined ? "NULL" : literal(String(value))} AS ${wireType})`;
}
