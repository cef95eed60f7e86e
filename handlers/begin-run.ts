/** The first step of every execution: whether it may work on its table, and on which others. */
import { variablesOf } from "../src/aws/contracts/environment.ts";
import { beginRunEvent } from "../src/aws/contracts/steps.ts";
import { type LambdaFunction, lambdaHandler } from "../src/aws/lambda/handler.ts";
import { openLake } from "../src/aws/lambda/step.ts";
import { beginRun } from "../src/aws/steps/begin-run.ts";

const lake = openLake(variablesOf("begin-run", process.env));

export const handler: LambdaFunction = lambdaHandler(beginRunEvent, (event) => beginRun(lake, event));
