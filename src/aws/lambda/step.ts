/** The context of the steps of snapshots and compactions, opened once per function instance. */
import { readFileSync } from "node:fs";
import { parseSchemaText, type Schema } from "../../core/schema/schema.ts";
import { newRun, nowSeconds } from "../../sdk/run-name.ts";
import { openAwsLake } from "../aws-lake.ts";
import { lakeSchema } from "../lake-schema.ts";
import type { StepContext } from "../steps/step-context.ts";
import { lakePlaceOf } from "./environment.ts";

/** The schema file next to the deployed code. */
export function deployedSchema(codeUrl: string): Schema {
  return parseSchemaText(readFileSync(new URL("schema.json", codeUrl), "utf8"), "the deployed schema");
}

/** Returns a function that gives each invocation its context. It reads the schema each time, since a compaction may change it. */
export function openSteps(codeUrl: string, environment: NodeJS.ProcessEnv): () => Promise<StepContext> {
  const lake = openAwsLake(lakePlaceOf(environment));
  const deployed = deployedSchema(codeUrl);
  return async () => ({
    ...lake,
    schema: await lakeSchema(lake.store, deployed),
    deployed,
    newRun,
    nowSeconds,
  });
}
