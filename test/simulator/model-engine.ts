/** A query engine over a store in memory, which evaluates the statements that the core generates for DuckDB. */
import { DynalakeError } from "../../src/core/error.ts";
import { segmentFolder } from "../../src/core/format/lake-path.ts";
import type { Segment } from "../../src/core/format/manifest.ts";
import { segmentName } from "../../src/core/format/segment-name.ts";
import type { Dialect } from "../../src/core/ports/dialect.ts";
import type { QueryEngine, StageRequest } from "../../src/core/ports/query-engine.ts";
import { rowCodec } from "../../src/core/row/row.ts";
import {
  changeWireColumns,
  itemLine,
  itemWireColumns,
  lineWriter,
  type WireColumn,
} from "../../src/core/row/wire-line.ts";
import type { Schema } from "../../src/core/schema/schema.ts";
import { duckdb } from "../../src/core/sql/duckdb.ts";
import { segmentColumns } from "../../src/core/sql/typed-columns.ts";
import type { LakeStore } from "./lake-store.ts";
import { itemOf } from "./model-table.ts";
import { conditionOf, rowsOf, type SqlRow, type SqlValue } from "./sql-evaluation.ts";

/** A column of a relation, with its type in the engine's dialect. */
export interface RelationColumn {
  readonly name: string;
  readonly typeName: string;
}

interface Relation {
  readonly columns: readonly RelationColumn[];
  /** Computed when it is read. */
  readonly rows: () => readonly SqlRow[];
}

/** A statement with everything that it reads and its result. It refers to its relations as @0, @1, ... */
export interface Evaluated {
  readonly sql: string;
  readonly relations: ReadonlyMap<
    number,
    { readonly columns: readonly RelationColumn[]; readonly rows: readonly SqlRow[] }
  >;
  readonly rows: readonly SqlRow[];
}

/** The engine of a world, of its own or a real one. */
export interface WorldEngine extends QueryEngine {
  query(sql: string): readonly SqlRow[] | Promise<readonly SqlRow[]>;
  /** A relation with the wire columns of these items. */
  staged(schema: Schema, seeded: ReadonlyMap<number, string>): string;
  /** Called with every statement, by an engine that evaluates it itself. */
  onStatement?: ((statement: Evaluated) => void) | undefined;
}

/** With another dialect it only generates statements, for a real engine. */
export class ModelEngine implements WorldEngine {
  readonly dialect: Dialect;
  /** Small, so that the keys of a snapshot are checked in several groups. */
  readonly keysAtOnceMax = 4;
  /** Small, so that major compactions have several stages. */
  readonly partsAtOnceMax = 2;
  /** Small, so that parts are written as several files. */
  readonly rowsPerFileMax = 1;
  /** Called with every statement. */
  onStatement: ((statement: Evaluated) => void) | undefined;
  readonly #store: LakeStore;
  readonly #relations: Relation[] = [];

  constructor(store: LakeStore, dialect: Dialect = duckdb) {
    this.#store = store;
    this.dialect = dialect;
  }

  changes: QueryEngine["changes"] = (schema, { objects }) => {
    const paths = objects.map(({ path }) => path);
    return this.#overPaths(paths, changeWireColumns(schema).map(this.#columnOf));
  };

