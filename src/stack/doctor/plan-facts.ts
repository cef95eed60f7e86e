/** Asks Athena what a statement on the view would read. Nothing is read. */
import { relationsOfViews } from "../../aws/athena-relations.ts";
import type { AwsLake } from "../../aws/aws-lake.ts";
import { storedTableName } from "../../aws/contracts/glue-tables.ts";
import type { PlanFacts } from "../../core/doctor/judge-plan.ts";
import { windowHour } from "../../core/overlay/change-log.ts";
import { standingView } from "../../core/overlay/lake-view.ts";
import type { OpenTable } from "../../core/table/open-table.ts";

/** The statement is the view as it is published for this manifest. */
export async function readViewPlan(
  { bucket, engine }: Pick<AwsLake, "bucket" | "engine">,
  opened: OpenTable,
  nowSeconds: number,
): Promise<PlanFacts> {
  const { manifest, schema } = opened;
  const relations = relationsOfViews({ database: engine.catalog.database, bucket }, nowSeconds);
  const { sql } = await standingView({ dialect: engine.dialect, ...relations }, opened);
  const rows = await engine.rows(`EXPLAIN (TYPE IO, FORMAT JSON) SELECT count(*) AS rows FROM (${sql}) v`);
  return {
    // Athena may give each line of it as a row.
    plan: rows.flatMap((row) => Object.values(row).map(String)).join("\n"),
    changes: storedTableName(schema.table, "changes"),
    segments: storedTableName(schema.table, "segments"),
    live: manifest.segments.map(({ id }) => id),
    sinceDay: windowHour(manifest.horizonSeconds - manifest.skewSeconds).dt,
  };
}
