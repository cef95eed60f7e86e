/** Deployments are updated in place: what holds data, or has a name of its own, is never replaced. */

import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { KEPT_STACKS, type KeptStack, keptTemplateFile } from "../../support/kept-deployment.ts";
import { addKeptStacks } from "../kept-stacks.ts";
import { once, type Resource, type TemplateJson, templateOf, testApp } from "../support.ts";

/**
 * For each type that holds something, or that others know by its name: what replaces the resource if it changes (AWS:
 * CloudFormation template reference, "Update requires: Replacement").
 */
const REPLACED_BY: Readonly<Record<string, readonly string[]>> = {
  "AWS::Athena::WorkGroup": ["Name"],
  "AWS::DynamoDB::Table": ["TableName", "KeySchema"],
  "AWS::Glue::Database": ["CatalogId", "DatabaseInput.Name"],
  "AWS::KinesisFirehose::DeliveryStream": ["DeliveryStreamName", "DeliveryStreamType"],
  "AWS::Lambda::EventSourceMapping": ["EventSourceArn", "StartingPosition", "StartingPositionTimestamp"],
  "AWS::Lambda::Function": ["FunctionName", "PackageType"],
  "AWS::Logs::LogGroup": ["LogGroupName"],
  "AWS::Logs::LogStream": ["LogGroupName", "LogStreamName"],
  "AWS::S3::Bucket": ["BucketName"],
  "AWS::SNS::Subscription": ["TopicArn", "Protocol", "Endpoint"],
  "AWS::SNS::Topic": ["TopicName", "FifoTopic"],
  "AWS::StepFunctions::StateMachine": ["StateMachineName", "StateMachineType"],
  // Their own function names them by what they register; CloudFormation refuses to change the function.
  "Custom::DynalakeGlueTables": ["ServiceToken"],
  "Custom::DynalakeLake": ["ServiceToken"],
  "Custom::DynalakeSource": ["ServiceToken"],
  "Custom::DynalakeTable": ["ServiceToken"],
};

/** Their data is deleted with them, unless they are retained. */
const RETAINED = ["AWS::S3::Bucket"];

const keptTemplate = (stack: KeptStack): TemplateJson =>
  JSON.parse(readFileSync(keptTemplateFile(stack), "utf8")) as TemplateJson;

const templatesOfToday = once(() => {
  const stacks = addKeptStacks(testApp());
  return Object.fromEntries(KEPT_STACKS.map((name) => [name, templateOf(stacks[name])]));
});

function propertyAt({ Properties }: Resource, path: string): unknown {
  return path.split(".").reduce((value, name) => value?.[name], Properties);
}

/** What decides whether CloudFormation replaces the resource. */
function identityOf(resource: Resource): unknown {
  const replacing = REPLACED_BY[resource.Type] ?? [];
  return {
    type: resource.Type,
    ...Object.fromEntries(replacing.map((path) => [path, propertyAt(resource, path)])),
    ...(RETAINED.includes(resource.Type) ? { retained: resource.DeletionPolicy } : {}),
  };
}

function identitiesOf(template: TemplateJson, ids: readonly string[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    ids.map((id) => {
      const resource = template.Resources[id];
      return [id, resource === undefined ? "is gone" : identityOf(resource)];
    }),
  );
}

describe.each(KEPT_STACKS)("the stack %s of an earlier version", (stack) => {
  const before = keptTemplate(stack);

  test("keeps what holds data, is known by name, or registers a table", () => {
    const ids = Object.keys(before.Resources).filter(
      (id) => (before.Resources[id]?.Type as string) in REPLACED_BY,
    );
    expect(ids.length).toBeGreaterThan(10);
    const today = templatesOfToday()[stack] as TemplateJson;
    expect(identitiesOf(today, ids)).toEqual(identitiesOf(before, ids));
  });

  test("keeps its outputs: CloudFormation refuses to change one that another stack imports", () => {
    expect(templatesOfToday()[stack]?.Outputs ?? {}).toMatchObject(before.Outputs ?? {});
  });
});
