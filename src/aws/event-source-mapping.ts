/** What Lambda reports of an event source mapping. */
import {
  GetEventSourceMappingCommand,
  type GetEventSourceMappingCommandOutput,
  type LambdaClient,
} from "@aws-sdk/client-lambda";
import { awsError } from "../sdk/aws-error.ts";

export function readMapping(client: LambdaClient, id: string): Promise<GetEventSourceMappingCommandOutput> {
  return client.send(new GetEventSourceMappingCommand({ UUID: id })).catch((error: unknown) => {
    const attempt = `read the event source mapping ${id}`;
    throw awsError(error, { service: "Lambda", attempt, otherwise: "SOURCE_FAILED" });
  });
}
