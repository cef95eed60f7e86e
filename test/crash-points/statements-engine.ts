/** The engine of a deployment: its statements write many segments at once, and read only segments registered in Glue. */
import { gunzipSync } from "node:zlib";
import { partColumn, segmentOfPath, splitPrefix, stagingRunFolder } from "../../src/core/format/lake-path.ts";
import { quoted } from "../../src/core/ports/dialect.ts";
import type { Stage } from "../../src/core/ports/query-engine.ts";
import type { Schema } from "../../src/core/schema/schema.ts";
import type { NumberRange } from "../../src/core/schema/staging-splits.ts";
import type { DuckdbSession } from "../../src/embedded/duckdb/duckdb-session.ts";
import type { MemoryStore } from "../support/memory-store.ts";
import type { MemoryCatalog } from "./memory-catalog.ts";
import { TableEngine } from "./table-engine.ts";

export const BUCKET = "bucket";

interface StagedRows {
  readonly schema: Schema;
  readonly run: string;
  readonly splits: NumberRange | undefined;
}

/** A segment that is not registered has no rows, and is not an error. */
export class StatementsEngine extends TableEngine {
  readonly store: MemoryStore;
  readonly catalog: MemoryCatalog;
  readonly #staged: StagedRows[] = [];

  constructor(store: MemoryStore, catalog: MemoryCatalog, session: DuckdbSession) {
    super(store, session);
    this.store = store;
    this.catalog = catalog;
    const { segments, rows } = this;
    this.segments = (schema, named) => {
      const registered = named.filter(({ id }) => catalog.partitions.has(id));
      return segments(schema, registered);
    };
    this.rows = (sql) =>
      sql.startsWith("SELECT _segment, count(*)") ? this.#countRows(sql) : rows(this.#withStaged(sql));
  }

  override pathOf(schema: Schema, run: string, part: string): string {
    const files = this.store.paths(`${schema.table}/segments/${run}/`);
    return files.find((path) => segmentOfPath(path)?.part === part) ?? super.pathOf(schema, run, part);
  }

  /** The contents of the staging folder of a run, or of some splits in it, when the statement runs. */
  staged(schema: Schema, run: string, splits?: NumberRange): string {
    return quoted(`staged: ${this.#staged.push({ schema, run, splits }) - 1}`);
  }

  /** One statement: writes the parts of a stage, each to its own folder. It fails after `partsMax` parts. */
  async unload(sql: string, partsMax: number = Number.POSITIVE_INFINITY): Promise<void> {
    const { stage, folder } = JSON.parse(sql) as { readonly stage: Stage; readonly folder: string };
    const relation = this.#withStaged(stage.rows);
    for (const [i, { part, where }] of stage.cut.parts.entries()) {
      if (i >= partsMax) return;
      const rows = where === undefined ? relation : `SELECT * FROM (${relation}) WHERE ${where}`;
      await this.write(rows, `${folder}${partColumn([])}=${part}/20270115_080000_00001_abcde_0`);
    }
  }

  #withStaged(sql: string): string {
    return sql.replace(/"staged: (\d+)"/g, (_, number: string) => {
      const { schema, run, splits } = this.#staged[Number(number)] as StagedRows;
      const files = this.store.paths(`${stagingRunFolder(schema.table, run)}rows/`).filter((path) => {
        if (splits === undefined) return true;
        const [from, below] = [splits.from, splits.below].map((split) =>
          splitPrefix(schema.table, run, split),
        );
        return path >= (from as string) && path < (below as string);
      });
      const lines = files.flatMap((path) => linesOf(this.store.objects.get(path)?.content as Uint8Array));
      return this.items(schema, lines);
    });
  }

  async #countRows(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const run = /_segment > 'b-([^']+)-'/.exec(sql)?.[1];
    const counted: Readonly<Record<string, unknown>>[] = [];
    for (const [id, location] of this.catalog.partitions) {
      if (!id.startsWith(`b-${run}-`) && id !== `d-${run}`) continue;
      const [path = ""] = this.store.paths(location.replace(`s3://${BUCKET}/`, ""));
      counted.push({ _segment: id, rows: await this.count(this.store.text(path) ?? "") });
    }
    return counted;
  }
}

function linesOf(gzip: Uint8Array): readonly string[] {
  return gunzipSync(gzip)
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "");
}
