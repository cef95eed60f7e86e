/** Plans how the staged rows of a snapshot become the base. */
import { variablesOf } from "../src/aws/contracts/environment.ts";
import { planSeedEvent } from "../src/aws/contracts/steps.ts";
import { type LambdaFunction, lambdaHandler } from "../src/aws/lambda/handler.ts";
import { openSteps } from "../src/aws/lambda/step.ts";
import { planSeedStep } from "../src/aws/steps/plan-seed.ts";

const steps = openSteps(variablesOf("plan-seed", process.env));

export const handler: LambdaFunction = lambdaHandler(planSeedEvent, async (event, invocation) =>
  planSeedStep(await steps(event.table, invocation), event),
);
