/** Which of the calls that a table needs are allowed. None of them starts or changes anything. */
import {
  DescribeContinuousBackupsCommand,
  DescribeExportCommand,
  DescribeTableCommand,
  type DynamoDBClient,
} from "@aws-sdk/client-dynamodb";
import { DynalakeError } from "../../core/error.ts";
import { awsError, failureName, isPassingFailure } from "../../sdk/aws-error.ts";
import type { CheckedAccess } from "../contracts/steps.ts";

/** No export has this id: that DynamoDB does not find it shows that the call is allowed. */
const NO_EXPORT = "00000000000000-00000000";

/** Fails with THROTTLED or UNREACHABLE. */
export async function checkAccess(client: DynamoDBClient, tableArn: string): Promise<CheckedAccess> {
  const calls: Readonly<Record<string, () => Promise<unknown>>> = {
    DescribeTable: () => client.send(new DescribeTableCommand({ TableName: tableArn })),
    DescribeContinuousBackups: () =>
      client.send(new DescribeContinuousBackupsCommand({ TableName: tableArn })),
    DescribeExport: () =>
      client.send(new DescribeExportCommand({ ExportArn: `${tableArn}/export/${NO_EXPORT}` })),
  };
  const allowed: string[] = [];
  const refused: { call: string; failure: string }[] = [];
  for (const [call, send] of Object.entries(calls)) {
    const failure = await failureOf(call, send);
    if (failure === undefined) allowed.push(call);
    else refused.push({ call, failure });
  }
  return { allowed, refused };
}

async function failureOf(call: string, send: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await send();
    return undefined;
  } catch (error) {
    if (isPassingFailure(error))
      throw awsError(error, { service: "DynamoDB", attempt: `call ${call}`, otherwise: "SOURCE_FAILED" });
    const name = error instanceof DynalakeError ? error.code : failureName(error);
    return name === "ExportNotFoundException" ? undefined : name;
  }
}
