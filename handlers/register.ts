/** The stacks' custom resources: the registry, and the tables of the Glue Data Catalog. */
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { variablesOf } from "../src/aws/contracts/environment.ts";
import { CUSTOM_RESOURCES } from "../src/aws/contracts/registry.ts";
import { type LambdaFunction, lambdaHandler } from "../src/aws/lambda/handler.ts";
import { openLake } from "../src/aws/lambda/step.ts";
import { logger } from "../src/aws/lambda/telemetry.ts";
import { answerCustomResource, customResourceEvent } from "../src/aws/register/custom-resource.ts";
import { sendAnswer } from "../src/aws/register/send-answer.ts";
import { clientOptions } from "../src/sdk/clients.ts";

const variables = variablesOf("register", process.env);
const lake = openLake(variables);
const lambda = new LambdaClient(clientOptions());

export const handler: LambdaFunction = lambdaHandler(customResourceEvent, async (event) => {
  const { bucket, engine, nowSeconds, store } = lake;
  const answer = await answerCustomResource({ bucket, catalog: engine.catalog, store, nowSeconds }, event);
  const { RequestType, ResourceType, LogicalResourceId } = event;
  logger.info("registered", { RequestType, ResourceType, LogicalResourceId, status: answer.Status });
  await sendAnswer(event.ResponseURL, answer);
  // A new table's first snapshot begins at once.
  if (answer.Status === "SUCCESS" && ResourceType !== CUSTOM_RESOURCES.glueTables)
    await lambda.send(
      new InvokeCommand({ FunctionName: variables.TICK_FUNCTION, InvocationType: "Event", Payload: "{}" }),
    );
});
