import { describe, expect, test } from "@jest/globals";
import { Stack } from "aws-cdk-lib";
import { Key } from "aws-cdk-lib/aws-kms";
import { Secret } from "aws-cdk-lib/aws-secretsmanager";
import { DynamoDbLake } from "../../../infra/dynamo-db-lake.ts";
import { Lake } from "../../../infra/lake.ts";
import { handRole } from "../../../infra/permissions.ts";
import { HANDLERS } from "../../../src/aws/contracts/handlers.ts";
import { example, makeExample } from "../example.ts";
import { type Grant, grantsOf, policyLines } from "../policies.ts";
import { resourcesOf, schemaNamed, templateOf, testApp, usableTable } from "../support.ts";

const bucket = "<DynalakeLake:ExportsOutputFnGetAttLakeBucketArn>";

function objectGrants(grants: readonly Grant[], action: string): readonly string[] {
  return grants
    .filter((grant) => grant.action === action && grant.resource.startsWith(`${bucket}/`))
    .map(({ resource, role }) => `${role} ${resource.slice(bucket.length + 1)}`);
}

test("every role may do what is written here and nothing else", () => {
  expect(policyLines(example().reviews)).toMatchSnapshot();
});

describe("of all roles", () => {
  test("none has an action with a wildcard, and none has a managed policy", () => {
    expect(grantsOf(example().reviews).filter(({ action }) => action.includes("*"))).toEqual([]);
    for (const role of resourcesOf(example().reviews, "AWS::IAM::Role").values())
      expect(role.Properties.ManagedPolicyArns).toBeUndefined();
  });

  test("all resources are meant only where the service knows none", () => {
    const all = grantsOf(example().reviews).filter(({ resource }) => resource === "*");
    expect([...new Set(all.map(({ action }) => action))].sort()).toEqual([
      "dynamodb:ListStreams",
      "logs:CreateLogDelivery",
      "logs:DeleteLogDelivery",
      "logs:DescribeLogGroups",
      "logs:DescribeResourcePolicies",
      "logs:GetLogDelivery",
      "logs:ListLogDeliveries",
      "logs:PutResourcePolicy",
      "logs:UpdateLogDelivery",
      "xray:GetSamplingRules",
      "xray:GetSamplingTargets",
      "xray:PutTelemetryRecords",
      "xray:PutTraceSegments",
    ]);
  });

  test("each reaches its own table's objects, results of statements and failed batches only", () => {
    const objects = grantsOf(example().reviews).filter(
      ({ action, resource }) => action.startsWith("s3:") && resource !== bucket,
    );
    expect(objects.length).toBeGreaterThan(20);
    for (const { resource } of objects) {
      expect(resource).toMatch(
        /^<DynalakeLake:ExportsOutputFnGetAttLakeBucketArn>\/(reviews\/[a-z]+(\/\*|\.json)|_athena\/\*|aws\/lambda\/\*)$/,
      );
    }
  });

  test("each lists folders of its own table only, and is told of objects that are missing", () => {
    const lists = grantsOf(example().reviews).filter(({ action }) => action === "s3:ListBucket");
    expect(lists.length).toBeGreaterThan(9);
    for (const { conditions, resource } of lists) {
      expect(resource).toBe(bucket);
      const prefixes: readonly string[] = JSON.parse(conditions).StringLikeIfExists["s3:prefix"];
      for (const prefix of [prefixes].flat())
        expect(prefix).toMatch(/^(reviews\/[a-z]+(\/\*|\.json)|_athena\/\*|aws\/lambda\/\*)$/);
    }
  });

  test("only two delete objects, and none deletes changes, quarantine, gaps or errors", () => {
    expect(objectGrants(grantsOf(example().reviews), "s3:DeleteObject")).toEqual([
      "ReviewsFunctionsCommitRole reviews/segments/*",
      "ReviewsFunctionsCleanRole reviews/staging/*",
      "ReviewsFunctionsCleanRole reviews/exports/*",
      "ReviewsFunctionsCleanRole reviews/segments/*",
      "ReviewsFunctionsCleanRole reviews/manifest/*",
    ]);
  });

  test("every function but clean opens the table and can write the schema, since any may be the first to run", () => {
    const puts = objectGrants(grantsOf(example().reviews), "s3:PutObject");
    const writers = puts.filter((put) => put.endsWith(" reviews/schema.json"));
    expect(writers).toHaveLength(HANDLERS.length - 1);
    expect(writers.filter((put) => put.includes("Clean"))).toEqual([]);
  });

  test("only Firehose writes the change log, only commit writes manifests", () => {
    const puts = objectGrants(grantsOf(example().reviews), "s3:PutObject");
    expect(puts.filter((put) => put.includes("/changes/"))).toEqual([
      "ReviewsDeliveryChangeStreamRole reviews/changes/*",
    ]);
    expect(puts.filter((put) => put.includes("/manifest/"))).toEqual([
      "ReviewsFunctionsCommitRole reviews/manifest/*",
    ]);
  });

  test("only a look at the stream and the stream function write down what was lost", () => {
    const puts = objectGrants(grantsOf(example().reviews), "s3:PutObject");
    expect(puts.filter((put) => /gaps|watch|beginning/.test(put))).toEqual([
      "ReviewsDeliveryFunctionRole reviews/gaps/*",
      "ReviewsFunctionsPlanCompactionRole reviews/gaps/*",
      "ReviewsFunctionsPlanCompactionRole reviews/watch.json",
      "ReviewsFunctionsPlanCompactionRole reviews/beginning.json",
    ]);
  });

  test("only plan-compaction looks at the mapping, and at no other", () => {
    const looks = grantsOf(example().reviews).filter(
      ({ action }) => action === "lambda:GetEventSourceMapping",
    );
    expect(looks.map(({ resource, role }) => `${role} ${resource}`)).toEqual([
      expect.stringMatching(
        /^ReviewsFunctionsPlanCompactionRole arn:.*:event-source-mapping:<ReviewsDeliveryMapping/,
      ),
    ]);
  });

  test("only publish-views makes views, and it changes no table that holds data", () => {
    const writes = grantsOf(example().reviews).filter(({ action }) =>
      /glue:(Create|Update)Table/.test(action),
    );
    expect([...new Set(writes.map(({ role }) => role))]).toEqual(["ReviewsFunctionsPublishViewsRole"]);
    expect(writes.filter(({ resource }) => resource.includes("__"))).toEqual([]);
  });

  test("only a service can assume one, and the scheduler and the machines only for this account", () => {
    for (const [id, role] of resourcesOf(example().reviews, "AWS::IAM::Role")) {
      const [statement] = role.Properties.AssumeRolePolicyDocument.Statement;
      expect(statement.Principal).toEqual({ Service: expect.stringMatching(/\.amazonaws\.com$/) });
      const isBound =
        /Schedules|Snapshot[A-Z]?Role|Compaction[A-Z]?Role/.test(id) && !id.includes("Functions");
      expect(statement.Condition).toEqual(
        isBound ? { StringEquals: { "aws:SourceAccount": { Ref: "AWS::AccountId" } } } : undefined,
      );
    }
  });
});

