/** The SDK's clients for the services that a lake on AWS uses, with bounded waits and retries. */
import { AthenaClient } from "@aws-sdk/client-athena";
import { CloudFormationClient } from "@aws-sdk/client-cloudformation";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { FirehoseClient } from "@aws-sdk/client-firehose";
import { GlueClient } from "@aws-sdk/client-glue";
import { S3Client } from "@aws-sdk/client-s3";
import { SFNClient } from "@aws-sdk/client-sfn";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { withoutLog } from "./without-log.ts";

export interface AwsClients {
  readonly s3: S3Client;
  readonly glue: GlueClient;
  readonly athena: AthenaClient;
  readonly firehose: FirehoseClient;
  readonly stepFunctions: SFNClient;
  readonly cloudFormation: CloudFormationClient;
  readonly dynamodb: DynamoDBClient;
  close(): void;
}

export interface AwsSettings {
  /** Default: the region of the environment or the profile. */
  readonly region?: string;
}

export interface ClientOptions extends AwsSettings {
  readonly maxAttempts: number;
  readonly retryMode: string;
  readonly requestHandler: NodeHttpHandler;
}

/** With backoff, these attempts take half a minute: longer than a service takes to restart, shorter than a function may run. */
const ATTEMPTS_MAX = 8;
const CONNECT_MS_MAX = 2_500;
const REQUEST_MS_MAX = 60_000;

/** The options of every client. The SDK itself takes the endpoint from AWS_ENDPOINT_URL. */
export function clientOptions(settings: AwsSettings = {}): ClientOptions {
  return {
    ...(settings.region === undefined ? {} : { region: settings.region }),
    maxAttempts: ATTEMPTS_MAX,
    retryMode: "standard",
    requestHandler: new NodeHttpHandler({
      connectionTimeout: CONNECT_MS_MAX,
      requestTimeout: REQUEST_MS_MAX,
      throwOnRequestTimeout: true,
      socketTimeout: REQUEST_MS_MAX,
    }),
  };
}

/** Creates the clients, without sending anything yet. */
export function awsClients(settings: AwsSettings = {}): AwsClients {
  const options = clientOptions(settings);
  const clients = {
    s3: withoutLog(new S3Client(options)),
    glue: withoutLog(new GlueClient(options)),
    athena: withoutLog(new AthenaClient(options)),
    firehose: withoutLog(new FirehoseClient(options)),
    stepFunctions: withoutLog(new SFNClient(options)),
    cloudFormation: withoutLog(new CloudFormationClient(options)),
    dynamodb: withoutLog(new DynamoDBClient(options)),
  };
  return {
    ...clients,
    close: () => {
      for (const client of Object.values(clients)) client.destroy();
    },
  };
}
