/** Commits what the statements of a plan have written. */
import { variablesOf } from "../src/aws/contracts/environment.ts";
import { commitEvent } from "../src/aws/contracts/steps.ts";
import { type LambdaFunction, lambdaHandler } from "../src/aws/lambda/handler.ts";
import { openSteps } from "../src/aws/lambda/step.ts";
import { publishTableMetrics } from "../src/aws/lambda/telemetry.ts";
import { commitStep } from "../src/aws/steps/commit-step.ts";

const steps = openSteps(variablesOf("commit", process.env));

export const handler: LambdaFunction = lambdaHandler(commitEvent, async ({ run, table }, invocation) => {
  const answer = await commitStep(await steps(table, invocation), run);
  if (answer.outcome === "committed") publishTableMetrics(table, { CommittedRows: answer.rows });
  return answer;
});
