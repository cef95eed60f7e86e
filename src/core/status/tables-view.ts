/**
 * `dynalake_tables`: how old each table is and whether it is whole, as a relation, so that a dashboard can say so. Everything is a
 * moment: an age would be stale when it is read.
 */

import { type Dialect, integer, literal, quoted } from "../ports/dialect.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import type { ScalarType } from "../schema/column-type.ts";
import { readManifest } from "../table/commits.ts";
import { readLastCompaction } from "../table/last-compaction.ts";
import type { OpenTable } from "../table/open-table.ts";
import { readReadingState } from "../table/reading-state.ts";
import { readHeartbeat } from "../table/run-heartbeat.ts";
import { undeliveredFiles, type Wholeness, wholenessOf } from "./wholeness.ts";

/** The relation's name. A lake table of this name takes precedence. */
export const TABLES_VIEW = "dynalake_tables";

/** What is known of a table without reading its rows. Times are seconds since the epoch. */
export interface TableMoments {
  readonly table: string;
  readonly source: string;
  /** Every change before it is in the table; undefined where that is not known. */
  readonly asOfSeconds: number | undefined;
  readonly newestChangeSeconds: number | undefined;
  readonly snapshotSeconds: number | undefined;
  readonly commitSeconds: number | undefined;
  /** When the newest compaction among the last commits was committed. */
  readonly compactionSeconds: number | undefined;
  readonly openGaps: number;
  /** Files of changes that are put aside: in quarantine, or not delivered. */
  readonly putAside: number;
  /** Attributes with values that their columns cannot hold. */
  readonly drift: readonly string[];
}

/** Of a table in a folder. */
export async function tableMoments(store: ObjectStore, opened: OpenTable): Promise<TableMoments> {
  const { table } = opened.schema;
  const [heartbeat, state] = [await readHeartbeat(store, table), await readReadingState(store, table)];
  const moments = await commonMoments(store, opened, await wholenessOf({ store }, opened.manifest, table));
  const deliveredSeconds = heartbeat?.deliveredUntilSeconds ?? state?.caughtUpAtSeconds;
  return {
    ...moments,
    asOfSeconds: later(deliveredSeconds, opened.manifest.snapshots.at(-1)?.cutSeconds),
    newestChangeSeconds: heartbeat?.newest?.changedAtSeconds ?? state?.newestChangeSeconds,
  };
}

/** Of a deployed table, whose stream a service reads: what compactions have found delivered is known. `whole` is what may be missing. */
export async function deployedMoments(
  store: ObjectStore,
  opened: OpenTable,
  whole: Wholeness,
): Promise<TableMoments> {
  const { floorSeconds, horizonSeconds, snapshots } = opened.manifest;
  const last = await readLastCompaction(store, opened.schema.table);
  // At its floor the horizon comes from a snapshot, whose own moment counts.
  const compactedSeconds = horizonSeconds > floorSeconds ? horizonSeconds : undefined; // breakage: floors-are-no-deliveries
  return {
    ...(await commonMoments(store, opened, whole)),
    asOfSeconds: later(compactedSeconds, snapshots.at(-1)?.cutSeconds),
    newestChangeSeconds: last?.newestChangeSeconds,
  };
}

async function commonMoments(
  store: ObjectStore,
  opened: OpenTable,
  whole: Wholeness,
): Promise<Omit<TableMoments, "asOfSeconds" | "newestChangeSeconds">> {
  const { manifest, schema } = opened;
  return {
    table: schema.table,
    source: schema.source,
    snapshotSeconds: manifest.snapshots.at(-1)?.exportTimeSeconds,
    commitSeconds: manifest.sequence === 0 ? undefined : manifest.committedAtSeconds,
    compactionSeconds: await lastCompaction(store, opened),
    openGaps: whole.openGaps.length,
    putAside: whole.quarantine + undeliveredFiles(whole.undelivered),
    drift: manifest.texts ?? [],
  };
}

