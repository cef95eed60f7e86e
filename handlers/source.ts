/** What needs permissions on a source table: its export is started, and the reading of its stream is checked. */
import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { variablesOf } from "../src/aws/contracts/environment.ts";
import { sourceEvent } from "../src/aws/contracts/steps.ts";
import { type LambdaFunction, lambdaHandler } from "../src/aws/lambda/handler.ts";
import { openSourceLake } from "../src/aws/lambda/source-lake.ts";
import { tellLook } from "../src/aws/lambda/tell-look.ts";
import { requireSource } from "../src/aws/registry.ts";
import { describeExport } from "../src/aws/source-export.ts";
import { beginExport } from "../src/aws/steps/begin-export.ts";
import { checkAccess } from "../src/aws/steps/check-access.ts";
import { lookAtSource } from "../src/aws/steps/look-at-source.ts";
import { clientOptions } from "../src/sdk/clients.ts";

const variables = variablesOf("source", process.env);
const lake = openSourceLake(variables);
const lambda = new LambdaClient(clientOptions());
const cloudWatch = new CloudWatchClient(clientOptions());

export const handler: LambdaFunction = lambdaHandler(sourceEvent, async (event) => {
  const { dynamodb } = lake.clients;
  if (event.step === "describe-export") return describeExport(dynamodb, event.exportArn);
  const source = variables.SOURCE;
  const entry = await requireSource(lake.store, source);
  const { sourceTableArn } = entry;
  if (event.step === "check-access") return checkAccess(dynamodb, sourceTableArn);
  if (event.step === "look") {
    const looked = await lookAtSource({ ...lake, lambda, cloudWatch }, entry);
    tellLook(source, looked);
    return looked.metrics;
  }
  const { LAKE_ACCOUNT: bucketOwner, LAKE_KEY_ARN: kmsKeyArn } = variables;
  return beginExport(lake, { ...event, source, sourceTableArn, bucketOwner, kmsKeyArn });
});
