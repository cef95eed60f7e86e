/** The context of the steps of snapshots and compactions, opened once per function instance. */
import { readFileSync } from "node:fs";
import { parseSchemaText, type Schema } from "../../core/schema/schema.ts";
import { newRunId, nowSeconds } from "../../sdk/new-run-id.ts";
import { type AwsLakePlace, openAwsLake } from "../aws-lake.ts";
import type { LakeVariables } from "../contracts/environment.ts";
import { openDeployedTable } from "../lake-schema.ts";
import type { StepContext } from "../steps/step-context.ts";

/** The schema file next to the deployed code. */
export function deployedSchema(codeUrl: string): Schema {
  return parseSchemaText(readFileSync(new URL("schema.json", codeUrl), "utf8"), "the deployed schema");
}

/** Where the lake of a function lies. */
function lakePlaceOf({ LAKE_BUCKET, LAKE_DATABASE, LAKE_WORKGROUP }: LakeVariables): AwsLakePlace {
  return { bucket: LAKE_BUCKET, database: LAKE_DATABASE, workGroup: LAKE_WORKGROUP };
}

/** What a step has that does not read the lake table. */
export function openStepLake(codeUrl: string, variables: LakeVariables): Omit<StepContext, "opened"> {
  const lake = openAwsLake(lakePlaceOf(variables));
  return { ...lake, deployed: deployedSchema(codeUrl), newRunId, nowSeconds };
}

/** Gives each invocation its context; the table is opened each time, since others may have changed it. */
export function openSteps(codeUrl: string, variables: LakeVariables): () => Promise<StepContext> {
  const lake = openStepLake(codeUrl, variables);
  return async () => ({ ...lake, opened: await openDeployedTable(lake.store, lake.deployed) });
}
