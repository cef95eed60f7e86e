/** A changed schema, deployed or by following the data: the lake adopts it once Firehose certainly knows its new columns. */

import type { Plan, PlannedSchema } from "../core/compaction/plan.ts";
import { defined } from "../core/defined.ts";
import type { Schema } from "../core/schema/schema.ts";
import { newColumns } from "../core/schema/schema-change.ts";
import type { PendingEdit } from "../core/table/schema-edit.ts";
import { type CatalogTables, columnsSinceSeconds } from "./catalog-columns.ts";
import { type CommittedTable, deployedMark, requireDeployable } from "./deployed-change.ts";

/** A change with the digits before the point that values need in columns which get less room for them. */
export interface CountedEdit {
  readonly change: PendingEdit;
  readonly wholeDigits?: PlannedSchema["wholeDigits"];
}

export interface AdoptionContext {
  readonly engine: { readonly catalog: CatalogTables };
  readonly opened: CommittedTable;
  /** The schema deployed with the code. */
  readonly deployed: Schema;
  /** What the table becomes by following its data, where it does, */
  readonly followed?: PendingEdit | undefined;
  /** and what of it the data still allows once it has settled. */
  readonly confirmed: (followed: PendingEdit) => Promise<CountedEdit | undefined>;
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
  context: AdoptionContext,
  settleSeconds: number,
): Promise<Plan | undefined> {
  const { deployed, newRunId, opened } = context;
  const settled = await settledEdit(context, settleSeconds);
  if (settled === undefined) return undefined;
  const { schema } = settled.change;
  return {
    run: newRunId(),
    fromSequence: opened.manifest.sequence,
    stages: [],
    change: {
      kind: "schema",
      // With the names that Glue has for its columns.
      schema: schema.file,
      deployed: deployedMark(opened, deployed),
      ...defined({ wholeDigits: settled.wholeDigits }),
    },
  };
}

async function settledEdit(
  context: AdoptionContext,
  settleSeconds: number,
): Promise<CountedEdit | undefined> {
  const { confirmed, deployed, followed, opened } = context;
  const ordered = requireDeployable(opened, deployed);
  const waiting = ordered ?? followed;
  if (waiting === undefined || !(await isSettled(context, waiting, settleSeconds))) return undefined;
  if (ordered !== undefined) return { change: ordered };
  const counted = await confirmed(waiting);
  if (counted === undefined) return undefined;
  return (await isSettled(context, counted.change, settleSeconds)) ? counted : undefined;
}

async function isSettled(
  { engine, nowSeconds, opened }: AdoptionContext,
  change: PendingEdit,
  settleSeconds: number,
): Promise<boolean> {
  const columns = newColumns(change); // breakage: columns-of-other-types-settle
  if (columns.length === 0) return true;
  const sinceSeconds = await columnsSinceSeconds(engine.catalog, opened.schema.table, columns);
  // breakage: new-columns-settle
  return sinceSeconds !== undefined && sinceSeconds + settleSeconds <= nowSeconds();
}
