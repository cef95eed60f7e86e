/** The newest manifest as views in Glue: `<table>`, `<table>_history` and `<table>_snapshots`. */

import { type LakeView, snapshotsView, standingView, type ViewEngine } from "../core/overlay/lake-view.ts";
import { shownColumns, shownView } from "../core/overlay/shown-view.ts";
import type { ObjectStore } from "../core/ports/object-store.ts";
import { columnTypeText } from "../core/schema/column-type.ts";
import { athena } from "../core/sql/athena.ts";
import { historyRows } from "../core/sql/view.ts";
import { keptSnapshots } from "../core/table/kept-snapshots.ts";
import type { OpenTable } from "../core/table/open-table.ts";
import type { AthenaEngine } from "./athena-engine.ts";
import { relationsOfViews } from "./athena-relations.ts";
import type { PublishedViews } from "./contracts/steps.ts";
import { type GlueView, publishView, type ViewColumn } from "./glue-view.ts";

export interface PublishContext {
  readonly engine: AthenaEngine;
  readonly bucket: string;
  readonly store: ObjectStore;
  readonly opened: OpenTable;
  readonly nowSeconds: () => number;
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
  const snapshots = snapshotsView(viewing, schema, await keptSnapshots(store, opened));
  // Where the log begins is all that its view needs, and a listing of it all is long.
  const [firstDay] = await changes.days();
  const log = relations.changeLog(schema, firstDay === undefined ? [] : await changes.ofDay(firstDay));
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
    {
      ...snapshots,
      columns: [...columns, { name: "ddb_export_timestamp", ...time }],
    },
  ];
  for (const view of sources) {
    const shown = shownView(athena, opened, view, "name");
    await publishView(engine.catalog, { ...view, ...shown, table, sequence: manifest.sequence });
  }
  return { manifest: manifest.sequence };
}

/** The columns of `<table>`, as both engines write their types. */
function glueColumns(opened: OpenTable): readonly ViewColumn[] {
  const hiveTypes = new Map(opened.schema.columns.map(({ name, type }) => [name, columnTypeText(type)]));
  const metadata: Readonly<Record<string, string>> = { _changed_at: "timestamp", _expired: "boolean" };
  return shownColumns(athena, opened, "name").map(({ name, typeName, stored = "" }) => ({
    name,
    typeName,
    hiveType: hiveTypes.get(stored) ?? metadata[stored] ?? "string",
  }));
}
