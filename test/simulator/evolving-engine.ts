/** The engine of a world that evolves: DuckDB itself, over tables in memory, since types and conversions are what matters there. */
import type { DeliveredRow } from "../../src/core/ports/change-sink.ts";
import { rowCodec } from "../../src/core/row/row.ts";
import { itemLine, lineWriter } from "../../src/core/row/wire-line.ts";
import type { Schema } from "../../src/core/schema/schema.ts";
import { readItem } from "../../src/core/values/attribute-value.ts";
import type { DuckdbSession } from "../../src/embedded/duckdb/duckdb-session.ts";
import { TableEngine } from "../crash-points/table-engine.ts";
import type { LakeStore } from "./lake-store.ts";
import type { WorldEngine } from "./model-engine.ts";
import type { ObjectWriter } from "./model-sink.ts";
import { itemOf } from "./model-table.ts";
import type { SqlRow, SqlValue } from "./sql-evaluation.ts";

export class EvolvingEngine extends TableEngine implements WorldEngine {
  constructor(store: LakeStore, session: DuckdbSession) {
    super(store, session);
  }

  async query(sql: string): Promise<readonly SqlRow[]> {
    return plainRows(await this.rows(sql));
  }

  staged(schema: Schema, seeded: ReadonlyMap<number, string>): string {
    const writer = lineWriter(rowCodec(schema));
    return this.items(
      schema,
      [...seeded].map(([key, value]) => itemLine(writer, readItem(itemOf(key, value))) as string),
    );
  }

  /** Writes objects with the columns of one schema. */
  writer(schema: Schema): ObjectWriter {
    const sink = this.sink(schema);
    return {
      write: async (rows: readonly DeliveredRow[], arrivedAtSeconds) => {
        const newest = rows.reduce((seconds, row) => Math.max(seconds, row.changedAtSeconds), 0);
        await sink.deliver(rows, Math.max(arrivedAtSeconds, newest));
      },
    };
  }
}

/** Rows of DuckDB with values as the model's own engine has them. */
export function plainRows(rows: readonly Readonly<Record<string, unknown>>[]): readonly SqlRow[] {
  return rows.map((row) =>
    Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)])),
  );
}

function plain(value: unknown): SqlValue {
  if (typeof value === "bigint") return Number(value);
  return value instanceof Date ? value.getTime() * 1000 : (value as SqlValue);
}
