import { CloudFormationClient } from "@aws-sdk/client-cloudformation";
import { describe, expect, test } from "@jest/globals";
import { chosenDeployment, readDeployments } from "../../src/aws/deployment.ts";
import { MemoryStore } from "../support/memory-store.ts";
import { LAKE_ENTRY, register, sourceEntry, tableEntry } from "../support/registry.ts";
import { type FakeAnswer, fakeAws } from "./fake-aws.ts";

/** A lake with two sources, of which one has two tables. */
function registry(): MemoryStore {
  const store = new MemoryStore();
  register(store, {
    sources: [sourceEntry("orders"), sourceEntry("users")],
    tables: [
      tableEntry("orders", "order_lines"),
      tableEntry("orders", "orders"),
      tableEntry("users", "users", { stack: "Users" }),
      tableEntry("users", "gone", { served: [{ configuration: "one", fromSeconds: 0, untilSeconds: 5 }] }),
    ],
  });
  return store;
}

function read(answer: FakeAnswer, stack = "Orders", store = registry()) {
  const cloudFormation = new CloudFormationClient(fakeAws(() => answer).options);
  return readDeployments({ cloudFormation, storeOf: () => store }, stack);
}

function stackWith(outputs: readonly (readonly [string, string])[]): FakeAnswer {
  const members = outputs.map(
    ([key, value]) => `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`,
  );
  return {
    body: `<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>Lake</StackName><StackStatus>CREATE_COMPLETE</StackStatus><Outputs>${members.join("")}</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`,
  };
}

const REGISTRY = "s3://bucket/_registry/";
const OF_TABLES = stackWith([
  ["DynalakeRegistryShop", REGISTRY],
  ["Other", "x"],
]);
const OF_LAKE = stackWith([["DynalakeLakeShop", REGISTRY]]);

describe("a stack", () => {
  test("tells of its own lake tables, and of nothing else", async () => {
    const deployments = await read(OF_TABLES);
    expect(deployments.map(({ table }) => table)).toEqual(["order_lines", "orders"]);
    expect(deployments[0]).toEqual({
      table: "order_lines",
      bucket: "bucket",
      ...LAKE_ENTRY,
      source: "orders",
      sourceTableArn: "arn:aws:dynamodb:eu-west-1:1:table/orders",
      eventSourceMapping: "orders-mapping",
      mappingIds: ["orders-mapping"],
      sourceFunction: "orders-source",
      streamFunction: "orders-stream",
      deliveryStream: "order_lines-delivery",
      retentionHours: 168,
      bufferSeconds: 65,
    });
    expect(chosenDeployment(deployments, "orders").deliveryStream).toBe("orders-delivery");
    expect(() => chosenDeployment(deployments, undefined)).toThrow(
      expect.objectContaining({ code: "USAGE", next: expect.stringContaining("--table") }),
    );
    expect(() => chosenDeployment(deployments, "other")).toThrow("order_lines, orders");
  });

  test("with one lake table needs no choice", async () => {
    expect(chosenDeployment(await read(OF_TABLES, "Users"), undefined).table).toBe("users");
  });

  test("with the lake itself tells of all tables that are deployed", async () => {
    const deployments = await read(OF_LAKE, "Lake");
    expect(deployments.map(({ table }) => table)).toEqual(["order_lines", "orders", "users"]);
  });

  test("does not tell of tables of a source that was removed", async () => {
    const store = registry();
    register(store, { sources: [sourceEntry("orders", { removedAtSeconds: 5 })] });
    expect((await read(OF_LAKE, "Lake", store)).map(({ table }) => table)).toEqual(["users"]);
  });

  test("that does not exist or has no lake table says so", async () => {
    const missing = {
      status: 400,
      body: "<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code><Message>Stack with id Lake does not exist</Message></Error></ErrorResponse>",
    };
    await expect(read(missing, "Lake")).rejects.toMatchObject({
      code: "USAGE",
      message: 'stack "Lake" does not exist',
    });
    for (const answer of [
      stackWith([["Bucket", "b"]]),
      stackWith([["DynalakeRegistryShop", "b"]]),
      OF_TABLES,
    ])
      await expect(read(answer, "Else")).rejects.toMatchObject({
        code: "USAGE",
        message: 'stack "Else" has no lake table',
        next: expect.stringContaining("CREATE_COMPLETE"),
      });
  });

  test("that may not be described is a matter of credentials", async () => {
    const denied = {
      status: 403,
      body: "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>not authorized</Message></Error></ErrorResponse>",
    };
    await expect(read(denied)).rejects.toMatchObject({ code: "CREDENTIALS" });
  });
});
