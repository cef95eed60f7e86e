/** The names that people query, and the statement behind each. */
import { changesSince, viewChanges } from "./change-log.ts";
import { latestManifest, manifestAsOf } from "./lake-table.ts";
import { baseSegments, deltaSegments, type Manifest } from "./manifest.ts";
import type { ObjectStore } from "./ports/object-store.ts";
import type { QueryEngine } from "./ports/query-engine.ts";
import type { Schema } from "./schema.ts";
import { nameList, segmentColumns } from "./sql/columns.ts";
import { currentRows, historyRows, snapshotRows } from "./sql/view.ts";

export interface ViewContext {
  readonly store: ObjectStore;
  readonly engine: QueryEngine;
  readonly schema: Schema;
}

export interface LakeView {
  readonly name: string;
  readonly sql: string;
}

/** The manifest of now, or the one that was the newest at `asOfSeconds`. */
export function chosenManifest(context: ViewContext, asOfSeconds: number | undefined): Promise<Manifest> {
  const { store, schema } = context;
  return asOfSeconds === undefined
    ? latestManifest(store, schema.table)
    : manifestAsOf(store, schema.table, asOfSeconds);
}

/** `<table>`: the current state, or that of `asOfSeconds`. */
export async function currentView(
  context: ViewContext,
  manifest: Manifest,
  asOfSeconds: number | undefined,
): Promise<LakeView> {
  const { store, engine, schema } = context;
  const relations = {
    changes: engine.changes(schema, await viewChanges(store, schema.table, manifest)),
    base: engine.segments(schema, baseSegments(manifest)),
    deltas: engine.segments(schema, deltaSegments(manifest)),
  };
  return { name: schema.table, sql: currentRows(engine.dialect, schema, manifest, relations, asOfSeconds) };
}

/** `<table>_history` and `<table>__changes`: every change, typed and as it lies in the change log. */
export async function historyViews(context: ViewContext): Promise<readonly LakeView[]> {
  const { store, engine, schema } = context;
  const changes = engine.changeLog(schema, (await changesSince(store, schema.table, 0)).objects);
  return [
    { name: `${schema.table}_history`, sql: historyRows(engine.dialect, schema, changes) },
    { name: `${schema.table}__changes`, sql: `SELECT * FROM ${changes}` },
  ];
}

/** `<table>_snapshots` and `<table>__segments`: the kept snapshots, and base and deltas as they lie. */
export function segmentViews(context: ViewContext, manifest: Manifest): readonly LakeView[] {
  const { engine, schema } = context;
  const columns = nameList(segmentColumns(engine.dialect, schema));
  const kept = manifest.snapshots.map(({ segments, exportTimeSeconds }) => ({
    segments: engine.segments(schema, segments),
    exportTimeSeconds,
  }));
  const snapshots =
    kept.length > 0 ? kept : [{ segments: engine.segments(schema, []), exportTimeSeconds: 0 }];
  return [
    { name: `${schema.table}_snapshots`, sql: snapshotRows(engine.dialect, schema, snapshots) },
    {
      name: `${schema.table}__segments`,
      sql: `SELECT ${columns} FROM ${engine.segments(schema, manifest.segments)}`,
    },
  ];
}

/** The rows of `<table>` in their wire form: what `toItem` reads. */
export function wireRows(context: Pick<ViewContext, "engine" | "schema">, view: LakeView): string {
  const { engine, schema } = context;
  const values = schema.columns.map((column) => {
    const name = `"${column.name}"`;
    return `${engine.dialect.wire(column.type, name)} AS ${name}`;
  });
  return `SELECT ${[...values, "_unmapped"].join(", ")} FROM (${view.sql})`;
}
