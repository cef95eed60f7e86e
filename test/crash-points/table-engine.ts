/**
 * A query engine whose objects are tables of an in-memory DuckDB. It runs the statements of the core unchanged, and an object of
 * the store holds the name of its table. So a lake is copied by copying names, and a removed or torn object fails the query
 * that reads it.
 */
import type { ChangeObject } from "../../src/core/format/lake-path.ts";
import { changeObjectPath, segmentFolder } from "../../src/core/format/lake-path.ts";
import type { Segment } from "../../src/core/format/manifest.ts";
import { segmentName } from "../../src/core/format/segment-name.ts";
import type { ChangeSink } from "../../src/core/ports/change-sink.ts";
import type { Dialect } from "../../src/core/ports/dialect.ts";
import { literal, quoted } from "../../src/core/ports/dialect.ts";
import type { QueryEngine, StageRequest } from "../../src/core/ports/query-engine.ts";
import { changeWireColumns, itemWireColumns, type WireColumn } from "../../src/core/row/wire-line.ts";
import type { Schema } from "../../src/core/schema/schema.ts";
import { duckdb } from "../../src/core/sql/duckdb.ts";
import { emptySegments, emptyWireRows, nameList, segmentColumns } from "../../src/core/sql/typed-columns.ts";
import type { DuckdbSession } from "../../src/embedded/duckdb/duckdb-session.ts";
import { lineText } from "../support/line-text.ts";
import type { MemoryStore } from "../support/memory-store.ts";

/** Where the names of the tables are. */
export type TableStore = Pick<MemoryStore, "create" | "text">;

/** Lines of changes that become one object of the change log. */
interface Lines {
  readonly table: string;
  readonly columns: readonly WireColumn[];
  readonly lines: readonly string[];
  readonly arrivedAtSeconds: number;
  /** The newest `_changed_at` among them. */
  readonly newestSeconds: number;
}

/** Names of tables are never used twice, not even by different lakes. */
let tables = 0;

export class TableEngine implements QueryEngine {
  readonly dialect: Dialect = duckdb;
  readonly keysAtOnceMax = 3;
  readonly partsAtOnceMax: number = 1;
  /** Small, so that parts are written as several files. */
  readonly rowsPerFileMax = 1;
  readonly #store: TableStore;
  readonly #session: DuckdbSession;
  readonly #tables: string[] = [];

  constructor(store: TableStore, session: DuckdbSession) {
    this.#store = store;
    this.#session = session;
  }

  changes: QueryEngine["changes"] = (schema, { objects }) => {
    const columns = changeWireColumns(schema);
    const paths = objects.map(({ path }) => `SELECT * FROM ${objectName(path)}`);
    return byName(emptyWireRows(duckdb, columns), nameList(columns), paths);
  };

  changeLog: QueryEngine["changeLog"] = (schema, objects) => {
    const hour = (name: string) => ({ name, type: "string" }) as const;
    const columns = [...changeWireColumns(schema), hour("dt"), hour("hr")];
    const rows = objects.map(
      ({ path, hour: { dt, hr } }: ChangeObject) =>
        `SELECT *, ${literal(dt)} AS dt, ${literal(hr)} AS hr FROM ${objectName(path)}`,
    );
    return byName(emptyWireRows(duckdb, columns), nameList(columns), rows);
  };

  segments: QueryEngine["segments"] = (schema, segments) => {
    const rows = segments.map(
      ({ run, part }) => `SELECT * FROM ${objectName(this.pathOf(schema, run, part))}`,
    );
    return byName(emptySegments(duckdb, schema), nameList(segmentColumns(duckdb, schema)), rows);
  };

  snapshots: QueryEngine["snapshots"] = (schema, kept) => {
    const columns = [...segmentColumns(duckdb, schema), { name: "ddb_export_timestamp" }];
    const time = `CAST(NULL AS ${duckdb.typeName({ kind: "timestamp" })}) AS ddb_export_timestamp`;
    const rows = kept.map(
      ({ exportTimeSeconds, segments }) =>
        `SELECT *, ${duckdb.timeTyped(String(exportTimeSeconds))} AS ddb_export_timestamp FROM ${this.segments(schema, segments)}`,
    );
    return byName(`(SELECT *, ${time} FROM ${emptySegments(duckdb, schema)})`, nameList(columns), rows);
  };

  rows: QueryEngine["rows"] = async (sql) => {
    return this.#session.rows(this.#resolved(sql));
  };

