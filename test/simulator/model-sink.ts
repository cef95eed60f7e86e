/**
 * A change sink over a store in memory. Direct: each delivery is an object at once, with a name that tells its newest change, as
 * on one machine. Buffered: what was acknowledged appears later, in the partition of its arrival and under a name that
 * tells nothing, as with Firehose.
 */
import { changeObjectPath, changesHourFolder, hourOf } from "../../src/core/format/lake-path.ts";
import { type ChangeSink, type DeliveredRow, Undelivered } from "../../src/core/ports/change-sink.ts";
import { changeWireColumns } from "../../src/core/row/wire-line.ts";
import type { Schema } from "../../src/core/schema/schema.ts";
import type { Actor } from "./actors.ts";
import type { LakeStore } from "./lake-store.ts";
import type { SqlRow, SqlValue } from "./sql-evaluation.ts";

/** Told of each object when it can be listed. */
export type OnObject = (rows: readonly DeliveredRow[]) => void;

export interface ObjectWriter {
  /** Writes one object of the change log. */
  write(rows: readonly DeliveredRow[], arrivedAtSeconds: number): Promise<void>;
}

/** Writes objects whose names tell their newest change, or Firehose's. */
export function modelWriter(store: LakeStore, schema: Schema, names: "telling" | "opaque"): ObjectWriter {
  const columns = changeWireColumns(schema).map(({ name }) => name);
  let objects = 0;
  return {
    write: async (rows, arrivedAtSeconds) => {
      const id = `object-${String(++objects).padStart(6, "0")}`;
      const newest = rows.reduce((seconds, row) => Math.max(seconds, row.changedAtSeconds), 0);
      const path =
        names === "telling"
          ? changeObjectPath(schema.table, Math.max(arrivedAtSeconds, newest), newest, id)
          : `${changesHourFolder(schema.table, hourOf(arrivedAtSeconds))}${id}.parquet`;
      store.putRows(
        path,
        rows.map((row) => rowOf(columns, row.line.text)),
      );
    },
  };
}

function rowOf(columns: readonly string[], line: string): SqlRow {
  const values = JSON.parse(line) as Readonly<Record<string, SqlValue>>;
  return Object.fromEntries(columns.map((column) => [column, values[column] ?? null]));
}

/** In the middle of a delivery, its first half is written. */
export function directSink(writer: ObjectWriter, actor: Actor, onObject: OnObject): ChangeSink {
  const write = async (rows: readonly DeliveredRow[], arrivedAtSeconds: number): Promise<void> => {
    if (rows.length === 0) return;
    await writer.write(rows, arrivedAtSeconds);
    onObject(rows);
  };
  return {
    deliver: (rows, arrivedAtSeconds) =>
      actor.call(
        `deliver ${rows.length}`,
        () => write(rows, arrivedAtSeconds),
        () => write(rows.slice(0, Math.ceil(rows.length / 2)), arrivedAtSeconds),
      ),
  };
}

interface Buffered {
  readonly row: DeliveredRow;
  readonly arrivedAtSeconds: number;
}

/** What Firehose has acknowledged and not yet written. It outlives whoever has given it. */
export class Buffer {
  readonly #writer: ObjectWriter;
  readonly #onObject: OnObject;
  #rows: Buffered[] = [];

  constructor(writer: ObjectWriter, onObject: OnObject) {
    this.#writer = writer;
    this.#onObject = onObject;
  }

  /** The oldest arrival in it. */
  get sinceSeconds(): number | undefined {
    return this.#rows[0]?.arrivedAtSeconds;
  }

  /** Writes the oldest rows as one object, in the partition of the oldest one's arrival. */
  async flush(rowsMax: number): Promise<void> {
    const flushed = this.#rows.splice(0, rowsMax);
    const [first] = flushed;
    if (first === undefined) return;
    const rows = flushed.map(({ row }) => row);
    await this.#writer.write(rows, first.arrivedAtSeconds);
    this.#onObject(rows);
  }

  sink(actor: Actor): ChangeSink {
    const add = (rows: readonly DeliveredRow[], arrivedAtSeconds: number): void => {
      this.#rows.push(...rows.map((row) => ({ row, arrivedAtSeconds })));
    };
    return {
      deliver: (rows, arrivedAtSeconds) =>
        actor.call(
          `buffer ${rows.length}`,
          async () => add(rows, arrivedAtSeconds),
          async () => {
            const half = Math.floor(rows.length / 2);
            add(rows.slice(0, half), arrivedAtSeconds);
            throw new Undelivered(half, "the rest was refused");
          },
        ),
    };
  }
}
