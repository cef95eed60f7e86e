/** A deployment with a changed schema: its new columns become the lake's once Firehose surely knows them. */
import { latestManifest } from "../core/lake-table.ts";
import type { PlannedRun } from "../core/planned-run.ts";
import type { ObjectStore } from "../core/ports/object-store.ts";
import type { Schema } from "../core/schema.ts";
import { requireCompatible } from "../core/schema-change.ts";
import { type CatalogTables, columnsSinceSeconds } from "./catalog-columns.ts";

export interface AdoptionContext {
  readonly store: ObjectStore;
  readonly engine: { readonly catalog: CatalogTables };
  /** The lake's. */
  readonly schema: Schema;
  /** What was deployed with the code. */
  readonly deployed: Schema;
  readonly newRun: () => string;
  readonly nowSeconds: () => number;
}

/**
 * The run that makes the deployed schema the lake's, or undefined where it is that already, or has to wait: Firehose looks at
 * the Glue table now and then, AWS does not say how often, and what it does not know it drops. So a new column is used
 * `settleSeconds` after Glue got it. Throws SCHEMA_INVALID where the lake's data does not allow the change.
 */
export async function planSchemaRun(
  context: AdoptionContext,
  settleSeconds: number,
): Promise<PlannedRun | undefined> {
  const { store, engine, schema, deployed } = context;
  const change = requireCompatible(schema, deployed, "the deployed schema");
  if (change.kind === "same") return undefined;
  const sinceSeconds = await columnsSinceSeconds(engine.catalog, schema.table, change.added);
  const isSettled = sinceSeconds !== undefined && sinceSeconds + settleSeconds <= context.nowSeconds();
  if (change.added.length > 0 && !isSettled) return undefined;
  const { sequence } = await latestManifest(store, schema.table);
  return {
    run: context.newRun(),
    fromSequence: sequence,
    stages: [],
    change: { kind: "schema", schema: deployed.file },
  };
}