  async stage({ run, kind, schema, rows: all, pieces, cut }: StageRequest): Promise<readonly Segment[]> {
    const staged: Segment[] = [];
    const rows = pieces === undefined ? all : pieces.map((piece) => `(${piece})`).join(" UNION ALL ");
    const files = pieces === undefined ? {} : { files: pieces.length };
    for (const { part, where } of cut.parts) {
      const own = where === undefined ? rows : `SELECT * FROM (${rows}) WHERE ${where}`;
      const counted = await this.write(own, this.pathOf(schema, run, part));
      if (counted > 0)
        staged.push({
          id: segmentName({ kind, run, part }),
          run,
          part,
          kind,
          ...files,
          rows: counted,
          bytes: 1,
        });
    }
    return staged;
  }

  /** The path of a segment. */
  pathOf(schema: Schema, run: string, part: string): string {
    return `${segmentFolder(schema.table, run, part)}rows.parquet`;
  }

  /** Writes rows, if there are any, as one object. Returns their number. */
  async write(rows: string, path: string): Promise<number> {
    const table = await this.#tableOf(rows);
    const counted = await this.count(table);
    if (counted > 0) await this.#store.create(path, new TextEncoder().encode(table));
    return counted;
  }

  /** The rows of an object, by its content in the store. */
  async count(table: string): Promise<number> {
    const [row] = await this.#session.rows(`SELECT count(*) AS rows FROM ${quoted(table)}`);
    return Number(row?.rows);
  }

  /** Delivers rows as one object of the change log. */
  sink(schema: Schema): ChangeSink {
    const { table } = schema;
    const columns = changeWireColumns(schema);
    return {
      deliver: (rows, arrivedAtSeconds) => {
        const newestSeconds = Math.max(...rows.map((row) => row.changedAtSeconds));
        const lines = rows.map((row) => lineText(row.line));
        return this.deliverLines({ table, columns, lines, arrivedAtSeconds, newestSeconds });
      },
    };
  }

  /** What of the lines has no column is in the object nowhere. */
  async deliverLines({ table, columns, lines, arrivedAtSeconds, newestSeconds }: Lines): Promise<void> {
    const object = await this.#tableOf(linesRelation(columns, lines));
    const path = changeObjectPath(table, arrivedAtSeconds, newestSeconds, object.replace(" ", "-"));
    await this.#store.create(path, new TextEncoder().encode(object));
  }

  /** Staged items of a snapshot. */
  items(schema: Schema, lines: readonly string[]): string {
    const columns = itemWireColumns(schema);
    return lines.length === 0 ? emptyWireRows(duckdb, columns) : linesRelation(columns, lines);
  }

  async #tableOf(rows: string): Promise<string> {
    const table = `object ${++tables}`;
    await this.#session.run(`CREATE TABLE ${quoted(table)} AS ${this.#resolved(rows)}`);
    this.#tables.push(table);
    return table;
  }

  /** Forgets all objects that this engine has written. */
  async drop(): Promise<void> {
    for (const table of this.#tables.splice(0)) await this.#session.run(`DROP TABLE ${quoted(table)}`);
  }

  /** The statement with tables in place of its objects. A missing one remains in it, and fails it. */
  #resolved(sql: string): string {
    return sql.replace(/"in the store: ([^"]+)"/g, (name, path: string) => {
      const table = this.#store.text(path);
      return table === undefined ? name : quoted(table);
    });
  }
}

function objectName(path: string): string {
  return quoted(`in the store: ${path}`);
}

function byName(empty: string, columns: string, relations: readonly string[]): string {
  if (relations.length === 0) return empty;
  return `(SELECT ${columns} FROM (${[`SELECT * FROM ${empty}`, ...relations].join(" UNION ALL BY NAME ")}))`;
}

/** Wire rows of lines, without a file. */
function linesRelation(columns: readonly WireColumn[], lines: readonly string[]): string {
  const shape = JSON.stringify(
    Object.fromEntries(columns.map(({ name, type }) => [name, duckdb.wireTypeName(type)])),
  );
  const values = lines.map((line) => `(${literal(line.trim())})`).join(", ");
  const taken = columns.map(({ name }) => `row_.${quoted(name)} AS ${quoted(name)}`).join(", ");
  return `(SELECT ${taken} FROM (SELECT from_json(line, ${literal(shape)}) AS row_ FROM (VALUES ${values}) AS lines(line)))`;
}
