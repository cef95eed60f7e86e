/** Starts the export that a snapshot is made from. */
import { variablesOf } from "../src/aws/contracts/environment.ts";
import { beginSnapshotEvent } from "../src/aws/contracts/steps.ts";
import { type LambdaFunction, lambdaHandler } from "../src/aws/lambda/handler.ts";
import { openSteps } from "../src/aws/lambda/step.ts";
import { beginSnapshot } from "../src/aws/steps/begin-snapshot.ts";

const variables = variablesOf("begin-snapshot", process.env);
const steps = openSteps(import.meta.url, variables);

export const handler: LambdaFunction = lambdaHandler(beginSnapshotEvent, async (event) =>
  beginSnapshot(await steps(), {
    ...event,
    sourceTableArn: variables.SOURCE_TABLE_ARN,
    kmsKeyArn: variables.LAKE_KEY_ARN,
  }),
);
