/** What the function of a source needs of its lake. DynamoDB is called by the owner's role if the table is another account's. */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { clientOptions } from "../../sdk/clients.ts";
import { roleCredentials } from "../../sdk/role-credentials.ts";
import { withoutLog } from "../../sdk/without-log.ts";
import type { VariablesOf } from "../contracts/environment.ts";
import type { LakeContext } from "../steps/step-context.ts";
import { openLake } from "./step.ts";

/** Opens it, without sending anything yet. */
export function openSourceLake(variables: VariablesOf<"source">): LakeContext {
  const lake = openLake(variables);
  const { OWNER_ROLE_ARN: roleArn } = variables;
  if (roleArn === undefined) return lake;
  const credentials = roleCredentials(roleArn, lake.clients.dynamodb.config.credentials);
  const dynamodb = withoutLog(new DynamoDBClient({ ...clientOptions(), credentials }));
  return { ...lake, clients: { ...lake.clients, dynamodb } };
}
