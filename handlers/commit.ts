/** Commits what the statements of a run have written. */
import { z } from "zod";
import { type LambdaFunction, lambdaHandler } from "../src/aws/lambda/handler.ts";
import { openSteps } from "../src/aws/lambda/step.ts";
import { addCounts } from "../src/aws/lambda/telemetry.ts";
import { commitStep } from "../src/aws/steps/commit-step.ts";
import { segmentName } from "../src/core/format/manifest.ts";

const steps = openSteps(import.meta.url, process.env);

export const handler: LambdaFunction = lambdaHandler(z.object({ run: segmentName }), async ({ run }) => {
  const context = await steps();
  const answer = await commitStep(context, run);
  if (answer.outcome === "committed") addCounts(context.schema.table, { CommittedRows: answer.rows });
  return answer;
});
