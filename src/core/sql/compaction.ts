/** The statements of snapshots and compactions. Each selects the rows of new segments, `_key` included. */
import type { Manifest } from "../format/manifest.ts";
import { recoverableColumns } from "../format/recovery.ts";
import { type Dialect, integer, literal, quoted } from "../ports/dialect.ts";
import type { ConstantColumn } from "../ports/query-engine.ts";
import type { Schema } from "../schema/schema.ts";
import { type StagedBy, stagedForm, valueList } from "./column-value.ts";
import { HASH_ALONE, newestRows, rowsOfWindows } from "./overlay.ts";
import { nameList, segmentColumns } from "./typed-columns.ts";

/** The version of every snapshot row: before any change. */
const SNAPSHOT_VERSION = "0".repeat(40);

/** What is the same in all base rows of a snapshot. */
export function snapshotConstants(dialect: Dialect, floorSeconds: number): readonly ConstantColumn[] {
  return [
    { name: "_op", value: "'SNAPSHOT'" },
    { name: "_version", value: literal(SNAPSHOT_VERSION) },
    { name: "_changed_at", value: dialect.timeTyped(integer(floorSeconds)) },
    { name: "_expired", value: "false" },
  ];
}

/**
 * Base rows of a snapshot. `staged` has the wire columns of items; lines that were staged while the schema changed may have the
 * values of `recoverable` columns in `_unmapped` alone.
 */
export function snapshotBaseRows(
  dialect: Dialect,
  schema: Schema,
  staged: string,
  floorSeconds: number,
  recoverable: ReadonlySet<string>,
  writers: StagedBy = "one",
): string {
  const constants = new Map(snapshotConstants(dialect, floorSeconds).map(({ name, value }) => [name, value]));
  const form = { ...stagedForm(recoverable, writers), constants };
  return `SELECT ${valueList(dialect, segmentColumns(dialect, schema), form)} FROM ${staged}`;
}

/** How many rows of a relation of segment rows share their key with another one: one row, one column `repeated`. */
export function repeatedKeys(segments: string): string {
  return `SELECT count(*) - count(DISTINCT _key) AS repeated FROM ${segments}`;
}

/** The second of the oldest late change in objects that were not folded before, or null: one row, one column `oldest`. */
export function oldestLateChange(manifest: Manifest, newObjects: string): string {
  return `SELECT min(_changed_at) AS oldest FROM ${newObjects} WHERE ${isLate(manifest)}`;
}

/** The second of the newest change in a part of the log, or null: one row, one column `newest`. */
export function newestChangeStatement(changes: string): string {
  return `SELECT max(_changed_at) AS newest FROM ${changes}`;
}

/** `isLate` of src/core/overlay/overlay-rule.ts. */
function isLate(manifest: Manifest): string {
  const from = integer(manifest.floorSeconds - manifest.skewSeconds);
  // breakage: late-is-before-horizon
  return `_changed_at >= ${from} AND _changed_at < ${integer(manifest.horizonSeconds)}`;
}

/** What deltas are sorted by: a major compaction looks for the keys of each bucket in them. */
export const DELTA_ORDER: readonly string[] = ["_key"];

interface MinorInputs {
  readonly manifest: Manifest;
  /** The new horizon. */
  readonly horizonSeconds: number;
  /** The change log from the skew allowance before the old horizon on. */
  readonly changes: string;
  readonly late?: {
    /** Objects that were not folded before. */
    readonly newObjects: string;
    /** The change log from the skew allowance before the oldest late change on. */
    readonly changes: string;
    readonly oldestSeconds: number;
  };
  /** Earlier deltas that the new one takes in, as segment rows. */
  readonly deltas?: string;
}

/** Rows of the delta that a minor compaction writes: the log window up to the new horizon, and the state of keys with late changes. */
export function minorDeltaRows(dialect: Dialect, schema: Schema, inputs: MinorInputs): string {
  const { manifest, late } = inputs;
  const untilSeconds = inputs.horizonSeconds;
  const skewSeconds = manifest.skewSeconds;
  const recoverable = recoverableColumns(manifest);
  const windows = [
    {
      changes: inputs.changes,
      sinceSeconds: manifest.horizonSeconds,
      untilSeconds,
      skewSeconds,
      recoverable,
    },
  ];
  if (late !== undefined) {
    const from = integer(late.oldestSeconds - skewSeconds); // breakage: late-changes-include-skew
    const keys = `SELECT _key FROM ${late.newObjects} WHERE ${isLate(manifest)}`;
    const pool = `(SELECT * FROM ${late.changes} WHERE _changed_at >= ${from} AND _key IN (${keys}))`;
    windows.push({
      changes: pool,
      sinceSeconds: manifest.floorSeconds,
      untilSeconds,
      skewSeconds,
      recoverable,
    });
  }
  const parts = [rowsOfWindows(dialect, schema, windows)];
  if (inputs.deltas !== undefined)
    parts.push(`SELECT ${nameList(segmentColumns(dialect, schema))} FROM ${inputs.deltas}`);
  return newestRows(
    dialect,
    schema,
    parts.map((part) => `(${part})`), // breakage: tombstones-stay-in-deltas
    HASH_ALONE,
    deltaValues(dialect, schema),
  );
}

/** A removal keeps its key and the columns that dynalake adds: the values that its item last had stay in the change log. */
function deltaValues(dialect: Dialect, schema: Schema): string {
  const keys = [schema.key.hash, schema.key.range];
  const values = segmentColumns(dialect, schema).map(({ name, declared }) => {
    const isKept = declared === undefined ? name !== "_unmapped" : keys.includes(declared.attribute);
    const own = quoted(name);
    return isKept ? own : `CASE WHEN _op <> 'REMOVE' THEN ${own} END AS ${own}`; // breakage: deltas-without-last-values
  });
  return values.join(", ");
}
