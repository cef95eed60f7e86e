/** The lake table for sending changes: its schema, which names the columns of files, checked against Firehose's columns. */
import { DynalakeError } from "../core/error.ts";
import type { ObjectStore } from "../core/ports/object-store.ts";
import type { Schema } from "../core/schema/schema.ts";
import type { Commits } from "../core/table/commits.ts";
import { gapOfMissingColumns } from "../core/table/gap.ts";
import type { OpenTable } from "../core/table/open-table.ts";
import { recordGrowingGap } from "../core/table/recorded-gaps.ts";
import { type CatalogTables, requireDeliverable } from "./catalog-columns.ts";
import { openDeployedTable } from "./lake-schema.ts";

export interface DeliverableContext {
  readonly store: ObjectStore;
  readonly engine: { readonly catalog: CatalogTables };
  readonly deployed: Schema;
  /** How long Firehose may keep using the previous columns. */
  readonly settleSeconds: number;
  readonly nowSeconds: () => number;
}

/**
 * Throws SCHEMA_INVALID if columns are missing, after recording a gap for the values that may be lost. What `known` has is not read
 * again.
 */
export async function deliverableTable(context: DeliverableContext, known?: Commits): Promise<OpenTable> {
  const { store, deployed, engine, nowSeconds, settleSeconds } = context;
  const opened = await openDeployedTable(store, deployed, known); // breakage: rows-have-the-columns-of-files
  const { schema } = opened;
  try {
    await requireDeliverable(engine.catalog, schema);
  } catch (error) {
    if (error instanceof DynalakeError && error.code === "SCHEMA_INVALID") {
      const { id, gap } = gapOfMissingColumns(nowSeconds(), settleSeconds);
      await recordGrowingGap(store, schema.table, id, gap);
    }
    throw error;
  }
  return opened;
}
