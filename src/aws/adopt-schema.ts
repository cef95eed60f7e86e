/** A deployment with a changed schema: the lake adopts its new columns once Firehose certainly knows them. */

import type { Plan } from "../core/compaction/plan.ts";
import { DynalakeError } from "../core/error.ts";
import { recoverableColumns } from "../core/format/recovery.ts";
import type { Renaming, Widening } from "../core/schema/rebased-schema.ts";
import type { Schema } from "../core/schema/schema.ts";
import { requireCompatible } from "../core/schema/schema-change.ts";
import { athena } from "../core/sql/athena.ts";
import { recoveredValue } from "../core/sql/recovered-value.ts";
import type { OpenTable } from "../core/table/open-table.ts";
import { type CatalogTables, columnsSinceSeconds } from "./catalog-columns.ts";

export interface AdoptionContext {
  readonly engine: { readonly catalog: CatalogTables };
  readonly opened: Pick<OpenTable, "manifest" | "schema">;
  /** The schema deployed with the code. */
  readonly deployed: Schema;
  readonly newRunId: () => string;
  readonly nowSeconds: () => number;
}

/**
 * The plan that makes the deployed schema the lake's, or undefined if it already is or must wait. Firehose rereads the Glue table
 * from time to time, AWS does not say how often, and drops values of columns it does not know. So a new column is used
 * `settleSeconds` after it was added to Glue. Throws SCHEMA_INVALID if the lake's data does not allow the change.
 */
export async function planSchemaChange(
  context: AdoptionContext,
  settleSeconds: number,
): Promise<Plan | undefined> {
  const { engine, deployed } = context;
  const { manifest, schema } = context.opened;
  const change = requireCompatible(schema, deployed, "the deployed schema", "order");
  if (change.kind === "same") return undefined;
  requireSameTypes(change.widened);
  requireSameNames(change.renamed); // breakage: deployed-columns-keep-their-names
  const sinceSeconds = await columnsSinceSeconds(engine.catalog, schema.table, change.added);
  // breakage: new-columns-settle
  const isSettled = sinceSeconds !== undefined && sinceSeconds + settleSeconds <= context.nowSeconds();
  if (change.added.length > 0 && !isSettled) return undefined;
  requireRecoverable(deployed, [...recoverableColumns(manifest), ...change.added]);
  return {
    run: context.newRunId(),
    fromSequence: manifest.sequence,
    stages: [],
    change: { kind: "schema", schema: deployed.file },
  };
}

/** Firehose and Glue have one column for each attribute. */
function requireSameTypes(widened: readonly Widening[]): void {
  const [first] = widened;
  if (first === undefined) return;
  throw new DynalakeError(
    "SCHEMA_INVALID",
    `the deployed schema cannot change the type of "${first.label}": it is already ${first.from}`,
    { next: "Deploy the schema that the lake has. Types change in lakes in folders only." },
  );
}

function requireSameNames([first]: readonly Renaming[]): void {
  if (first === undefined) return;
  throw new DynalakeError("SCHEMA_INVALID", `the deployed schema cannot change the name of "${first.from}"`, {
    next: "Deploy the schema that the lake has. Columns get other names in lakes in folders only.",
  });
}

/**
 * Views and compactions contain the expressions of all columns declared later, up to three times. Glue accepts views of 409,600
 * characters in base64, a state machine statements of 256 KiB, and both grow with the lake.
 */
const RECOVERED_CHARACTERS_MAX = 60_000;

function requireRecoverable(schema: Schema, names: readonly string[]): void {
  const later = schema.columns.filter(({ name }) => names.includes(name));
  const characters = later.reduce(
    (sum, column) => sum + recoveredValue(athena, column, "_unmapped").length,
    0,
  );
  if (characters <= RECOVERED_CHARACTERS_MAX) return;
  throw new DynalakeError(
    "SCHEMA_INVALID",
    `the columns added to the schema do not fit into a statement (columns added: ${later.length})`,
    {
      next: "Add fewer columns, declare nested ones as json, or add all of them to a second lake table instead.",
    },
  );
}