test("machines invoke the functions that they name, and no others", () => {
  const invoked = (role: RegExp): readonly string[] =>
    grantsOf(example().reviews)
      .filter((grant) => grant.action === "lambda:InvokeFunction" && role.test(grant.role))
      .map(({ resource }) => resource.replace(/^<ReviewsFunctions|\.Arn>$/g, ""));
  expect(invoked(/^ReviewsSnapshotRole/)).toEqual([
    "BeginSnapshot",
    "SnapshotPart",
    "PlanSeed",
    "Commit",
    "PublishViews",
    "Clean",
  ]);
  expect(invoked(/^ReviewsCompactionRole/)).toEqual(["PlanCompaction", "Commit", "PublishViews", "Clean"]);
});

test("a wildcard that is not explained is an error", () => {
  const stack = new Stack(testApp(), "Stack");
  const permissions = [{ actions: ["s3:GetObject"], resources: ["arn:aws:s3:::bucket/*"] }];
  expect(() =>
    handRole(stack, "Role", { service: "lambda.amazonaws.com", description: "", permissions }),
  ).toThrow("no reason is given for the wildcard of s3:GetObject");
});

describe("with keys and secrets", () => {
  test("whoever reads the lake or, but for clean, writes it may use its key, and begin-snapshot knows it", () => {
    const { reviews } = makeExample({}, { encryption: "kms" });
    const key = "<DynalakeLake:ExportsOutputFnGetAttKeyArn>";
    const byAction = (action: string): readonly string[] => [
      ...new Set(
        grantsOf(reviews)
          .filter((grant) => grant.action === action && grant.resource === key)
          .map(({ role }) => role),
      ),
    ];
    const readers = byAction("kms:Decrypt");
    const writers = byAction("kms:GenerateDataKey");
    const roles = Object.keys(policyLines(reviews)).filter((role) => !role.includes("Schedules"));
    expect([...readers].sort()).toEqual(roles.sort());
    expect([...writers].sort()).toEqual(roles.filter((role) => !role.includes("Clean")).sort());
    const functions = [...resourcesOf(reviews, "AWS::Lambda::Function").values()];
    expect(functions.filter(({ Properties }) => Properties.Environment.Variables.LAKE_KEY_ARN)).toHaveLength(
      1,
    );
  });

  test("the key of the source table is used by those that read it", () => {
    const stack = new Stack(testApp(), "Stack");
    const encryptionKey = new Key(stack, "TableKey");
    const table = usableTable(stack, "Table", { encryptionKey });
    new DynamoDbLake(stack, "Export", { lake: new Lake(stack, "Lake"), table, schemaFile: schemaNamed("t") });
    const users = grantsOf(templateOf(stack)).filter(({ resource }) => resource === "<TableKey.Arn>");
    expect([...new Set(users.map(({ role }) => role))]).toEqual([
      "ExportDeliveryFunctionRole",
      "ExportFunctionsBeginSnapshotRole",
    ]);
  });

  test("the mask key is read by those that see values", () => {
    const stack = new Stack(testApp(), "Stack");
    const maskKeySecret = new Secret(stack, "Mask");
    new DynamoDbLake(stack, "Export", {
      lake: new Lake(stack, "Lake"),
      table: usableTable(stack, "Table"),
      schemaFile: schemaNamed("t", { attributes: { id: { type: "string" }, mail: { mask: "sha256" } } }),
      maskKeySecret,
    });
    const template = templateOf(stack);
    const readers = grantsOf(template).filter(({ action }) => action === "secretsmanager:GetSecretValue");
    expect(readers).toMatchObject([
      { role: "ExportDeliveryFunctionRole", resource: "<Mask>" },
      { role: "ExportFunctionsSnapshotPartRole", resource: "<Mask>" },
    ]);
    const told = [...resourcesOf(template, "AWS::Lambda::Function").values()].filter(
      ({ Properties }) => Properties.Environment.Variables.MASK_KEY_SECRET_ARN !== undefined,
    );
    expect(told).toHaveLength(2);
  });
});
