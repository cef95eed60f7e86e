/** Removes what is no longer needed. */
import { variablesOf } from "../src/aws/contracts/environment.ts";
import { cleanEvent } from "../src/aws/contracts/steps.ts";
import { type LambdaFunction, lambdaHandler } from "../src/aws/lambda/handler.ts";
import { openStepLake } from "../src/aws/lambda/step.ts";
import { clean } from "../src/aws/steps/clean.ts";

const variables = variablesOf("clean", process.env);
const lake = openStepLake(import.meta.url, variables);

export const handler: LambdaFunction = lambdaHandler(cleanEvent, (event) =>
  clean(lake, { ...event, retentionHours: variables.RETENTION_HOURS }),
);
