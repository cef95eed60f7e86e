/** The statements behind what people query: `<table>`, `<table>_history` and `<table>_snapshots`. */
import type { Manifest } from "../format/manifest.ts";
import { recoverableColumns } from "../format/recovery.ts";
import { type Dialect, integer, quoted } from "../ports/dialect.ts";
import type { Schema } from "../schema/schema.ts";
import { nameList, segmentColumns, typedSelectList, viewColumns } from "./columns.ts";
import { mergedRows, newestRows, SAME_ROW, windowRows } from "./overlay.ts";

/** Relations that the engine offers; each can stand behind FROM. */
export interface LakeRelations {
  /** The change log from the skew allowance before the horizon on, at least. */
  readonly changes: string;
  readonly base: string;
  readonly deltas: string;
}

/**
 * The current state of the table, or its state as of `asOfSeconds`: `overlaidChange` of each key, over the base. It has the
 * columns that people see, or those of segments, which have `_key`.
 */
export function currentRows(
  dialect: Dialect,
  schema: Schema,
  manifest: Manifest,
  relations: LakeRelations,
  asOfSeconds?: number,
  kind: "view" | "segment" = "view",
): string {
  const window = windowRows(dialect, schema, {
    changes: relations.changes,
    sinceSeconds: manifest.horizonSeconds,
    skewSeconds: manifest.skewSeconds,
    recoverable: recoverableColumns(manifest),
    // breakage: as-of-includes-its-second
    ...(asOfSeconds === undefined ? {} : { untilSeconds: asOfSeconds + 1 }),
  });
  const overlay = newestRows(dialect, schema, [relations.deltas, "log_window"]);
  const columns = kind === "view" ? viewColumns(dialect, schema) : segmentColumns(dialect, schema);
  return `WITH log_window AS (
${window}
),
overlay AS (
${overlay}
)
${mergedRows(nameList(columns), relations.base, "overlay")}`;
}

/** A column of an inner statement. No column of an attribute can have its name, which has a space. */
const REPEAT = quoted("delivery rank");

/** Every change, typed, once however often it was delivered, in no order. `changes` also has the partition columns dt and hr. */
export function historyRows(
  dialect: Dialect,
  schema: Schema,
  manifest: Pick<Manifest, "recovery">,
  changes: string,
): string {
  const columns = viewColumns(dialect, schema, recoverableColumns(manifest));
  return `SELECT ${typedSelectList(columns)}, dt, hr FROM (
SELECT *, row_number() OVER (PARTITION BY _key, _version, _op, _changed_at ORDER BY ${SAME_ROW}, dt, hr) AS ${REPEAT} FROM ${changes}
) WHERE ${REPEAT} = 1`; // breakage: history-shows-change-once
}

/** The kept snapshots, each with the time of its export. */
export function snapshotRows(
  dialect: Dialect,
  schema: Schema,
  snapshots: readonly { readonly segments: string; readonly exportTimeSeconds: number }[],
): string {
  const columns = nameList(viewColumns(dialect, schema));
  return snapshots
    .map(({ segments, exportTimeSeconds }) => {
      const time = dialect.timeTyped(integer(exportTimeSeconds));
      return `SELECT ${columns}, ${time} AS ddb_export_timestamp FROM ${segments}`;
    })
    .join("\nUNION ALL\n");
}
