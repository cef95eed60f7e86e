/** The names that people query, and the statement behind each. */

import { baseSegments, deltaSegments, type Manifest } from "../format/manifest.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import type { QueryEngine } from "../ports/query-engine.ts";
import type { Schema } from "../schema/schema.ts";
import { schemaChange } from "../schema/schema-change.ts";
import { nameList, segmentColumns } from "../sql/columns.ts";
import { currentRows, historyRows, type LakeRelations, snapshotRows } from "../sql/view.ts";
import { latestManifest, manifestAsOf, schemaAt } from "../table/lake-table.ts";
import { changesSince, viewChanges } from "./change-log.ts";
import { segmentRows } from "./segment-rows.ts";

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

/**
 * The schema by which items come back whole from a manifest: the newest one, since changes that came late have been written
 * by it, unless it lacks what the manifest's own has.
 */
export async function itemsSchema({ store, schema }: ViewContext, manifest: Manifest): Promise<Schema> {
  const own = await schemaAt(store, manifest, schema);
  return schemaChange(own, schema).kind === "refused" ? own : schema;
}

/** `<table>`: the current state, or that of `asOfSeconds`, with the columns of the context's schema. */
export async function currentView(
  context: ViewContext,
  manifest: Manifest,
  asOfSeconds: number | undefined,
): Promise<LakeView> {
  const { engine, schema } = context;
  const relations = await currentRelations(context, manifest);
  return { name: schema.table, sql: currentRows(engine.dialect, schema, manifest, relations, asOfSeconds) };
}

/** `<table>` now, with `_key` as another column, for lookups by key. */
export async function keyedView(context: ViewContext, manifest: Manifest): Promise<LakeView> {
  const { engine, schema } = context;
  const relations = await currentRelations(context, manifest);
  const sql = currentRows(engine.dialect, schema, manifest, relations, undefined, "segment");
  return { name: schema.table, sql };
}

async function currentRelations(context: ViewContext, manifest: Manifest): Promise<LakeRelations> {
  const { store, engine, schema } = context;
  return {
    changes: engine.changes(schema, await viewChanges(store, schema.table, manifest)),
    base: segmentRows(engine, schema, manifest, baseSegments(manifest)),
    deltas: segmentRows(engine, schema, manifest, deltaSegments(manifest)),
  };
}

/** `<table>_history` and `<table>__changes`: every change, typed and as it lies in the change log. */
export async function historyViews(context: ViewContext): Promise<readonly LakeView[]> {
  const { store, engine, schema } = context;
  const changes = engine.changeLog(schema, (await changesSince(store, schema.table, 0)).objects);
  const manifest = await latestManifest(store, schema.table);
  return [
    { name: `${schema.table}_history`, sql: historyRows(engine.dialect, schema, manifest, changes) },
    { name: `${schema.table}__changes`, sql: `SELECT * FROM ${changes}` },
  ];
}

/** `<table>_snapshots` and `<table>__segments`: the kept snapshots, and base and deltas as they lie. */
export function segmentViews(context: ViewContext, manifest: Manifest): readonly LakeView[] {
  const { engine, schema } = context;
  const columns = nameList(segmentColumns(engine.dialect, schema));
  const kept = manifest.snapshots.map(({ segments, exportTimeSeconds }) => ({
    segments: segmentRows(engine, schema, manifest, segments),
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

/** The rows of `<table>` in their wire form: what `toItem` reads. `others` are expressions that follow. */
export function wireRows(
  context: Pick<ViewContext, "engine" | "schema">,
  view: LakeView,
  others: readonly string[] = [],
): string {
  const { engine, schema } = context;
  const values = schema.columns.map((column) => {
    const name = `"${column.name}"`;
    return `${engine.dialect.wire(column.type, name)} AS ${name}`;
  });
  return `SELECT ${[...values, "_unmapped", ...others].join(", ")} FROM (${view.sql})`;
}
