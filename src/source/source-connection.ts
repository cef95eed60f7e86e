/** Connects to a source: AWS, or any endpoint that speaks the protocol of DynamoDB. */
import type { Readable } from "node:stream";
import {
  DescribeTableCommand,
  type DescribeTableInput,
  type DescribeTableOutput,
  DynamoDBClient,
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
import { withoutLog } from "../sdk/without-log.ts";
import { getWrittenRecords, type Images, type WrittenRecords } from "./get-records.ts";
import { isLoopback } from "./loopback.ts";
import { withMarkedNames } from "./marked-names.ts";
import { type ScanPageInput, scanWrittenPage, type WrittenPage } from "./scan-page.ts";
import type { SourcePlace } from "./source-error.ts";

export interface SourceConfig {
  /** Any endpoint that speaks the protocol of DynamoDB; absent for AWS. */
  readonly endpoint?: string;
  /** Takes precedence over the environment. */
  readonly region?: string;
  /** Default: what the SDK finds in the environment, in profiles or in the machine's role. */
  readonly credentials?: Credentials | (() => Promise<Credentials>);
  /** The process's environment variables: they may set the region, and show whether credentials are configured. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** Keys of AWS. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** When they stop being valid. A function is then called again. */
  readonly expiration?: Date;
}

/** The calls that read tables; tests replace them. */
export interface TablesApi {
  describeTable(input: DescribeTableInput, signal: AbortSignal): Promise<DescribeTableOutput>;
  scan(input: ScanPageInput, signal: AbortSignal): Promise<WrittenPage>;
}

/** The calls that read a stream; tests replace them. */
export interface StreamsApi {
  describeStream(input: DescribeStreamInput, signal: AbortSignal): Promise<DescribeStreamOutput>;
  getShardIterator(input: GetShardIteratorInput, signal: AbortSignal): Promise<GetShardIteratorOutput>;
  getRecords(input: GetRecordsInput, signal: AbortSignal): Promise<WrittenRecords>;
}

export interface SourceConnection {
  readonly place: SourcePlace;
  readonly tables: TablesApi;
  readonly streams: StreamsApi;
  /** The SDK's client, for writing to a table. */
  readonly client: DynamoDBClient;
  /** The service's clock minus this machine's, in milliseconds, as of its last answer; 0 before the first. */
  clockOffsetMs(): number;
  close(): void;
}

/**
 * Connects to a source, without sending anything yet. Fails with USAGE if the endpoint is not an http(s) URL. Three attempts
 * to connect, of at most 2.5 s each, detect an unreachable address within ten seconds.
 */
export function connectSource(config: SourceConfig, images: Images = "parsed"): SourceConnection {
  if (config.endpoint !== undefined) checkEndpoint(config.endpoint);
  const region = regionOf(config);
  const place: SourcePlace = {
    ...(config.endpoint === undefined ? {} : { endpoint: config.endpoint }),
    ...(region === undefined ? {} : { region }),
  };
  const options = {
    maxAttempts: ATTEMPTS_MAX,
    retryMode: "standard",
    ...place,
    ...credentialsOf(config),
  };
  const client = withoutLog(
    new DynamoDBClient({ ...options, requestHandler: new NodeHttpHandler(HTTP_OPTIONS) }),
  );
  markNames(client);
  const streams = withoutLog(
    new DynamoDBStreamsClient({ ...options, requestHandler: new NodeHttpHandler(HTTP_OPTIONS) }),
  );
  return {
    place,
    client,
    clockOffsetMs: watchClock(client),
    tables: {
      describeTable: (input, abortSignal) => client.send(new DescribeTableCommand(input), { abortSignal }),
      scan: (input, abortSignal) => scanWrittenPage(client, input, abortSignal),
    },
    streams: {
      describeStream: (input, abortSignal) => streams.send(new DescribeStreamCommand(input), { abortSignal }),
      getShardIterator: (input, abortSignal) =>
        streams.send(new GetShardIteratorCommand(input), { abortSignal }),
      getRecords: (input, abortSignal) => getWrittenRecords(streams, input, images, abortSignal),
    },
    close: () => {
      client.destroy();
      streams.destroy();
    },
  };
}

const ATTEMPTS_MAX = 3;
const CONNECT_MS_MAX = 2_500;
/** A page of a scan has at most 1 MB: an endpoint that takes longer than this for it is not answering. */
const REQUEST_MS_MAX = 15_000;
/** The SDK warns when requests wait for a socket this long, as they do in any busy scan. */
const SOCKET_WARNING_MS = 3_600_000;

/** Emulators require a signature but check no key. These credentials must never leave this machine. */
const DUMMY_CREDENTIALS = { accessKeyId: "local", secretAccessKey: "local" } as const;

/** If any of these is set, the SDK's own search finds credentials or reports why it cannot. */
const CREDENTIAL_VARIABLES = [
  "AWS_ACCESS_KEY_ID",
  "AWS_PROFILE",
  "AWS_DEFAULT_PROFILE",
  "AWS_WEB_IDENTITY_TOKEN_FILE",
  "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
  "AWS_CONTAINER_CREDENTIALS_FULL_URI",
] as const;

/** Marks the attribute names that the SDK would lose, in the answers that it reads itself. */
function markNames(client: DynamoDBClient): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const response = result.response as { body: unknown };
      response.body = withMarkedNames(await streamCollector(response.body as Readable));
      return result;
    },
    { step: "deserialize", priority: "low", name: "dynalakeMarkNames", override: true },
  );
}

const HTTP_OPTIONS = {
  connectionTimeout: CONNECT_MS_MAX,
  requestTimeout: REQUEST_MS_MAX,
  throwOnRequestTimeout: true,
  socketTimeout: REQUEST_MS_MAX,
  socketAcquisitionWarningTimeout: SOCKET_WARNING_MS,
} as const;

function checkEndpoint(endpoint: string): void {
  const protocol = URL.canParse(endpoint) ? new URL(endpoint).protocol : undefined;
  if (protocol === "http:" || protocol === "https:") return;
  throw new DynalakeError("USAGE", `endpoint "${endpoint}" is not an http(s) URL`, {
    next: "Use a URL such as http://127.0.0.1:8000 for --endpoint.",
  });
}

function regionOf(config: SourceConfig): string | undefined {
  const region = config.region ?? config.environment?.AWS_REGION ?? config.environment?.AWS_DEFAULT_REGION;
  if (region !== undefined && region !== "") return region;
  // An endpoint needs no region, but the request signature does. For AWS, the SDK takes the region from the profile.
  return config.endpoint === undefined ? undefined : "us-east-1";
}

function credentialsOf(config: SourceConfig): Pick<SourceConfig, "credentials"> {
  if (config.credentials !== undefined) return { credentials: config.credentials };
  return needsDummyCredentials(config) ? { credentials: DUMMY_CREDENTIALS } : {};
}

function needsDummyCredentials(config: SourceConfig): boolean {
  if (!isLoopback(config.endpoint)) return false;
  return CREDENTIAL_VARIABLES.every((name) => (config.environment?.[name] ?? "") === "");
}

/** Keeps track of the Date header of the answers: changes carry the service's clock, not this machine's. */
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
