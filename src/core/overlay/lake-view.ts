/** The names that people query, and the statement behind each. */
import { baseSegments, deltaSegments } from "../format/manifest.ts";
import type { ChangeSelection, QueryEngine } from "../ports/query-engine.ts";
import { withEarlierColumns } from "../schema/earlier-columns.ts";
import type { Schema } from "../schema/schema.ts";
import { nameList, segmentColumns } from "../sql/typed-columns.ts";
import { currentRows, historyRows, type RowSelection, snapshotRows } from "../sql/view.ts";
import type { SnapshotFiles } from "../table/kept-snapshots.ts";
import type { TableState } from "../table/open-table.ts";
import { changesSince, decidingChanges, viewChanges } from "./change-log.ts";
import { segmentRows } from "./segment-rows.ts";
import { segmentsOfKeys } from "./table-parts.ts";

/** What of an engine makes the relations that views read. */
export type ViewEngine = Pick<QueryEngine, "dialect" | "changes" | "changeLog" | "segments" | "snapshots">;

export interface LakeView {
  readonly name: string;
  readonly sql: string;
}

/** The names by which a table is queried, its own first. */
export function viewNames(table: string): readonly string[] {
  return [table, ...["_history", "_snapshots", "__changes", "__segments"].map((end) => `${table}${end}`)];
}

/**
 * `<table>`: the current state, or that of `asOfSeconds`, with the columns of the table's schema. For a statement of now; rows of
 * other keys than those of `keyHashes` may be missing.
 */
export async function currentView(
  engine: ViewEngine,
  table: TableState,
  asOfSeconds: number | undefined,
  keyHashes?: readonly string[],
): Promise<LakeView> {
  return viewOf(engine, table, await decidingChanges(table), { asOfSeconds, columns: "view", keyHashes });
}

/** `<table>` for as long as its manifest is the newest: it shows changes that are delivered later, too. */
export async function standingView(engine: ViewEngine, table: TableState): Promise<LakeView> {
  return viewOf(engine, table, await viewChanges(table), { columns: "view" });
}

/** `<table>` now, with `_key` as another column: for lookups by key. */
export async function keyedView(engine: ViewEngine, table: TableState): Promise<LakeView> {
  return viewOf(engine, table, await decidingChanges(table), { columns: "segment" });
}

function viewOf(
  engine: ViewEngine,
  { schema, manifest }: TableState,
  logged: ChangeSelection | undefined,
  selection: RowSelection,
): LakeView {
  const deltas = deltaSegments(manifest);
  const base = baseSegments(manifest);
  const { keyHashes } = selection;
  const asked = keyHashes === undefined ? base : segmentsOfKeys(schema, manifest, base, keyHashes);
  const relations = {
    base: segmentRows(engine, schema, manifest, asked),
    deltas: deltas.length === 0 ? undefined : segmentRows(engine, schema, manifest, deltas),
    changes: logged && engine.changes(withEarlierColumns(schema), logged),
  };
  return { name: schema.table, sql: currentRows(engine.dialect, schema, manifest, relations, selection) };
}

/** `<table>_history` and `<table>__changes`: every change, typed and as it lies in the change log. */
export async function historyViews(engine: ViewEngine, table: TableState): Promise<readonly LakeView[]> {
  const changes = await loggedChanges(engine, table);
  return [
    historyOf(engine, table, changes),
    { name: `${table.schema.table}__changes`, sql: `SELECT * FROM ${changes}` },
  ];
}

/** `<table>_history`: every change, typed. */
export async function historyView(engine: ViewEngine, table: TableState): Promise<LakeView> {
  return historyOf(engine, table, await loggedChanges(engine, table));
}

function historyOf({ dialect }: ViewEngine, { schema, manifest }: TableState, changes: string): LakeView {
  return { name: `${schema.table}_history`, sql: historyRows(dialect, schema, manifest, changes) };
}

async function loggedChanges(engine: ViewEngine, { schema, changes }: TableState): Promise<string> {
  return engine.changeLog(withEarlierColumns(schema), (await changesSince(changes, 0)).objects);
}

/** `<table>_snapshots`: the kept snapshots, which `keptSnapshots` has read. */
export function snapshotsView(
  engine: Pick<ViewEngine, "dialect" | "snapshots">,
  schema: Schema,
  kept: readonly SnapshotFiles[],
): LakeView {
  const groups = snapshotsByForm(kept);
  const none: readonly SnapshotFiles[] = [];
  const rows = (groups.length === 0 ? [none] : groups).map((group) => {
    const { written, lacking } = group[0] ?? { written: schema, lacking: new Set<string>() };
    return { written, lacking, rows: engine.snapshots(withEarlierColumns(written), group) };
  });
  return { name: `${schema.table}_snapshots`, sql: snapshotRows(engine.dialect, schema, rows) };
}

/** Those whose files have the same columns together. */
export function snapshotsByForm(kept: readonly SnapshotFiles[]): readonly (readonly SnapshotFiles[])[] {
  const groups = new Map<string, SnapshotFiles[]>();
  for (const snapshot of kept) {
    const group = groups.get(snapshot.form) ?? [];
    group.push(snapshot);
    groups.set(snapshot.form, group);
  }
  return [...groups.values()];
}

/** `<table>__segments`: base and deltas as they lie. */
export function segmentsView(
  engine: Pick<ViewEngine, "dialect" | "segments">,
  { schema, manifest }: Pick<TableState, "schema" | "manifest">,
): LakeView {
  const stored = withEarlierColumns(schema);
  const columns = nameList(segmentColumns(engine.dialect, stored));
  return {
    name: `${schema.table}__segments`,
    sql: `SELECT ${columns} FROM ${engine.segments(stored, manifest.segments)}`,
  };
}

/** The rows of `<table>` in their wire form: what `toItem` reads. `others` are expressions that follow. */
export function wireRows(
  { dialect }: Pick<QueryEngine, "dialect">,
  schema: Schema,
  view: LakeView,
  others: readonly string[] = [],
): string {
  const values = schema.columns.map((column) => {
    const name = `"${column.name}"`;
    return `${dialect.wire(column.type, name)} AS ${name}`;
  });
  return `SELECT ${[...values, "_unmapped", ...others].join(", ")} FROM (${view.sql})`;
}