  changeLog: QueryEngine["changeLog"] = (schema, objects) => {
    const columns = changeWireColumns(schema).map(this.#columnOf);
    const partitions = ["dt", "hr"].map((name) => this.#columnOf({ name, type: "string" }));
    return this.relation([...columns, ...partitions], () =>
      objects.flatMap(({ path, hour }) => this.#read(path, columns).map((row) => ({ ...row, ...hour }))),
    );
  };

  segments: QueryEngine["segments"] = (schema, segments) => {
    const paths = segments.map(({ run, part }) => segmentPath(schema.table, run, part));
    return this.#overPaths(paths, segmentColumns(this.dialect, schema));
  };

  snapshots: QueryEngine["snapshots"] = (schema, kept) => {
    const columns = segmentColumns(this.dialect, schema);
    const time = { name: "ddb_export_timestamp", typeName: this.dialect.typeName({ kind: "timestamp" }) };
    return this.relation([...columns, time], () =>
      kept.flatMap(({ exportTimeSeconds, segments }) =>
        segments
          .flatMap(({ run, part }) => this.#read(segmentPath(schema.table, run, part), columns))
          .map((row) => ({ ...row, ddb_export_timestamp: exportTimeSeconds * 1_000_000 })),
      ),
    );
  };

  staged(schema: Schema, seeded: ReadonlyMap<number, string>): string {
    return this.relation(itemWireColumns(schema).map(this.#columnOf), () => stagedRows(schema, seeded));
  }

  rows: QueryEngine["rows"] = async (sql) => this.query(sql);

  async stage(request: StageRequest): Promise<readonly Segment[]> {
    const { schema, run, kind, sortBy, pieces } = request;
    const all = (pieces ?? [request.rows]).flatMap((rows) => this.query(rows));
    const staged: Segment[] = [];
    for (const { part, where } of request.cut.parts) {
      const rows = where === undefined ? [...all] : all.filter(conditionOf(where));
      if (where !== undefined) this.#tell(`SELECT * FROM (${request.rows}) WHERE ${where}`, rows);
      if (rows.length === 0) continue;
      rows.sort((a, b) => byColumns(a, b, sortBy));
      this.#store.putRows(segmentPath(schema.table, run, part), rows);
      staged.push({
        id: segmentName({ kind, run, part }),
        run,
        part,
        kind,
        ...(pieces === undefined ? {} : { files: pieces.length }),
        rows: rows.length,
        bytes: rows.length,
      });
    }
    return staged;
  }

  relation(columns: readonly RelationColumn[], rows: () => readonly SqlRow[]): string {
    return `@${this.#relations.push({ columns, rows }) - 1}`;
  }

  query(sql: string): readonly SqlRow[] {
    const rows = rowsOf(sql, (number) => (this.#relations[number] as Relation).rows());
    this.#tell(sql, rows);
    return rows;
  }

  /** The current relations that a statement reads. */
  relationsOf(sql: string): Evaluated["relations"] {
    const numbers = new Set([...sql.matchAll(/@(\d+)/g)].map(([, number]) => Number(number)));
    return new Map(
      [...numbers].map((number) => {
        const { columns, rows } = this.#relations[number] as Relation;
        return [number, { columns, rows: rows() }];
      }),
    );
  }

  #tell(sql: string, rows: readonly SqlRow[]): void {
    this.onStatement?.({ sql, relations: this.relationsOf(sql), rows });
  }

  readonly #columnOf = ({ name, type }: Pick<WireColumn, "name" | "type">): RelationColumn => ({
    name,
    typeName: this.dialect.wireTypeName(type),
  });

  #overPaths(paths: readonly string[], columns: readonly RelationColumn[]): string {
    return this.relation(columns, () => paths.flatMap((path) => this.#read(path, columns)));
  }

  /** The rows of an object with these columns; a column that it lacks is null. All rows of an object have the same columns. */
  #read(path: string, columns: readonly RelationColumn[]): readonly SqlRow[] {
    const rows = this.#store.rows(path);
    if (rows === undefined) throw new DynalakeError("ENGINE_FAILED", `${path} is not there`);
    const [first] = rows;
    const isSame = first && columns.every(({ name }) => name in first) && sizeOf(first) === columns.length;
    if (isSame) return rows;
    return rows.map((row) => Object.fromEntries(columns.map(({ name }) => [name, row[name] ?? null])));
  }
}

/** The items as staged rows of a schema. */
function stagedRows(schema: Schema, seeded: ReadonlyMap<number, string>): readonly SqlRow[] {
  const writer = lineWriter(rowCodec(schema));
  const columns = itemWireColumns(schema).map(({ name }) => name);
  return [...seeded].map(([key, value]) => {
    const row = JSON.parse(itemLine(writer, itemOf(key, value)) as string);
    return Object.fromEntries(columns.map((column) => [column, row[column] ?? null]));
  });
}

function sizeOf(row: SqlRow): number {
  return Object.keys(row).length;
}

function segmentPath(table: string, run: string, part: string): string {
  return `${segmentFolder(table, run, part)}rows.parquet`;
}

function byColumns(a: SqlRow, b: SqlRow, columns: readonly string[]): number {
  for (const column of columns) {
    const [left, right] = [a[column] as SqlValue, b[column] as SqlValue];
    if (left === right) continue;
    if (left === null) return 1;
    if (right === null) return -1;
    return left < right ? -1 : 1;
  }
  return 0;
}