/** A snapshot that is newer than what a stream delivered has all changes before its own moment. */
function later(stream: number | undefined, snapshot: number | undefined): number | undefined {
  if (stream === undefined || snapshot === undefined) return stream ?? snapshot;
  return Math.max(stream, snapshot); // breakage: later-of-stream-and-snapshot
}

/** A table has few commits of other kinds between two compactions. */
const COMMITS_LOOKED_AT_MAX = 20;

async function lastCompaction(
  store: ObjectStore,
  { manifest: newest, schema, sequences }: OpenTable,
): Promise<number | undefined> {
  for (const sequence of sequences.slice(-COMMITS_LOOKED_AT_MAX).reverse()) {
    const manifest =
      sequence === newest.sequence ? newest : await readManifest(store, schema.table, sequence);
    // breakage: compactions-among-commits
    if (manifest?.kind === "minor" || manifest?.kind === "major") return manifest.committedAtSeconds;
  }
  return undefined;
}

export interface TablesColumn {
  readonly name: string;
  readonly type: ScalarType;
}

const text = { kind: "string" } as const;
const time = { kind: "timestamp" } as const;

/** The columns of `dynalake_tables` that a commit knows. */
export const MOMENT_COLUMNS: readonly TablesColumn[] = [
  { name: "table_name", type: text },
  { name: "source", type: text },
  { name: "as_of", type: time },
  { name: "newest_change", type: time },
  { name: "last_snapshot", type: time },
  { name: "last_commit", type: time },
  { name: "last_compaction", type: time },
  { name: "is_whole", type: { kind: "boolean" } },
  { name: "open_gaps", type: { kind: "int" } },
  { name: "put_aside", type: { kind: "int" } },
  { name: "drift", type: text },
];

/** The last column. */
export const ROWS_COLUMN: TablesColumn = { name: "rows", type: { kind: "bigint" } };

/** The relation of one table or more. A table's rows are counted by its view, and only where a statement asks for them. */
export function tablesRelation(dialect: Dialect, tables: readonly TableMoments[]): string {
  const rows = tables.map((facts) => `${momentsRow(dialect, facts)}, ${countedRows(quoted(facts.table))}`);
  return rows.join("\nUNION ALL\n");
}

/** The column of a table's rows, counted in a relation. */
export function countedRows(relation: string): string {
  return `(SELECT count(*) FROM ${relation}) AS ${quoted(ROWS_COLUMN.name)}`;
}

/** A statement with one row, of `MOMENT_COLUMNS`. */
export function momentsRow(dialect: Dialect, facts: TableMoments): string {
  const values = valuesOf(dialect, facts);
  const columns = MOMENT_COLUMNS.map(
    ({ name, type }) => `CAST(${values[name] ?? "NULL"} AS ${dialect.typeName(type)}) AS ${name}`,
  );
  return `SELECT ${columns.join(", ")}`;
}

function valuesOf(dialect: Dialect, facts: TableMoments): Readonly<Record<string, string | undefined>> {
  const moment = (seconds: number | undefined): string | undefined =>
    seconds === undefined ? undefined : dialect.timeTyped(integer(Math.floor(seconds)));
  const isWhole = facts.openGaps === 0 && facts.putAside === 0; // breakage: gaps-are-not-whole
  return {
    table_name: literal(facts.table),
    source: literal(facts.source),
    as_of: moment(facts.asOfSeconds),
    newest_change: moment(facts.newestChangeSeconds),
    last_snapshot: moment(facts.snapshotSeconds),
    last_commit: moment(facts.commitSeconds),
    last_compaction: moment(facts.compactionSeconds),
    is_whole: String(isWhole),
    open_gaps: integer(facts.openGaps),
    put_aside: integer(facts.putAside),
    drift: facts.drift.length === 0 ? undefined : literal(facts.drift.join(", ")),
  };
}
