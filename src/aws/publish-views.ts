/**
 * The newest manifest as views in Glue: `<table>`, `<table>_history` and `<table>_snapshots`, and what it says of the table in
 * `dynalake_tables`.
 */

import {
  type LakeView,
  snapshotsByForm,
  snapshotsView,
  standingView,
  type ViewEngine,
} from "../core/overlay/lake-view.ts";
import { shownColumns, shownView } from "../core/overlay/shown-view.ts";
import type { ObjectStore } from "../core/ports/object-store.ts";
import { columnTypeText } from "../core/schema/column-type.ts";
import { withEarlierColumns } from "../core/schema/earlier-columns.ts";
import { athena } from "../core/sql/athena.ts";
import { EXPORT_TIME, historyRows } from "../core/sql/view.ts";
import { deployedMoments } from "../core/status/tables-view.ts";
import { wholenessOf } from "../core/status/wholeness.ts";
import { keptSnapshots, type SnapshotFiles } from "../core/table/kept-snapshots.ts";
import type { OpenTable, TableState } from "../core/table/open-table.ts";
import type { AthenaEngine } from "./athena-engine.ts";
import { glueTable, relationsOfViews } from "./athena-relations.ts";
import type { PublishedViews } from "./contracts/steps.ts";
import { fitsGlue, type GlueView, publishView, type ViewColumn } from "./glue-view.ts";
import { deployedTableNamed } from "./registry.ts";
import { leaveTables, publishMoments } from "./tables-view.ts";

export interface PublishContext {
  readonly engine: AthenaEngine;
  readonly bucket: string;
  readonly store: ObjectStore;
  readonly opened: OpenTable;
  readonly nowSeconds: () => number;
  /** The ids of the event source mappings that read the source, whose failed batches belong to the table. */
  readonly mappingIds?: readonly string[];
}

/**
 * Brings the views to the newest manifest, or leaves them if a newer one stands by now. Doing it again, late, or at the
 * same time as others does no harm. Answers with the number of the manifest.
 */
export async function publishViews(context: PublishContext): Promise<PublishedViews> {
  const { engine, opened, store } = context;
  const { changes, manifest, schema } = opened;
  const place = { database: engine.catalog.database, bucket: context.bucket };
  const relations = relationsOfViews(place, context.nowSeconds());
  const viewing: ViewEngine = { dialect: engine.dialect, ...relations };
  const current = await standingView(viewing, opened);
  // Where the log begins is all that its view needs, and a listing of it all is long.
  const [firstDay] = await changes.days();
  const log = relations.changeLog(
    withEarlierColumns(schema), // breakage: published-histories-have-columns-of-before
    firstDay === undefined ? [] : await changes.ofDay(firstDay),
  );
  const columns = glueColumns(opened);
  const text = { typeName: athena.typeName({ kind: "string" }), hiveType: "string" };
  const time = { typeName: athena.typeName({ kind: "timestamp" }), hiveType: "timestamp" };
  const partitions = ["dt", "hr"].map((name) => ({ name, ...text }));
  const { table } = schema;
  const sources: readonly (LakeView & Pick<GlueView, "columns">)[] = [
    { ...current, columns },
    {
      name: `${table}_history`,
      sql: historyRows(athena, schema, manifest, log),
      columns: [...columns, ...partitions],
    },
  ];
  const publish = async (views: readonly ShownView[]): Promise<void> => {
    for (const view of views)
      await publishView(engine.catalog, { ...view, table, sequence: manifest.sequence });
  };
  await publish(sources.map((view) => ({ ...view, ...shownView(athena, opened, view, "ascii") })));
  const moments = await deployedMoments(store, opened, await wholenessOf(context, manifest, table));
  const told = await publishMoments(engine.catalog, moments, manifest.sequence);
  // It may have been removed since this publication began. What is removed later takes it out itself.
  const isGone = told === "joined" && (await deployedTableNamed(store, table)) === undefined; // breakage: removed-tables-do-not-come-back
  if (isGone) await leaveTables(engine.catalog, table);
  // Last, so that a list which is missing keeps the table itself from nothing.
  const kept = await keptSnapshots(store, opened);
  const dated = [...columns, { name: EXPORT_TIME, ...time }];
  await publish(snapshotViews(viewing, opened, { kept, columns: dated, database: place.database }));
  return { manifest: manifest.sequence };
}

interface ShownSnapshots {
  readonly kept: readonly SnapshotFiles[];
  readonly columns: readonly ViewColumn[];
  readonly database: string;
}

type ShownView = Pick<GlueView, "name" | "sql" | "columns">;

/** Letters of a form's mark in the name of its view. */
const MARK_LETTERS = 12;
/** All times lie in one window of so long, which is halved where its snapshots are too many: 2^33 seconds, to the year 2242. */
const WINDOW_SECONDS = 2 ** 33;

/**
 * `<table>_snapshots`, the last one. Where it is too long for Glue, since there are many snapshots or files of many forms, it is the
 * union of views that come before it: `<table>__snapshots_<form>` for each form, and where that is too long, too,
 * `<table>__snapshots_<form>_<from>_<below>` for windows of time. Those stay where they are while snapshots come and go: else each
 * publication would leave views behind, or show a snapshot twice while it is half done.
 */
export function snapshotViews(
  viewing: Pick<ViewEngine, "dialect" | "snapshots">,
  table: TableState,
  { kept, columns, database }: ShownSnapshots,
): readonly ShownView[] {
  const shown = (files: readonly SnapshotFiles[]): ShownView => {
    const view = snapshotsView(viewing, table.schema, files);
    return { ...shownView(athena, table, view, "ascii"), columns };
  };
  const whole = shown(kept);
  if (fitsGlue(database, whole)) return [whole]; // breakage: long-snapshots-are-split
  const windows = (files: readonly SnapshotFiles[], from: number, seconds: number): readonly ShownView[] => {
    const [first] = files;
    if (first === undefined) return [];
    const mark = first.form.slice(0, MARK_LETTERS);
    const ending = seconds === WINDOW_SECONDS ? mark : `${mark}_${from}_${from + seconds}`;
    const view = { ...shown(files), name: `${table.schema.table}__snapshots_${ending}` };
    if (seconds === 1 || fitsGlue(database, view)) return [view]; // breakage: many-snapshots-are-split
    const half = seconds / 2;
    const middle = from + half;
    const older = files.filter(({ exportTimeSeconds }) => exportTimeSeconds < middle);
    const newer = files.filter(({ exportTimeSeconds }) => exportTimeSeconds >= middle);
    return [...windows(older, from, half), ...windows(newer, middle, half)];
  };
  const parts = snapshotsByForm(kept).flatMap((files) => windows(files, 0, WINDOW_SECONDS));
  // Their columns are the same, and too many to be named for each.
  const rows = parts.map(({ name }) => `SELECT * FROM ${glueTable(database, name)}`);
  return [...parts, { ...whole, sql: rows.join("\nUNION ALL\n") }];
}

/** The columns of `<table>`, as both engines write their types. */
function glueColumns(opened: OpenTable): readonly ViewColumn[] {
  const hiveTypes = new Map(opened.schema.columns.map(({ name, type }) => [name, columnTypeText(type)]));
  const metadata: Readonly<Record<string, string>> = { _changed_at: "timestamp", _expired: "boolean" };
  return shownColumns(athena, opened, "ascii").map(({ name, typeName, stored = "" }) => ({
    name,
    typeName,
    hiveType: hiveTypes.get(stored) ?? metadata[stored] ?? "string",
  }));
}
