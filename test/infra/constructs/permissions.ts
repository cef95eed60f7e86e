import { describe, expect, test } from "@jest/globals";
import { Stack } from "aws-cdk-lib";
import { Key } from "aws-cdk-lib/aws-kms";
import { Secret } from "aws-cdk-lib/aws-secretsmanager";
import { DynamoDbLake } from "../../../infra/dynamo-db-lake.ts";
import { Lake } from "../../../infra/lake.ts";
import { handRole } from "../../../infra/permissions.ts";
import { deepTest } from "../../support/deep-test.ts";
import { example, makeExample } from "../example.ts";
import { type Grant, grantsOf, policyLines } from "../policies.ts";
import { resourcesOf, schemaNamed, templateOf, testApp, usableTable } from "../support.ts";

const BUCKET = /^<(?:DynalakeLake:ExportsOutputFnGetAtt)?LakeBucket\.?Arn>/;

/** Those of the lake and of the example's source. */
const all = (): readonly Grant[] => [...grantsOf(example().lake), ...grantsOf(example().reviews)];

function objectGrants(action: string): readonly string[] {
  return all()
    .filter((grant) => grant.action === action && BUCKET.test(grant.resource))
    .map(({ resource, role }) => `${role} ${resource.replace(BUCKET, "").slice(1)}`);
}

test.each(["lake", "reviews"] as const)(
  "every role of the stack %s may do what is written here and nothing else",
  (name) => {
    expect(policyLines(example()[name])).toMatchSnapshot();
  },
);

