/** Commands on a deployment: what is refused before anything is started, and what services answer that is no success. */
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { dynalake, dynalakes, expectRefused } from "../support/cli.ts";
import { type FakeCloud, fakeCloud } from "../support/fake-cloud.ts";
import { MISSING_STACK, type StackTable, stackAnswer } from "../support/fake-stack.ts";

const REVIEWS: StackTable = { table: "reviews", source: "Reviews" };

let cloud: FakeCloud;
let tables: readonly StackTable[] | undefined;

beforeAll(async () => {
  cloud = await fakeCloud(({ operation }) => {
    if (operation !== "DescribeStacks") return undefined;
    return tables === undefined ? MISSING_STACK : stackAnswer(tables);
  });
});

afterAll(() => cloud.close());

test("a stack and a folder exclude each other, and so do a stack and what means nothing there", async () => {
  const refused = [
    ["status", "--lake", "lake"],
    ["items", "--lake", "lake"],
  ];
  const ends = await dynalakes(refused.map((command) => [...command, "--stack", "S"]));
  for (const [i, ended] of ends.entries())
    expectRefused(ended, { code: "USAGE", names: ["--stack", refused[i]?.[1] as string] });
});

test("a region without a stack is refused", async () => {
  for (const ended of await dynalakes([
    ["status", "--region", "eu-central-1"],
    ["items", "--region", "x"],
  ]))
    expectRefused(ended, { code: "USAGE", names: ["--region"], next: "--stack" });
});

test("a stack that is not there, without a region or without credentials, says so", async () => {
  tables = undefined;
  const missing = await dynalake(["status", "--stack", "Gone"], { env: cloud.env });
  expectRefused(missing, { code: "USAGE", names: ['no stack "Gone"'], next: "--stack" });
  const { AWS_REGION, ...withoutRegion } = cloud.env;
  const nowhere = await dynalake(["status", "--stack", "S"], { env: withoutRegion });
  expectRefused(nowhere, { code: "USAGE", names: ["no region"], next: "--region" });
  expect(AWS_REGION).toBeDefined();
  const { AWS_ENDPOINT_URL = "" } = cloud.env;
  const nobody = await dynalake(["status", "--stack", "S", "--region", "us-east-1"], {
    env: { AWS_ENDPOINT_URL },
  });
  expectRefused(nobody, { code: "CREDENTIALS", names: ["no credentials were found"] });
});

test("a table that the stack does not have is refused with those that it has", async () => {
  tables = [REVIEWS, { table: "orders", source: "Orders" }];
  const ended = await dynalake(["status", "--stack", "S", "--table", "other"], { env: cloud.env });
  expectRefused(ended, { code: "USAGE", names: ["other", "orders, reviews"] });
});
