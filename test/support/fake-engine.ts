/** A query engine that reads nothing: it returns what the test provides, and stages files of a few bytes in a store in memory. */
import { segmentFolder } from "../../src/core/format/lake-path.ts";
import type { Segment } from "../../src/core/format/manifest.ts";
import { segmentName } from "../../src/core/format/segment-name.ts";
import type { Dialect } from "../../src/core/ports/dialect.ts";
import type { QueryEngine, StageRequest } from "../../src/core/ports/query-engine.ts";
import { duckdb } from "../../src/core/sql/duckdb.ts";
import type { MemoryStore } from "./memory-store.ts";

export class FakeEngine implements QueryEngine {
  readonly dialect: Dialect = duckdb;
  readonly keysAtOnceMax = 1_000;
  readonly partsAtOnceMax = 100;
  readonly rowsPerFileMax: number = Number.POSITIVE_INFINITY;
  readonly staged: StageRequest[] = [];
  /** The result of `rows` for a statement. */
  answer: (sql: string) => readonly Readonly<Record<string, unknown>>[] = () => [];
  /** How many keys of the deltas the parts of the base hold. */
  keysOfParts: readonly { readonly part: string | null; readonly keys: number }[] = [];
  /** The number of rows in each staged part. */
  rowsOfPart = 1;
  /** Staging fails after this many parts. */
  failAfterParts: number = Number.POSITIVE_INFINITY;
  readonly #store: MemoryStore;

  constructor(store: MemoryStore) {
    this.#store = store;
  }

  changes: QueryEngine["changes"] = (_, { objects }) =>
    `changes(${objects.map(({ path }) => path).join(", ")})`;

  changeLog: QueryEngine["changeLog"] = (_, objects) => `change_log(${objects.length})`;

  segments: QueryEngine["segments"] = (_, segments) => `segments(${segments.map(({ id }) => id).join(", ")})`;

  snapshots: QueryEngine["snapshots"] = (schema, kept) =>
    kept.map(({ segments }) => this.segments(schema, segments)).join(", ");

  rows: QueryEngine["rows"] = async (sql) =>
    sql.startsWith("SELECT part, count(DISTINCT _key) AS keys") ? this.keysOfParts : this.answer(sql);

  async stage(request: StageRequest): Promise<readonly Segment[]> {
    this.staged.push(request);
    const segments: Segment[] = [];
    for (const [i, { part }] of request.cut.parts.entries()) {
      if (i >= this.failAfterParts) throw new Error("the staging failed");
      const { run, kind, schema } = request;
      await this.#store.create(`${segmentFolder(schema.table, run, part)}rows.parquet`, new Uint8Array(1));
      segments.push({
        id: segmentName({ kind, run, part }),
        run,
        part,
        kind,
        rows: this.rowsOfPart,
        bytes: 1,
      });
    }
    return segments;
  }
}
