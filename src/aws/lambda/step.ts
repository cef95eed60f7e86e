/** The context of the steps of snapshots and compactions: the lake is opened once per function instance, a table for each event. */
import { newRunId, nowSeconds } from "../../sdk/new-run-id.ts";
import { type AwsLakePlace, openAwsLake } from "../aws-lake.ts";
import type { LakeVariables } from "../contracts/environment.ts";
import { openDeployedTable } from "../lake-schema.ts";
import { type DeployedTable, requireDeployedTable } from "../registry.ts";
import type { LakeContext, StepContext } from "../steps/step-context.ts";

/** Where the lake of a function lies. */
function lakePlaceOf({ LAKE_BUCKET, LAKE_DATABASE, LAKE_WORKGROUP }: LakeVariables): AwsLakePlace {
  return { bucket: LAKE_BUCKET, database: LAKE_DATABASE, workGroup: LAKE_WORKGROUP };
}

/** What a step has that works on the lake. */
export function openLake(variables: LakeVariables): LakeContext {
  return { ...openAwsLake(lakePlaceOf(variables)), newRunId, nowSeconds };
}

/** Gives each invocation its context; the table is opened each time, since others may have changed it. */
export function openSteps(variables: LakeVariables): (table: string) => Promise<StepContext> {
  const lake = openLake(variables);
  return async (table) => contextOf(lake, await requireDeployedTable(lake.store, table));
}

async function contextOf(lake: LakeContext, { entry, schema }: DeployedTable): Promise<StepContext> {
  return { ...lake, deployed: schema, entry, opened: await openDeployedTable(lake.store, schema) };
}
