/**
 * A change sink over a store in memory. Direct, as in an embedded lake: each delivery immediately becomes an object, whose name
 * contains its newest change. Buffered, as with Firehose: acknowledged rows appear later, in the partition of their arrival, in
 * an object with an opaque name.
 */
import { changeObjectPath, changesHourFolder, hourOf } from "../../src/core/format/lake-path.ts";
import { type ChangeSink, type DeliveredRow, UndeliveredRows } from "../../src/core/ports/change-sink.ts";
import { changeWireColumns } from "../../src/core/row/wire-line.ts";
import type { Schema } from "../../src/core/schema/schema.ts";
import { lineText } from "../support/line-text.ts";
import type { Actor } from "./actors.ts";
import type { LakeStore } from "./lake-store.ts";
import type { SqlRow, SqlValue } from "./sql-evaluation.ts";

/** Called for each object once it can be listed. */
export type OnObject = (rows: readonly DeliveredRow[]) => void;

export interface ObjectWriter {
  /** Writes an object of the change log. */
  write(rows: readonly DeliveredRow[], arrivedAtSeconds: number): Promise<void>;
}

/** Writes objects whose names contain their newest change, or are opaque like those of Firehose. */
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
        rows.map((row) => rowOf(columns, lineText(row.line))),
      );
    },
  };
}

function rowOf(columns: readonly string[], line: string): SqlRow {
  const values = JSON.parse(line) as Readonly<Record<string, SqlValue>>;
  return Object.fromEntries(columns.map((column) => [column, values[column] ?? null]));
}

/** In the middle of a delivery, the first half of it is written. */
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

/** What Firehose has acknowledged but not yet written. It outlives the processes that delivered it. */
export class Buffer {
  readonly #writer: ObjectWriter;
  readonly #onObject: OnObject;
  #rows: Buffered[] = [];

  constructor(writer: ObjectWriter, onObject: OnObject) {
    this.#writer = writer;
    this.#onObject = onObject;
  }

  /** The oldest arrival in the buffer. */
  get sinceSeconds(): number | undefined {
    return this.#rows[0]?.arrivedAtSeconds;
  }

  /** Writes the oldest rows as one object, in the partition in which the oldest one arrived. */
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
            throw new UndeliveredRows(half, "the rest was refused");
          },
        ),
    };
  }
}
