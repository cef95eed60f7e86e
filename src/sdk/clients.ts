/** The SDK's clients of everything that a lake on AWS talks to, with bounded waits and retries. */
import { AthenaClient } from "@aws-sdk/client-athena";
import { CloudFormationClient } from "@aws-sdk/client-cloudformation";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { FirehoseClient } from "@aws-sdk/client-firehose";
import { GlueClient } from "@aws-sdk/client-glue";
import { S3Client } from "@aws-sdk/client-s3";
import { SFNClient } from "@aws-sdk/client-sfn";
import { NodeHttpHandler } from "@smithy/node-http-handler";

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
  /** Default: what the environment or the profile says. */
  readonly region?: string;
}

export interface ClientOptions extends AwsSettings {
  readonly maxAttempts: number;
  readonly retryMode: string;
  readonly requestHandler: NodeHttpHandler;
}

/** With backoff these attempts last half a minute: longer than a service restarts, shorter than a function runs. */
const ATTEMPTS_MAX = 8;

/** What every client is made with. The endpoint, too, is what AWS_ENDPOINT_URL says. */
export function clientOptions(settings: AwsSettings = {}): ClientOptions {
  return {
    ...(settings.region === undefined ? {} : { region: settings.region }),
    maxAttempts: ATTEMPTS_MAX,
    retryMode: "standard",
    requestHandler: new NodeHttpHandler({
      connectionTimeout: 2_500,
      requestTimeout: 60_000,
      throwOnRequestTimeout: true,
      socketTimeout: 60_000,
    }),
  };
}

/** Makes the clients; nothing is sent yet. */
export function awsClients(settings: AwsSettings = {}): AwsClients {
  const options = clientOptions(settings);
  const clients = {
    s3: new S3Client(options),
    glue: new GlueClient(options),
    athena: new AthenaClient(options),
    firehose: new FirehoseClient(options),
    stepFunctions: new SFNClient(options),
    cloudFormation: new CloudFormationClient(options),
    dynamodb: new DynamoDBClient(options),
  };
  return {
    ...clients,
    close: () => {
      for (const client of Object.values(clients)) client.destroy();
    },
  };
}
