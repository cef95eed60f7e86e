/** What a schema file would do to a deployed table once it is deployed. Everything here reads; no statement runs in Athena. */
import { columnsAfter, deployedEdit, deployedMark, requireDeployable } from "../aws/deployed-change.ts";
import { chosenDeployment } from "../aws/deployment.ts";
import { requireStorable } from "../aws/ensure-stored-tables.ts";
import { requireDeployedTable } from "../aws/registry.ts";
import { DynalakeError } from "../core/error.ts";
import { changeTexts } from "../core/schema/change-text.ts";
import type { Schema } from "../core/schema/schema.ts";
import { newColumns } from "../core/schema/schema-change.ts";
import type { OpenTable } from "../core/table/open-table.ts";
import { readSchemaFile } from "../embedded/schemas/given-schema.ts";
import type { GivenFile } from "../files/given-file.ts";
import { schemaChangeReport } from "../library/reported.ts";
import type { SchemaChangeReport } from "../library/reports.ts";
import { deployedTable, type OpenedStack } from "./open-stack.ts";

export interface DeployedSchemaChange extends SchemaChangeReport {
  /** Columns that Glue gets first, by their names there. Where there are any, the whole change waits until they have been there for `settleSeconds`. */
  readonly newColumns: readonly string[];
  readonly settleSeconds: number;
  /** The file says what is deployed already. */
  readonly isDeployed: boolean;
  /** What the schema that is deployed now changes, and the table does not have yet: the file takes its place. An end of a sentence each. */
  readonly replaces: readonly string[];
}

/**
 * `table` is the table's name, by default the one in the file. Throws SCHEMA_INVALID where the deployment would fail or be without
 * effect, with the place; USAGE for a table that the stack does not have; LAKE_NOT_FOUND for one without data.
 */
export async function deployedSchemaChange(
  stack: OpenedStack,
  file: GivenFile,
  table: string | undefined,
): Promise<DeployedSchemaChange> {
  const given = await readSchemaFile(file);
  const deployment = chosenDeployment(stack.deployments, table ?? given.table);
  const { bucket, engine, store } = stack.lakeOf(deployment);
  const opened = await deployedTable({ store }, deployment.table);
  const deployed = await requireDeployedTable(store, deployment.table);
  const isDeployed = deployedMark(opened, given) === deployedMark(opened, deployed.schema);
  requireNotEarlier(opened, given, file.name);
  const edit = requireDeployable(opened, given, file.name);
  await requireStorable(engine.catalog, bucket, columnsAfter(opened.schema, edit)); // breakage: columns-of-glue-are-foreseen
  return {
    ...schemaChangeReport(opened.schema, edit && { ...edit, drift: [] }),
    newColumns: edit === undefined ? [] : newColumns(edit),
    settleSeconds: deployed.entry.schemaSettleSeconds,
    isDeployed,
    replaces: isDeployed ? [] : waitingTexts(opened, deployed.schema),
  };
}

/** A deployment orders nothing by one that the table had before. */
function requireNotEarlier(opened: OpenTable, given: Schema, name: string): void {
  const edit = deployedEdit(opened, given);
  if (edit?.kind !== "earlier") return; // breakage: earlier-files-are-not-foreseen
  throw new DynalakeError(
    "SCHEMA_INVALID",
    `${name} holds an earlier schema of the table, and deploying it changes nothing`,
    { next: `To go back to it, set "evolution": ${edit.evolution} in it.` },
  );
}

function waitingTexts(opened: OpenTable, deployed: Schema): readonly string[] {
  const edit = deployedEdit(opened, deployed);
  return edit?.kind === "pending" ? changeTexts(edit) : [];
}
