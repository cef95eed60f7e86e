/** The newest manifest as views in Glue: `<table>`, `<table>_history` and `<table>_snapshots`. */

import { segmentViews, standingView, type ViewEngine } from "../core/overlay/lake-view.ts";
import { columnTypeText } from "../core/schema/column-type.ts";
import type { Schema } from "../core/schema/schema.ts";
import { athena } from "../core/sql/athena.ts";
import { viewColumns } from "../core/sql/typed-columns.ts";
import { historyRows } from "../core/sql/view.ts";
import type { OpenTable } from "../core/table/open-table.ts";
import type { AthenaEngine } from "./athena-engine.ts";
import { relationsOfViews } from "./athena-relations.ts";
import type { PublishedViews } from "./contracts/steps.ts";
import { type GlueView, publishView, type ViewColumn } from "./glue-view.ts";

export interface PublishContext {
  readonly engine: AthenaEngine;
  readonly bucket: string;
  readonly opened: OpenTable;
  readonly nowSeconds: () => number;
}

/**
 * Brings the views to the newest manifest, or leaves them if a newer one stands by now. Doing it again, late, or at the
 * same time as others does no harm. Answers with the number of the manifest.
 */
export async function publishViews(context: PublishContext): Promise<PublishedViews> {
  const { engine, opened } = context;
  const { changes, manifest, schema } = opened;
  const place = { database: engine.catalog.database, bucket: context.bucket };
  const relations = relationsOfViews(place, context.nowSeconds());
  const viewing: ViewEngine = { dialect: engine.dialect, ...relations };
  const current = await standingView(viewing, opened);
  const snapshots = segmentViews(viewing, opened).find(({ name }) => name === `${schema.table}_snapshots`);
  // Where the log begins is all that its view needs, and a listing of it all is long.
  const [firstDay] = await changes.days();
  const log = relations.changeLog(schema, firstDay === undefined ? [] : await changes.ofDay(firstDay));
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
