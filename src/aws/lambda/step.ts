/** What the steps of snapshots and compactions work with, opened once for each instance of a function. */
import { readFileSync } from "node:fs";
import { parseSchemaText, type Schema } from "../../core/schema/schema.ts";
import { newRun, nowSeconds } from "../../sdk/run-name.ts";
import { openAwsLake } from "../aws-lake.ts";
import { lakeSchema } from "../lake-schema.ts";
import type { StepContext } from "../steps/step-context.ts";
import { lakePlaceOf } from "./environment.ts";

/** The schema that was deployed with the code: it lies beside it. */
export function deployedSchema(codeUrl: string): Schema {
  return parseSchemaText(readFileSync(new URL("schema.json", codeUrl), "utf8"), "the deployed schema");
}

/** Gives each invocation its context; the schema is read anew, since a compaction may have changed it. */
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
