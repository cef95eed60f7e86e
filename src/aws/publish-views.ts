/** The newest manifest as views in Glue: `<table>`, `<table>_history` and `<table>_snapshots`. */

import { changesFolder, parseChangeObject } from "../core/format/lake-path.ts";
import { currentView, segmentViews, type ViewContext } from "../core/overlay/lake-view.ts";
import type { ObjectStore } from "../core/ports/object-store.ts";
import { columnTypeText } from "../core/schema/column-type.ts";
import type { Schema } from "../core/schema/schema.ts";
import { athena } from "../core/sql/athena.ts";
import { viewColumns } from "../core/sql/columns.ts";
import { historyRows } from "../core/sql/view.ts";
import { latestManifest } from "../core/table/lake-table.ts";
import type { AthenaEngine } from "./athena-engine.ts";
import { relationsOfViews } from "./athena-relations.ts";
import { type GlueView, publishView, type ViewColumn } from "./glue-view.ts";

export interface PublishContext {
  readonly store: ObjectStore;
  readonly engine: AthenaEngine;
  readonly bucket: string;
  /** The schema that the lake was written with. */
  readonly schema: Schema;
  readonly nowSeconds: () => number;
}

/**
 * Brings the views to the newest manifest, or leaves them where a newer one stands by now. Doing it again, late, or at the
 * same time as others does no harm. Tells the number of the manifest.
 */
export async function publishViews(context: PublishContext): Promise<{ readonly manifest: number }> {
  const { store, engine, schema } = context;
  const manifest = await latestManifest(store, schema.table);
  const place = { database: engine.catalog.database, bucket: context.bucket };
  const relations = relationsOfViews(place, context.nowSeconds());
  const viewing: ViewContext = { store, schema, engine: { ...engine, ...relations } };
  const current = await currentView(viewing, manifest, undefined);
  const snapshots = segmentViews(viewing, manifest).find(({ name }) => name === `${schema.table}_snapshots`);
  const log = relations.changeLog(schema, await firstDayOfChanges(store, schema.table));
  const columns = glueColumns(schema);
  const text = { typeName: athena.typeName({ kind: "string" }), hiveType: "string" };
  const time = { typeName: athena.typeName({ kind: "timestamp" }), hiveType: "timestamp" };
  const partitions = ["dt", "hr"].map((name) => ({ name, ...text }));
  const common = { table: schema.table, sequence: manifest.sequence };
  const views: readonly GlueView[] = [
    { ...common, name: current.name, sql: current.sql, columns },
    {
      ...common,
      name: `${schema.table}_history`,
      sql: historyRows(athena, schema, manifest, log),
      columns: [...columns, ...partitions],
    },
    {
      ...common,
      name: `${schema.table}_snapshots`,
      sql: snapshots?.sql ?? "",
      columns: [...columns, { name: "ddb_export_timestamp", ...time }],
    },
  ];
  for (const view of views) await publishView(engine.catalog, view);
  return { manifest: manifest.sequence };
}

/** The columns of `<table>`, as both engines write their types. */
function glueColumns(schema: Schema): readonly ViewColumn[] {
  const hiveTypes = new Map(schema.columns.map(({ name, type }) => [name, columnTypeText(type)]));
  const metadata: Readonly<Record<string, string>> = { _changed_at: "timestamp", _expired: "boolean" };
  return viewColumns(athena, schema).map(({ name, typeName }) => ({
    name,
    typeName,
    hiveType: hiveTypes.get(name) ?? metadata[name] ?? "string",
  }));
}

/** The objects of the log's first day: where the log begins is all that its view needs, and a listing of it all is long. */
async function firstDayOfChanges(store: ObjectStore, table: string) {
  const root = changesFolder(table);
  const [day] = (await store.folders(root)).filter((name) => /^dt=\d{4}-\d\d-\d\d$/.test(name));
  const files = day === undefined ? [] : await store.list(`${root}${day}/`);
  return files.flatMap(({ path }) => parseChangeObject(path) ?? []);
}
