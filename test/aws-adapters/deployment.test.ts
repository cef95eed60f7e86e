import { CloudFormationClient } from "@aws-sdk/client-cloudformation";
import { describe, expect, test } from "@jest/globals";
import { chosenDeployment, readDeployments } from "../../src/aws/deployment.ts";
import { type FakeAnswer, fakeAws } from "./fake-aws.ts";

const MEMBERS = {
  Bucket: "bucket",
  Database: "database",
  WorkGroup: "workGroup",
  DeliveryStream: "deliveryStream",
  SnapshotMachine: "snapshotMachineArn",
  CompactionMachine: "compactionMachineArn",
  SourceTableArn: "sourceTableArn",
  EventSourceMapping: "eventSourceMapping",
  StreamFunction: "streamFunction",
} as const;

function outputsOf(prefix: string, table: string): readonly (readonly [string, string])[] {
  return [
    [`${prefix}LakeTable`, table],
    ...Object.keys(MEMBERS).map((suffix) => [`${prefix}${suffix}`, `${table} ${suffix}`] as const),
    [`${prefix}RetentionHours`, "168"],
    [`${prefix}BufferSeconds`, "65"],
  ];
}

function read(answer: FakeAnswer) {
  return readDeployments(new CloudFormationClient(fakeAws(() => answer).options), "Lake");
}

function stackWith(outputs: readonly (readonly [string, string])[]): FakeAnswer {
  const members = outputs.map(
    ([key, value]) => `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`,
  );
  return {
    body: `<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>Lake</StackName><StackStatus>CREATE_COMPLETE</StackStatus><Outputs>${members.join("")}</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`,
  };
}

describe("a stack", () => {
  test("tells of each of its lake tables, and of nothing else", async () => {
    const outputs = [
      ...outputsOf("Reviews", "reviews"),
      ...outputsOf("OrderLines", "order_lines"),
      ["Other", "x"] as const,
    ];
    const deployments = await read(stackWith(outputs));
    expect(deployments.map(({ table }) => table)).toEqual(["order_lines", "reviews"]);
    const members = Object.entries(MEMBERS).map(([suffix, member]) => [member, `order_lines ${suffix}`]);
    expect(deployments[0]).toEqual({
      table: "order_lines",
      retentionHours: 168,
      bufferSeconds: 65,
      ...Object.fromEntries(members),
    });
    expect(chosenDeployment(deployments, "reviews").bucket).toBe("reviews Bucket");
    expect(() => chosenDeployment(deployments, undefined)).toThrow(
      expect.objectContaining({ code: "USAGE", next: expect.stringContaining("--table") }),
    );
    expect(() => chosenDeployment(deployments, "other")).toThrow("order_lines, reviews");
  });

  test("with one lake table needs no choice", async () => {
    const deployments = await read(stackWith(outputsOf("Reviews", "reviews")));
    expect(chosenDeployment(deployments, undefined).table).toBe("reviews");
  });

  test("that does not exist, or has no lake table, or was made by another version, says so", async () => {
    const missing = {
      status: 400,
      body: "<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code><Message>Stack with id Lake does not exist</Message></Error></ErrorResponse>",
    };
    await expect(read(missing)).rejects.toMatchObject({
      code: "USAGE",
      message: 'stack "Lake" does not exist',
    });
    await expect(read(stackWith([["Bucket", "b"]]))).rejects.toMatchObject({
      code: "USAGE",
      message: 'stack "Lake" has no lake table',
      next: expect.stringContaining("CREATE_COMPLETE"),
    });
    const older = outputsOf("Reviews", "reviews").filter(([key]) => key !== "ReviewsWorkGroup");
    await expect(read(stackWith(older))).rejects.toMatchObject({
      code: "USAGE",
      message: expect.stringContaining("ReviewsWorkGroup"),
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
