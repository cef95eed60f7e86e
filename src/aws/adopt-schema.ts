/** A changed schema, deployed or by following the data: the lake adopts it once Firehose certainly knows its new columns. */

import type { Plan } from "../core/compaction/plan.ts";
import type { Schema } from "../core/schema/schema.ts";
import { newColumns } from "../core/schema/schema-change.ts";
import type { PendingEdit } from "../core/table/schema-edit.ts";
import { type CatalogTables, columnsSinceSeconds } from "./catalog-columns.ts";
import { type CommittedTable, deployedMark, requireDeployable } from "./deployed-change.ts";

export interface AdoptionContext {
  readonly engine: { readonly catalog: CatalogTables };
  readonly opened: CommittedTable;
  /** The schema deployed with the code. */
  readonly deployed: Schema;
  /** What the table becomes by following its data, where it does. */
  readonly followed?: PendingEdit | undefined;
  readonly newRunId: () => string;
  readonly nowSeconds: () => number;
}

/**
 * The plan that makes the deployed schema the lake's, or else what the table's data asks for; undefined if there is nothing to do or it
 * must wait. Firehose rereads the Glue table
 * from time to time, AWS does not say how often, and drops values of columns it does not know. So a new column, which another type
 * has, too, is used `settleSeconds` after it was added to Glue. Throws SCHEMA_INVALID if the lake's data does not allow the change.
 */
export async function planSchemaChange(
  { deployed, engine, followed, newRunId, nowSeconds, opened }: AdoptionContext,
  settleSeconds: number,
): Promise<Plan | undefined> {
  const change = requireDeployable(opened, deployed) ?? followed;
  if (change === undefined) return undefined;
  const { manifest, schema } = opened;
  const columns = newColumns(change); // breakage: columns-of-other-types-settle
  const sinceSeconds = await columnsSinceSeconds(engine.catalog, schema.table, columns);
  // breakage: new-columns-settle
  const isSettled = sinceSeconds !== undefined && sinceSeconds + settleSeconds <= nowSeconds();
  if (columns.length > 0 && !isSettled) return undefined;
  return {
    run: newRunId(),
    fromSequence: manifest.sequence,
    stages: [],
    // With the names that Glue has for its columns.
    change: { kind: "schema", schema: change.schema.file, deployed: deployedMark(opened, deployed) },
  };
}
