/** The limits of CloudFormation, IAM and Lambda, and apps of many lake tables that are held against them. */
import { expect } from "@jest/globals";
import type { Stack } from "aws-cdk-lib";
import { DynamoDbLake } from "../../infra/dynamo-db-lake.ts";
import type { Lake } from "../../infra/lake.ts";
import { resourcesOf, schemaNamed, type TemplateJson, usableTable } from "./support.ts";

/** AWS: "AWS CloudFormation quotas", "IAM and AWS STS quotas", "Lambda quotas". */
const RESOURCES_MAX = 500;
const OUTPUTS_MAX = 200;
const TEMPLATE_BYTES_MAX = 1_000_000;
const POLICY_CHARACTERS_MAX = 10_240;
const ENVIRONMENT_BYTES_MAX = 4096;
/** AWS: S3 user guide, "Managing the lifecycle of objects". */
const LIFECYCLE_RULES_MAX = 1000;

/** Adds sources, each with so many lake tables. */
export function addSources(stack: Stack, lake: Lake, tablesOfEach: readonly number[]): void {
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

/** Within the limits, with the lake's own stack. */
export function expectWithinLimits(template: TemplateJson): void {
  expect(Object.keys(template.Resources).length).toBeLessThanOrEqual(RESOURCES_MAX);
  expect(Object.keys(template.Outputs ?? {}).length).toBeLessThanOrEqual(OUTPUTS_MAX);
  // CDK writes a template with an indent of one character.
  expect(Buffer.byteLength(JSON.stringify(template, undefined, 1))).toBeLessThan(TEMPLATE_BYTES_MAX);
  for (const role of resourcesOf(template, "AWS::IAM::Role").values()) {
    const policies = JSON.stringify(role.Properties.Policies ?? []);
    expect(policies.length).toBeLessThan(POLICY_CHARACTERS_MAX);
  }
  for (const { Properties } of resourcesOf(template, "AWS::S3::Bucket").values())
    expect(Properties.LifecycleConfiguration.Rules.length).toBeLessThanOrEqual(LIFECYCLE_RULES_MAX);
  for (const { Properties } of resourcesOf(template, "AWS::Lambda::Function").values()) {
    const variables = JSON.stringify(Properties.Environment.Variables);
    expect(Buffer.byteLength(variables)).toBeLessThan(ENVIRONMENT_BYTES_MAX);
  }
}
