/** `dynalake cost --source`: the size and the write rate of a table, as DynamoDB and CloudWatch report them. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { dynalake } from "../support/cli.ts";

/** The operations that were called. */
let calls: string[] = [];
let server: Server;
let endpoint: string;

const FOURTEEN_DAYS = 14 * 86_400;

function answer(operation: string): object {
  if (operation === "DescribeTable")
    return {
      Table: {
        TableName: "Orders",
        TableStatus: "ACTIVE",
        KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
        AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
        ItemCount: 1_000_000,
        TableSizeBytes: 2_000_000_000,
      },
    };
  // Items of 2,000 bytes take two units each: 3 writes in a second.
  return { Datapoints: [{ Sum: 4 * FOURTEEN_DAYS }, { Sum: 2 * FOURTEEN_DAYS }], Label: "x" };
}

beforeAll(async () => {
  server = createServer((request, response) => {
    request.resume();
    const operation = String(request.headers["x-amz-target"]).split(".").at(-1) ?? "";
    calls.push(operation);
    response.writeHead(200, { "content-type": "application/x-amz-json-1.0" });
    response.end(JSON.stringify(answer(operation)));
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((closed) => server.close(closed)));

const before = { ...process.env };
beforeEach(() => {
  calls = [];
  process.env = {
    ...before,
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
  };
});
afterAll(() => {
  process.env = before;
});

async function load(...options: readonly string[]) {
  const { code, stderr, stdout } = await dynalake(["cost", "--source", "Orders", "--json", ...options]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout).load;
}

test("the table's size, the mean of its items, and its writes by the units of two weeks", async () => {
  expect(await load()).toMatchObject({ tableBytes: 2e9, itemBytes: 2000, writesPerSecond: 3 });
  expect(calls).toEqual(["DescribeTable", "GetMetricStatistics"]);
});

test("what options give is not asked for", async () => {
  const given = await load("--writes-per-second", "7", "--table-gb", "5");
  expect(given).toMatchObject({ tableBytes: 5e9, itemBytes: 2000, writesPerSecond: 7 });
  expect(calls).toEqual(["DescribeTable"]);
});

test("an endpoint other than AWS has no metrics", async () => {
  expect(await load("--endpoint", endpoint)).toMatchObject({ tableBytes: 2e9, writesPerSecond: 0 });
  expect(calls).toEqual(["DescribeTable"]);
});
