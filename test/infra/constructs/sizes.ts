/** How much a source and a lake table add to a stack, and that a large lake stays below every limit of CloudFormation, IAM and Lambda. */
import { beforeAll, describe, expect, test } from "@jest/globals";
import { Stack } from "aws-cdk-lib";
import { DynamoDbLake } from "../../../infra/dynamo-db-lake.ts";
import type { Lake } from "../../../infra/lake.ts";
import { LakeStack } from "../../../infra/lake-stack.ts";
import { resourcesOf, schemaNamed, type TemplateJson, templateOf, testApp, usableTable } from "../support.ts";

/** AWS: "AWS CloudFormation quotas", "IAM and AWS STS quotas", "Lambda quotas". */
const RESOURCES_MAX = 500;
const OUTPUTS_MAX = 200;
const TEMPLATE_BYTES_MAX = 1_000_000;
const POLICY_CHARACTERS_MAX = 10_240;
const ENVIRONMENT_BYTES_MAX = 4096;

/** Adds sources, each with so many lake tables. */
function addSources(stack: Stack, lake: Lake, tablesOfEach: readonly number[]): void {
  for (const [i, tables] of tablesOfEach.entries()) {
    const name = `${stack.node.id.toLowerCase()}_source_${i}`;
    const source = new DynamoDbLake(stack, `Source${i}`, {
      lake,
      table: usableTable(stack, `Table${i}`),
      schemaFile: schemaNamed(`${name}_table_0`),
    });
    for (let t = 1; t < tables; t++) source.addTable({ schemaFile: schemaNamed(`${name}_table_${t}`) });
  }
}

function oneStack(tablesOfEach: readonly number[]): number {
  const app = testApp();
  const { lake } = new LakeStack(app, "Lake");
  const stack = new Stack(app, "Tables");
  addSources(stack, lake, tablesOfEach);
  const { Resources } = templateOf(stack);
  return Object.keys(Resources).length;
}

test("a lake table adds at most 11 resources to its source, which leaves room for an alarm, and a source at most 15 more", () => {
  const [one, two, other] = [oneStack([1]), oneStack([2]), oneStack([1, 1])];
  const ofTable = two - one;
  expect(ofTable).toBeLessThanOrEqual(11);
  const sourceTables = 1;
  expect(other - one - sourceTables - ofTable).toBeLessThanOrEqual(15);
});

/** Within the limits, with the lake's own stack. */
function expectWithinLimits(template: TemplateJson): void {
  expect(Object.keys(template.Resources).length).toBeLessThanOrEqual(RESOURCES_MAX);
  expect(Object.keys(template.Outputs ?? {}).length).toBeLessThanOrEqual(OUTPUTS_MAX);
  // CDK writes a template with an indent of one character.
  expect(Buffer.byteLength(JSON.stringify(template, undefined, 1))).toBeLessThan(TEMPLATE_BYTES_MAX);
  for (const role of resourcesOf(template, "AWS::IAM::Role").values()) {
    const policies = JSON.stringify(role.Properties.Policies ?? []);
    expect(policies.length).toBeLessThan(POLICY_CHARACTERS_MAX);
  }
  for (const { Properties } of resourcesOf(template, "AWS::Lambda::Function").values()) {
    const variables = JSON.stringify(Properties.Environment.Variables);
    expect(Buffer.byteLength(variables)).toBeLessThan(ENVIRONMENT_BYTES_MAX);
  }
}

describe("a hundred lake tables of thirty sources, in five stacks beside the lake's", () => {
  let lake: TemplateJson;
  let tables: readonly TemplateJson[];
  beforeAll(() => {
    const app = testApp();
    const lakeStack = new LakeStack(app, "Lake", { encryption: "kms", email: "ops@example.com" });
    const stacks = Array.from({ length: 5 }, (_, i) => {
      const stack = new Stack(app, `Tables${i}`);
      addSources(stack, lakeStack.lake, [3, 3, 3, 3, 4, 4]);
      return stack;
    });
    tables = stacks.map((stack) => templateOf(stack));
    lake = templateOf(lakeStack.lake.node.scope as Stack);
  });

  test("stay below all limits", () => {
    expect(tables.flatMap((one) => [...resourcesOf(one, "Custom::DynalakeTable").keys()])).toHaveLength(100);
    for (const template of [lake, ...tables]) expectWithinLimits(template);
  });

  test("add nothing to the lake's own stack", () => {
    const alone = templateOf(
      new LakeStack(testApp(), "Lake", { encryption: "kms", email: "ops@example.com" }),
    );
    expect(Object.keys(lake.Resources)).toEqual(Object.keys(alone.Resources));
    // Exports, however many stacks use them.
    expect(Object.keys(lake.Outputs).length).toBeLessThan(15);
  });
});

test("twenty lake tables of six sources fit into one stack with their lake", () => {
  const stack = new LakeStack(testApp(), "All");
  addSources(stack, stack.lake, [3, 3, 3, 3, 4, 4]);
  const template = templateOf(stack);
  expect(resourcesOf(template, "Custom::DynalakeTable").size).toBe(20);
  expectWithinLimits(template);
});
