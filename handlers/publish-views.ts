/** Brings the views to the newest manifest. */
import { z } from "zod";
import { type LambdaFunction, lambdaHandler } from "../src/aws/lambda/handler.ts";
import { openSteps } from "../src/aws/lambda/step.ts";
import { publishViews } from "../src/aws/publish-views.ts";

const steps = openSteps(import.meta.url, process.env);

export const handler: LambdaFunction = lambdaHandler(z.object({}), async () => publishViews(await steps()));