describe("of all roles", () => {
  test("none has an action with a wildcard, and none has a managed policy", () => {
    expect(all().filter(({ action }) => action.includes("*"))).toEqual([]);
    for (const template of Object.values(example()))
      for (const role of resourcesOf(template, "AWS::IAM::Role").values())
        expect(role.Properties.ManagedPolicyArns).toBeUndefined();
  });

  test("all resources are meant only where the service knows none", () => {
    const unbound = all().filter(({ resource }) => resource === "*");
    expect([...new Set(unbound.map(({ action }) => action))].sort()).toEqual([
      "cloudwatch:GetMetricStatistics",
      // Bound to a namespace.
      "cloudwatch:PutMetricData",
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

  const PLACES =
    /^(\*|reviews)\/[a-z]+(\/not-a-row)?(\/\*|\.json)$|^_(acknowledged|athena|maps)\/\*$|^aws\/lambda\/\*$|^_registry\/\*$|^_exports\/(\*$|[a-z*0-9-]+\/\*$)/;

  test("each reaches folders of tables, results, counts, exports, the registry and failed batches only", () => {
    const objects = all().filter(
      ({ action, resource }) => action.startsWith("s3:") && /Arn>\//.test(resource),
    );
    expect(objects.length).toBeGreaterThan(40);
    for (const { resource } of objects) expect(resource.replace(BUCKET, "").slice(1)).toMatch(PLACES);
  });

  test("each lists such folders only, and is told of objects that are missing", () => {
    const lists = all().filter(({ action }) => action === "s3:ListBucket");
    expect(lists.length).toBeGreaterThan(15);
    for (const { conditions, resource } of lists) {
      expect(resource).toMatch(BUCKET);
      const prefixes: readonly string[] = JSON.parse(conditions).StringLikeIfExists["s3:prefix"];
      for (const prefix of [prefixes].flat()) expect(prefix).toMatch(PLACES);
    }
  });

  test("only these delete objects, and none deletes changes, quarantine, gaps or errors", () => {
    expect(objectGrants("s3:DeleteObject")).toEqual([
      "LakeWorkFunctionsCleanRole */staging/*",
      "LakeWorkFunctionsCleanRole */segments/*",
      "LakeWorkFunctionsCleanRole */snapshots/*",
      "LakeWorkFunctionsCleanRole */manifest/*",
      "LakeWorkFunctionsCleanRole */vacuum.json",
      "LakeWorkFunctionsCleanRole _exports/*/*",
      "LakeWorkFunctionsBeginRunRole */locks/*",
      "LakeWorkFunctionsCommitRole */segments/*",
      "ReviewsSourceStreamRole */waiting/*",
    ]);
  });

  test("only a delivery stream writes a change log, its own, and only commit writes manifests", () => {
    const puts = objectGrants("s3:PutObject");
    expect(puts.filter((put) => put.includes("/changes/"))).toEqual([
      "ReviewsChangeStreamRole reviews/changes/*",
    ]);
    expect(puts.filter((put) => put.includes("/manifest/"))).toEqual([
      "LakeWorkFunctionsCommitRole */manifest/*",
    ]);
  });

  test("only a look at the stream, the stream function and a comparison of deliveries write down what was lost", () => {
    expect(objectGrants("s3:PutObject").filter((put) => /gaps|watch|beginning/.test(put))).toEqual([
      "LakeWorkFunctionsPlanCompactionRole */gaps/*",
      "ReviewsSourceStreamRole */gaps/*",
      "ReviewsSourceSourceRole */gaps/*",
      "ReviewsSourceSourceRole */watch.json",
      "ReviewsSourceSourceRole */beginning.json",
    ]);
  });

  test("only the custom resources and the tick write the registry", () => {
    expect(objectGrants("s3:PutObject").filter((put) => put.includes("_registry"))).toEqual([
      "LakeWorkFunctionsTickRole _registry/*",
      "LakeWorkFunctionsRegisterRole _registry/*",
    ]);
  });

  test("only a source's own functions reach the source table, its stream and its mapping, and no others do", () => {
    const onSource = all().filter(
      ({ action, resource }) =>
        (action.startsWith("dynamodb:") || action === "lambda:GetEventSourceMapping") && resource !== "*",
    );
    const reached = onSource.map(({ action, resource, role }) => `${role} ${action} ${resource}`);
    expect(reached.sort()).toEqual([
      expect.stringMatching(/^LakeWorkSnapshotRole dynamodb:DescribeExport arn:.*:table\/\*\/export\/\*$/),
      "ReviewsSourceSourceRole dynamodb:DescribeContinuousBackups <Table.Arn>",
      "ReviewsSourceSourceRole dynamodb:DescribeTable <Table.Arn>",
      "ReviewsSourceSourceRole dynamodb:ExportTableToPointInTime <Table.Arn>",
      expect.stringMatching(
        /^ReviewsSourceSourceRole lambda:GetEventSourceMapping arn:.*:event-source-mapping:<ReviewsSourceMapping/,
      ),
      "ReviewsSourceStreamRole dynamodb:DescribeStream <Table.StreamArn>",
      "ReviewsSourceStreamRole dynamodb:GetRecords <Table.StreamArn>",
      "ReviewsSourceStreamRole dynamodb:GetShardIterator <Table.StreamArn>",
    ]);
  });

  test("a source's function sends to the delivery streams of its own tables, whatever they are called", () => {
    const sends = all().filter(({ action }) => action === "firehose:PutRecordBatch");
    expect(sends.map(({ resource, role }) => `${role} ${resource}`)).toEqual([
      expect.stringMatching(
        /^ReviewsSourceStreamRole arn:.*:deliverystream\/dynalake-dynalake-reviews-[0-9a-f]{8}-\*$/,
      ),
    ]);
  });

  test("a source writes its own exports, and nobody else's", () => {
    const puts = objectGrants("s3:PutObject").filter((put) => put.includes("_exports/"));
    expect(puts).toEqual([
      // Clean marks the tables that need an export no longer.
      "LakeWorkFunctionsCleanRole _exports/*/*",
      expect.stringMatching(/^ReviewsSourceSourceRole _exports\/reviews-[0-9a-f]{8}\/\*$/),
    ]);
  });

  test("only register makes tables that hold data, only it and compactions add columns, and only publish-views makes others", () => {
    const writes = all().filter(({ action }) => /glue:(Create|Update)Table/.test(action));
    const tables = (role: RegExp): readonly string[] => [
      ...new Set(
        writes
          .filter((grant) => role.test(grant.role) && grant.resource.includes(":table/"))
          .map(({ resource }) => resource.replace(/^.*:table\//, "")),
      ),
    ];
    const stored = ["dynalake/*__changes", "dynalake/*__segments", "dynalake/*__staging"];
    expect(tables(/Register/)).toEqual([...stored, "dynalake/dynalake_tables"]);
    expect(tables(/PlanCompaction/)).toEqual(stored);
    const makers = writes.filter(({ action }) => action === "glue:CreateTable").map(({ role }) => role);
    expect(makers.filter((role) => /PlanCompaction/.test(role))).toEqual([]);
    expect(tables(/PublishViews/)).toEqual(["dynalake/*"]);
    // What a look has found is told at once.
    expect(tables(/Source/)).toEqual(["dynalake/*__moments"]);
    expect([...new Set(writes.map(({ role }) => role))].sort()).toEqual([
      "LakeWorkFunctionsPlanCompactionRole",
      "LakeWorkFunctionsPublishViewsRole",
      "LakeWorkFunctionsRegisterRole",
      "ReviewsSourceSourceRole",
    ]);
  });

  test("only a service can assume one, and the scheduler and the machines only for this account", () => {
    for (const template of Object.values(example())) {
      for (const [id, role] of resourcesOf(template, "AWS::IAM::Role")) {
        const [statement] = role.Properties.AssumeRolePolicyDocument.Statement;
        expect(statement.Principal).toEqual({ Service: expect.stringMatching(/\.amazonaws\.com$/) });
        const isBound = /^LakeWork(Schedule|Snapshot|Compaction)/.test(id);
        expect(statement.Condition).toEqual(
          isBound ? { StringEquals: { "aws:SourceAccount": { Ref: "AWS::AccountId" } } } : undefined,
        );
      }
    }
  });
});

test("machines invoke the functions that they name, and of sources those of a pattern", () => {
  const invoked = (role: RegExp): readonly string[] =>
    all()
      .filter((grant) => grant.action === "lambda:InvokeFunction" && role.test(grant.role))
      .map(({ resource }) => resource.replace(/^<LakeWorkFunctions|\.Arn>$|^.*:function:/g, ""));
  expect(invoked(/^LakeWorkSnapshotRole/)).toEqual([
    "BeginRun",
    "PlanSeed",
    "Commit",
    "PublishViews",
    "Clean",
    "Tick",
    "dynalake-dynalake-*-source",
    "dynalake-dynalake-*-snapshot-part",
  ]);
  expect(invoked(/^LakeWorkCompactionRole/)).toEqual([
    "BeginRun",
    "PlanCompaction",
    "Commit",
    "PublishViews",
    "Clean",
  ]);
  expect(invoked(/TickRole/)).toEqual(["Clean", "dynalake-dynalake-*-source", "dynalake-dynalake-*-stream"]);
  expect(invoked(/RegisterRole|ScheduleRole/)).toEqual(["Tick", "Tick"]);
});

test("a wildcard that is not explained is an error", () => {
  const stack = new Stack(testApp(), "Stack");
  const permissions = [{ actions: ["s3:GetObject"], resources: ["arn:aws:s3:::bucket/*"] }];
  expect(() =>
    handRole(stack, "Role", { service: "lambda.amazonaws.com", description: "", permissions }),
  ).toThrow("no reason is given for the wildcard of s3:GetObject");
});

describe("with keys and secrets", () => {
  test("whoever reads the lake or writes it may use its key, and the function that exports knows it", () => {
    const templates = Object.values(makeExample({}, { encryption: "kms" }));
    const grants = templates.flatMap((template) => grantsOf(template));
    const byAction = (action: string): readonly string[] => [
      ...new Set(
        grants
          .filter((grant) => grant.action === action && /Key\w*\.?Arn>$/.test(grant.resource))
          .map(({ role }) => role),
      ),
    ];
    const roles = [...new Set(grants.map(({ role }) => role))].filter((role) => !role.includes("Schedule"));
    expect([...byAction("kms:Decrypt")].sort()).toEqual(roles.toSorted());
    expect([...byAction("kms:GenerateDataKey")].sort()).toEqual(roles.toSorted());
    const functions = templates.flatMap((template) => [
      ...resourcesOf(template, "AWS::Lambda::Function").values(),
    ]);
    expect(functions.filter(({ Properties }) => Properties.Environment.Variables.LAKE_KEY_ARN)).toHaveLength(
      1,
    );
  });

  deepTest("the key of the source table is used by those that read it", () => {
    const stack = new Stack(testApp(), "Stack");
    const encryptionKey = new Key(stack, "TableKey");
    const table = usableTable(stack, "Table", { encryptionKey });
    new DynamoDbLake(stack, "Export", { lake: new Lake(stack, "Lake"), table, schemaFile: schemaNamed("t") });
    const users = grantsOf(templateOf(stack)).filter(({ resource }) => resource === "<TableKey.Arn>");
    expect([...new Set(users.map(({ role }) => role))]).toEqual([
      "ExportSourceStreamRole",
      "ExportSourceSourceRole",
    ]);
  });

  deepTest("the mask key is read by those that see values", () => {
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
      { role: "ExportSourceStreamRole", resource: "<Mask>" },
      { role: "ExportSourceSnapshotPartRole", resource: "<Mask>" },
    ]);
    const told = [...resourcesOf(template, "AWS::Lambda::Function").values()].filter(
      ({ Properties }) => Properties.Environment.Variables.MASK_KEY_SECRET_ARN !== undefined,
    );
    expect(told).toHaveLength(2);
  });
});
