/**
 * `dynalake_tables`: how old each table is and whether it is whole, as a relation, so that a dashboard can say so. Everything is a
 * moment: an age would be stale when it is read.
 */

import { type Dialect, integer, literal, quoted } from "../ports/dialect.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { readManifest } from "../table/commits.ts";
import type { OpenTable } from "../table/open-table.ts";
import { readReadingState } from "../table/reading-state.ts";
import { readHeartbeat } from "../table/run-heartbeat.ts";
import { undeliveredFiles, wholenessOf } from "./wholeness.ts";

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

export async function tableMoments(store: ObjectStore, opened: OpenTable): Promise<TableMoments> {
  const { manifest, schema } = opened;
  const { table } = schema;
  const [heartbeat, state] = [await readHeartbeat(store, table), await readReadingState(store, table)];
  const whole = await wholenessOf({ store }, manifest, table);
  const snapshot = manifest.snapshots.at(-1);
  return {
    table,
    source: schema.source,
    asOfSeconds: later(heartbeat?.deliveredUntilSeconds ?? state?.caughtUpAtSeconds, snapshot?.cutSeconds),
    newestChangeSeconds: heartbeat?.newest?.changedAtSeconds ?? state?.newestChangeSeconds,
    snapshotSeconds: snapshot?.exportTimeSeconds,
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

/** The relation of one table or more. A table's rows are counted by its view, and only where a statement asks for them. */
export function tablesRelation(dialect: Dialect, tables: readonly TableMoments[]): string {
  const rows = tables.map((facts) => `SELECT ${columnsOf(dialect, facts).join(", ")}`);
  return rows.join("\nUNION ALL\n");
}

function columnsOf(dialect: Dialect, facts: TableMoments): readonly string[] {
  const time = (seconds: number | undefined): string =>
    seconds === undefined
      ? `CAST(NULL AS ${dialect.typeName({ kind: "timestamp" })})`
      : dialect.timeTyped(integer(Math.floor(seconds)));
  const isWhole = facts.openGaps === 0 && facts.putAside === 0; // breakage: gaps-are-not-whole
  return [
    `${literal(facts.table)} AS table_name`,
    `${literal(facts.source)} AS source`,
    `${time(facts.asOfSeconds)} AS as_of`,
    `${time(facts.newestChangeSeconds)} AS newest_change`,
    `${time(facts.snapshotSeconds)} AS last_snapshot`,
    `${time(facts.commitSeconds)} AS last_commit`,
    `${time(facts.compactionSeconds)} AS last_compaction`,
    `${isWhole} AS is_whole`,
    `${integer(facts.openGaps)} AS open_gaps`,
    `${integer(facts.putAside)} AS put_aside`,
    `${facts.drift.length === 0 ? `CAST(NULL AS ${dialect.typeName({ kind: "string" })})` : literal(facts.drift.join(", "))} AS drift`,
    `(SELECT count(*) FROM ${quoted(facts.table)}) AS "rows"`,
  ];
}
