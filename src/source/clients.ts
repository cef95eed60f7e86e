import {
  DescribeTableCommand,
  type DescribeTableInput,
  type DescribeTableOutput,
  DynamoDBClient,
  ScanCommand,
  type ScanInput,
  type ScanOutput,
} from "@aws-sdk/client-dynamodb";
import {
  DescribeStreamCommand,
  type DescribeStreamInput,
  type DescribeStreamOutput,
  DynamoDBStreamsClient,
  type GetRecordsInput,
  GetShardIteratorCommand,
  type GetShardIteratorInput,
  type GetShardIteratorOutput,
} from "@aws-sdk/client-dynamodb-streams";
import { NodeHttpHandler, streamCollector } from "@smithy/node-http-handler";
import { DynalakeError } from "../core/error.ts";
import { isLoopback } from "./loopback.ts";
import { withMarkedNames } from "./own-names.ts";
import type { SourcePlace } from "./source-error.ts";
import { getWrittenRecords, type WrittenRecords } from "./written-records.ts";

export interface SourceConfig {
  /** Any endpoint that speaks DynamoDB; absent for the service itself. */
  readonly endpoint?: string;
  /** Wins over the environment's. */
  readonly region?: string;
  /** The environment variables that the SDK looks at too; decides on the region and on whether credentials are configured. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** The part of DynamoDB that reads tables; a test puts its own in its place. */
export interface TablesApi {
  describeTable(input: DescribeTableInput, signal: AbortSignal): Promise<DescribeTableOutput>;
  scan(input: ScanInput, signal: AbortSignal): Promise<ScanOutput>;
}

/** The part of DynamoDB Streams that reads one stream; a test puts its own in its place. */
export interface StreamsApi {
  describeStream(input: DescribeStreamInput, signal: AbortSignal): Promise<DescribeStreamOutput>;
  getShardIterator(input: GetShardIteratorInput, signal: AbortSignal): Promise<GetShardIteratorOutput>;
  getRecords(input: GetRecordsInput, signal: AbortSignal): Promise<WrittenRecords>;
}

export interface SourceConnection {
  readonly place: SourcePlace;
  readonly tables: TablesApi;
  readonly streams: StreamsApi;
  /** The SDK's own client, for whoever writes to a table. */
  readonly client: DynamoDBClient;
  /** The service's clock minus this machine's, in milliseconds, as its last answer told; 0 before the first answer. */
  clockOffsetMs(): number;
  close(): void;
}

/**
 * Connects to a source; nothing is sent yet. Three attempts of at most 2.5 s to connect keep an address that swallows
 * packets below ten seconds. Fails with USAGE when the endpoint is no URL.
 */
export function connectSource(config: SourceConfig): SourceConnection {
  if (config.endpoint !== undefined) checkEndpoint(config.endpoint);
  const region = regionOf(config);
  const place: SourcePlace = {
    ...(config.endpoint === undefined ? {} : { endpoint: config.endpoint }),
    ...(region === undefined ? {} : { region }),
  };
  const options = {
    maxAttempts: 3,
    retryMode: "standard",
    ...place,
    ...(needsDummyCredentials(config) ? { credentials: dummyCredentials } : {}),
  };
  const client = new DynamoDBClient({ ...options, requestHandler: new TablesHttpHandler(httpOptions) });
  const streams = new DynamoDBStreamsClient({
    ...options,
    requestHandler: new NodeHttpHandler(httpOptions),
  });
  return {
    place,
    client,
    clockOffsetMs: watchClock(client),
    tables: {
      describeTable: (input, abortSignal) => client.send(new DescribeTableCommand(input), { abortSignal }),
      scan: (input, abortSignal) => client.send(new ScanCommand(input), { abortSignal }),
    },
    streams: {
      describeStream: (input, abortSignal) => streams.send(new DescribeStreamCommand(input), { abortSignal }),
      getShardIterator: (input, abortSignal) =>
        streams.send(new GetShardIteratorCommand(input), { abortSignal }),
      getRecords: (input, abortSignal) => getWrittenRecords(streams, input, abortSignal),
    },
    close: () => {
      client.destroy();
      streams.destroy();
    },
  };
}

/** Emulators want a signature but check no key. They must never be sent to anything but this machine. */
const dummyCredentials = { accessKeyId: "local", secretAccessKey: "local" } as const;

/** Any of these set means that the SDK's own search for credentials finds something, or tells why not. */
const credentialVariables = [
  "AWS_ACCESS_KEY_ID",
  "AWS_PROFILE",
  "AWS_DEFAULT_PROFILE",
  "AWS_WEB_IDENTITY_TOKEN_FILE",
  "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
  "AWS_CONTAINER_CREDENTIALS_FULL_URI",
] as const;

/** Marks the names that the SDK cannot read. */
class TablesHttpHandler extends NodeHttpHandler {
  override async handle(
    ...call: Parameters<NodeHttpHandler["handle"]>
  ): ReturnType<NodeHttpHandler["handle"]> {
    const answer = await super.handle(...call);
    answer.response.body = withMarkedNames(await streamCollector(answer.response.body));
    return answer;
  }
}

const httpOptions = {
  connectionTimeout: 2_500,
  // A page of a scan is at most 1 MB: a service that needs longer than this for it is not answering.
  requestTimeout: 15_000,
  throwOnRequestTimeout: true,
  socketTimeout: 15_000,
  // The SDK would print a warning when requests queue for a socket, which is how a busy scan looks.
  socketAcquisitionWarningTimeout: 3_600_000,
} as const;

function checkEndpoint(endpoint: string): void {
  const protocol = URL.canParse(endpoint) ? new URL(endpoint).protocol : undefined;
  if (protocol === "http:" || protocol === "https:") return;
  throw new DynalakeError("USAGE", `the endpoint "${endpoint}" is no http or https URL`, {
    next: "Give --endpoint as in http://127.0.0.1:8000.",
  });
}

function regionOf(config: SourceConfig): string | undefined {
  const region = config.region ?? config.environment?.AWS_REGION ?? config.environment?.AWS_DEFAULT_REGION;
  if (region !== undefined && region !== "") return region;
  // An endpoint needs no region to be found, but its signature does; without one the SDK looks into the profile.
  return config.endpoint === undefined ? undefined : "us-east-1";
}

function needsDummyCredentials(config: SourceConfig): boolean {
  if (!isLoopback(config.endpoint)) return false;
  return credentialVariables.every((name) => (config.environment?.[name] ?? "") === "");
}

/** Notes the Date header of every answer: the clock that stamps the changes, as opposed to this machine's. */
function watchClock(client: DynamoDBClient): () => number {
  let offsetMs = 0;
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const headers = (result.response as { readonly headers?: Readonly<Record<string, string>> }).headers;
      const serviceMs = Date.parse(headers?.date ?? "");
      if (!Number.isNaN(serviceMs)) offsetMs = serviceMs - Date.now();
      return result;
    },
    { step: "deserialize", name: "dynalakeWatchClock", override: true },
  );
  return () => offsetMs;
}
