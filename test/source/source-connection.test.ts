/** Connections to a source: descriptions, regions, credentials, and the codes of failures. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { CreateTableCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { DynalakeError } from "../../src/core/error.ts";
import { streamLabelSeconds } from "../../src/core/table/stream-arn.ts";
import { type Emulator, startEmulator } from "../../src/emulator/emulator.ts";
import { describeSource } from "../../src/source/describe-source.ts";
import {
  connectSource,
  type SourceConfig,
  type SourceConnection,
} from "../../src/source/source-connection.ts";
import { isPassing, sourceError } from "../../src/source/source-error.ts";
import { networkError, serviceError } from "./fake-stream.ts";

const connections: SourceConnection[] = [];

function connection(config: SourceConfig): SourceConnection {
  const made = connectSource(config);
  connections.push(made);
  return made;
}

afterEach(() => {
  for (const made of connections.splice(0)) made.close();
});

describe("a source described", () => {
  let emulator: Emulator;

  beforeAll(async () => {
    emulator = await startEmulator({ kinds: ["dynoxide"] });
    const { client, close } = connectSource({ endpoint: emulator.endpoint });
    await client.send(
      new CreateTableCommand({
        TableName: "Reviews",
        KeySchema: [
          { AttributeName: "User", KeyType: "HASH" },
          { AttributeName: "Book", KeyType: "RANGE" },
        ],
        AttributeDefinitions: [
          { AttributeName: "Book", AttributeType: "N" },
          { AttributeName: "User", AttributeType: "B" },
        ],
        ProvisionedThroughput: { ReadCapacityUnits: 7, WriteCapacityUnits: 3 },
        StreamSpecification: { StreamEnabled: true, StreamViewType: "KEYS_ONLY" },
      }),
    );
    await client.send(
      new CreateTableCommand({
        TableName: "OnDemand",
        KeySchema: [{ AttributeName: "Id", KeyType: "HASH" }],
        AttributeDefinitions: [{ AttributeName: "Id", AttributeType: "S" }],
        BillingMode: "PAY_PER_REQUEST",
      }),
    );
    close();
  });

  afterAll(() => emulator?.stop());

  test("has its keys in their order and with their types, its capacity and its stream", async () => {
    const source = await describeSource(connection({ endpoint: emulator.endpoint }), "Reviews");
    expect(source).toMatchObject({
      name: "Reviews",
      arn: expect.stringMatching(/^arn:aws:dynamodb:.*table\/Reviews$/),
      keySchema: [
        { name: "User", type: "B", role: "HASH" },
        { name: "Book", type: "N", role: "RANGE" },
      ],
      billingMode: "PROVISIONED",
      readUnitsPerSecond: 7,
      itemsEstimate: 0,
      streamArn: expect.stringContaining("/stream/"),
      streamViewType: "KEYS_ONLY",
    });
    expect(Math.abs((source.streamCreatedAtSeconds ?? 0) - Date.now() / 1_000)).toBeLessThan(60);
  });

  test("has no stream and no capacity where there is none", async () => {
    const source = await describeSource(connection({ endpoint: emulator.endpoint }), "OnDemand");
    expect(source.billingMode).toBe("PAY_PER_REQUEST");
    for (const absent of ["streamArn", "streamViewType", "streamCreatedAtSeconds", "readUnitsPerSecond"]) {
      expect(source).not.toHaveProperty(absent);
    }
  });

  test.each(["Missing", "x", "no such table name!"])(
    "is TABLE_NOT_FOUND when there is no %j",
    async (table) => {
      const place = { endpoint: emulator.endpoint, region: "eu-central-1" };
      await expect(describeSource(connection(place), table)).rejects.toMatchObject({
        code: "TABLE_NOT_FOUND",
        message: `table "${table}" does not exist at ${emulator.endpoint} (region eu-central-1)`,
      });
    },
  );

  test("tells how far the service's clock is from this one's", async () => {
    const made = connection({ endpoint: emulator.endpoint });
    expect(made.clockOffsetMs()).toBe(0);
    await describeSource(made, "Reviews");
    expect(Math.abs(made.clockOffsetMs())).toBeLessThan(2_000);
  });
});

describe("a connection that fails", () => {
  test("is UNREACHABLE where nothing listens, or no name is known", async () => {
    for (const endpoint of ["http://127.0.0.1:1", "http://localhost:1", "http://nowhere.invalid"]) {
      const environment = { AWS_ACCESS_KEY_ID: "x" };
      const made = connection({ endpoint, ...(endpoint.includes("invalid") ? { environment } : {}) });
      const error = await describeSource(made, "Reviews").catch((thrown: DynalakeError) => thrown);
      // Without credentials in this process, no request is sent to an endpoint on another machine.
      expect(error).toMatchObject({ code: expect.stringMatching(/^(UNREACHABLE|CREDENTIALS)$/) });
      expect((error as DynalakeError).message).toContain(endpoint);
    }
  });

  test("is USAGE where the endpoint is none", () => {
    for (const endpoint of ["127.0.0.1:8000", "file:///etc/passwd", "nonsense", ""]) {
      expect(() => connectSource({ endpoint })).toThrow(expect.objectContaining({ code: "USAGE" }));
    }
  });

  test("is SOURCE_FAILED where something else answers, and none of its answer is repeated", async () => {
    const server: Server = createServer((_, response) => response.end('{"secret": "item'));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const made = connection({ endpoint: `http://127.0.0.1:${port}` });
    const error = await describeSource(made, "Reviews").catch((thrown: DynalakeError) => thrown);
    server.closeAllConnections();
    server.close();
    expect(error).toMatchObject({ code: "SOURCE_FAILED" });
    expect(`${(error as DynalakeError).message} ${String((error as DynalakeError).cause)}`).not.toContain(
      "secret",
    );
  });

  test("is UNREACHABLE where the other side speaks no HTTP or hangs up", async () => {
    const { createServer: createTcpServer } = await import("node:net");
    for (const speak of ["SSH-2.0-nothing\r\n", ""]) {
      const server = createTcpServer((socket) => {
        socket.on("error", () => undefined);
        socket.end(speak);
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const { port } = server.address() as AddressInfo;
      const made = connection({ endpoint: `http://127.0.0.1:${port}` });
      await expect(describeSource(made, "Reviews")).rejects.toMatchObject({ code: "UNREACHABLE" });
      server.close();
    }
  });
});

describe("credentials", () => {
  const keyOf = async (config: SourceConfig): Promise<string> => {
    const credentials = connection(config).client.config.credentials;
    return credentials().then(
      (identity) => identity.accessKeyId,
      () => "none",
    );
  };

  test.each([
    "http://127.0.0.1:8000",
    "http://localhost:8000",
    "http://[::1]:8000",
    "http://dynamo.localhost",
  ])("are made up for %s, which is this machine", async (endpoint) => {
    expect(await keyOf({ endpoint })).toBe("local");
    expect(await keyOf({ endpoint, environment: { AWS_ACCESS_KEY_ID: "" } })).toBe("local");
  });

  test.each([
    "http://10.0.0.1:8000",
    "http://localhost.example.com",
    "http://127.0.0.1.example.com",
    "https://dynamodb.eu-west-1.amazonaws.com",
    undefined,
  ])("are never made up for %s", async (endpoint) => {
    const place = endpoint === undefined ? { region: "eu-west-1" } : { endpoint };
    expect(await keyOf({ ...place, environment: { AWS_PROFILE: "that-is-not-there" } })).not.toBe("local");
    expect(await keyOf({ ...place })).not.toBe("local");
  });

  test("are not made up where the environment has some", async () => {
    const environment = { AWS_PROFILE: "that-is-not-there" };
    expect(await keyOf({ endpoint: "http://127.0.0.1:8000", environment })).not.toBe("local");
  });
});

describe("the region", () => {
  const regionOf = (config: SourceConfig) => connection(config).place.region;

  test("is the given one, else the environment's, else any for an endpoint, else the SDK's own to find", () => {
    const environment = { AWS_REGION: "eu-north-1", AWS_DEFAULT_REGION: "eu-south-1" };
    expect(regionOf({ region: "eu-west-1", environment })).toBe("eu-west-1");
    expect(regionOf({ environment })).toBe("eu-north-1");
    expect(regionOf({ environment: { AWS_DEFAULT_REGION: "eu-south-1" } })).toBe("eu-south-1");
    expect(regionOf({ endpoint: "http://127.0.0.1:8000" })).toBe("us-east-1");
    expect(regionOf({})).toBeUndefined();
  });
});

describe("errors", () => {
  const call = { place: { region: "eu-west-1" }, attempt: 'scan table "Reviews"' };

  test.each([
    ["ResourceNotFoundException", "TABLE_NOT_FOUND"],
    ["UnrecognizedClientException", "CREDENTIALS"],
    ["InvalidSignatureException", "CREDENTIALS"],
    ["ExpiredTokenException", "CREDENTIALS"],
    ["AccessDeniedException", "CREDENTIALS"],
    ["ProvisionedThroughputExceededException", "THROTTLED"],
    ["ThrottlingException", "THROTTLED"],
    ["ValidationException", "SOURCE_FAILED"],
  ])("%s is %s", (name, code) => {
    const error = sourceError(serviceError(name), call);
    expect(error.code).toBe(code);
    expect(error.message).toBe(
      `cannot scan table "Reviews" in region eu-west-1: ${name}: ${name} of the fake`,
    );
  });

  test.each([
    "ECONNREFUSED",
    "ENOTFOUND",
    "EAI_AGAIN",
    "EHOSTUNREACH",
    "ETIMEDOUT",
    "CERT_HAS_EXPIRED",
    "EPROTO",
  ])("%s is UNREACHABLE, also within another error", (code) => {
    expect(sourceError(networkError(code), call).code).toBe("UNREACHABLE");
    expect(sourceError(new Error("fetch failed", { cause: networkError(code) }), call).code).toBe(
      "UNREACHABLE",
    );
    expect(sourceError(new AggregateError([networkError(code)]), call).code).toBe("UNREACHABLE");
  });

  test("a missing region and missing credentials say so", () => {
    expect(sourceError(new Error("Region is missing"), call)).toMatchObject({
      code: "USAGE",
      next: expect.stringContaining("AWS_REGION"),
    });
    const missing = Object.assign(new Error("Could not load credentials"), {
      name: "CredentialsProviderError",
    });
    expect(sourceError(missing, call).code).toBe("CREDENTIALS");
  });

  test("what did not come from the service is not repeated: it may quote an item", () => {
    const error = sourceError(new SyntaxError('Unexpected token in {"Diagnosis": "secret"}'), call);
    expect(error.code).toBe("SOURCE_FAILED");
    expect(error.cause).toBeUndefined();
    expect(error.message).not.toContain("secret");
  });

  test("only what may pass is worth another attempt", () => {
    const passing = [serviceError("ThrottlingException"), serviceError("InternalServerError", "server")];
    for (const error of [...passing, networkError("ECONNRESET")]) expect(isPassing(error)).toBe(true);
    const lasting = [serviceError("ValidationException"), serviceError("AccessDeniedException")];
    for (const error of lasting) expect(isPassing(error)).toBe(false);
    expect(isPassing(new DynalakeError("STREAM_UNUSABLE", "no"))).toBe(false);
  });
});

test("a stream's label tells when it was created", () => {
  const label = (text: string) => streamLabelSeconds(`arn:aws:dynamodb:eu-west-1:1:table/T/stream/${text}`);
  expect(label("2015-05-11T21:21:33.291")).toBe(1_431_379_293.291);
  expect(label("1795416038.788304328")).toBeCloseTo(1_795_416_038.788);
  expect(label("latest")).toBeUndefined();
});
