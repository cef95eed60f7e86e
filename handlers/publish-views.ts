/** Brings the views to the newest manifest. */
import * as z from "zod/mini";
import { variablesOf } from "../src/aws/contracts/environment.ts";
import { type LambdaFunction, lambdaHandler } from "../src/aws/lambda/handler.ts";
import { openSteps } from "../src/aws/lambda/step.ts";
import { publishViews } from "../src/aws/publish-views.ts";

const steps = openSteps(import.meta.url, variablesOf("publish-views", process.env));

export const handler: LambdaFunction = lambdaHandler(z.object({}), async () => publishViews(await steps()));
