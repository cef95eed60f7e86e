/** Brings the views to the newest manifest. */
import { variablesOf } from "../src/aws/contracts/environment.ts";
import { publishViewsEvent } from "../src/aws/contracts/steps.ts";
import { type LambdaFunction, lambdaHandler } from "../src/aws/lambda/handler.ts";
import { openSteps } from "../src/aws/lambda/step.ts";
import { publishViews } from "../src/aws/publish-views.ts";
import { mappingIdsOf, requireSource } from "../src/aws/registry.ts";

const steps = openSteps(variablesOf("publish-views", process.env));

export const handler: LambdaFunction = lambdaHandler(publishViewsEvent, async ({ table }, invocation) => {
  const context = await steps(table, invocation);
  const source = await requireSource(context.store, context.entry.source);
  return publishViews({ ...context, mappingIds: mappingIdsOf(source) });
});
