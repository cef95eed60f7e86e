import { beforeAll, describe, expect, test } from "@jest/globals";
import { Stack } from "aws-cdk-lib";
import { Key } from "aws-cdk-lib/aws-kms";
import type { CfnBucket } from "aws-cdk-lib/aws-s3";
import { DynamoDbLake } from "../../../infra/dynamo-db-lake.ts";
import { Lake, type LakeProps } from "../../../infra/lake.ts";
import { LakeStack } from "../../../infra/lake-stack.ts";
import { deepTest } from "../../support/deep-test.ts";
import {
  flat,
  type Resource,
  resourceOf,
  resourcesOf,
  schemaNamed,
  type TemplateJson,
  templateOf,
  testApp,
  usableTable,
} from "../support.ts";

function lakeTemplate(props: LakeProps = {}): TemplateJson {
  const stack = new Stack(testApp(), "Stack");
  new Lake(stack, "Lake", props);
  return templateOf(stack);
}

/** The work group of people, by its place in the template. */
const PEOPLE = /LakeWorkGroup/;

describe("the bucket", () => {
  let template: TemplateJson;
  let bucket: Resource;
  beforeAll(() => {
    template = lakeTemplate();
    bucket = resourceOf(template, "AWS::S3::Bucket");
  });

  test("outlives its stack, with its policy", () => {
    expect(bucket.DeletionPolicy).toBe("Retain");
    expect(resourceOf(template, "AWS::S3::BucketPolicy").DeletionPolicy).toBe("Retain");
  });

  test("is closed to the public and to requests without TLS", () => {
    expect(bucket.Properties.PublicAccessBlockConfiguration).toEqual({
      BlockPublicAcls: true,
      BlockPublicPolicy: true,
      IgnorePublicAcls: true,
      RestrictPublicBuckets: true,
    });
    expect(bucket.Properties.OwnershipControls.Rules).toEqual([{ ObjectOwnership: "BucketOwnerEnforced" }]);
    const [statement] = resourceOf(template, "AWS::S3::BucketPolicy").Properties.PolicyDocument.Statement;
    expect(statement).toMatchObject({
      Action: "s3:*",
      Condition: { Bool: { "aws:SecureTransport": "false" } },
      Effect: "Deny",
      Principal: { AWS: "*" },
    });
    expect(statement.Resource.map(flat)).toEqual(["<LakeBucket.Arn>", "<LakeBucket.Arn>/*"]);
  });

  test("is encrypted with the keys of S3 by default", () => {
    const [rule] = bucket.Properties.BucketEncryption.ServerSideEncryptionConfiguration;
    expect(rule.ServerSideEncryptionByDefault).toEqual({ SSEAlgorithm: "AES256" });
  });

  test("lets nothing expire but results of statements, counts, unfinished uploads and what was deleted", () => {
    expect(bucket.Properties.VersioningConfiguration).toEqual({ Status: "Enabled" });
    expect(bucket.Properties.LifecycleConfiguration.Rules).toEqual([
      { Id: "query-results", Prefix: "_athena/", ExpirationInDays: 7, Status: "Enabled" },
      { Id: "acknowledged", Prefix: "_acknowledged/", ExpirationInDays: 30, Status: "Enabled" },
      { Id: "map-results", Prefix: "_maps/", ExpirationInDays: 7, Status: "Enabled" },
      {
        Id: "unfinished-uploads",
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
        Status: "Enabled",
      },
      {
        Id: "deleted",
        ExpiredObjectDeleteMarker: true,
        NoncurrentVersionExpiration: { NoncurrentDays: 7 },
        Status: "Enabled",
      },
    ]);
  });

  deepTest("deletes what could not be delivered after the days that are given, of every table", () => {
    const stack = new Stack(testApp(), "Stack");
    const lake = new Lake(stack, "Lake", { putAsideDays: 30 });
    const source = usableTable(stack, "Table");
    new DynamoDbLake(new Stack(stack.node.root, "Other"), "T", {
      lake,
      table: source,
      schemaFile: schemaNamed("t"),
    });
    const { Rules } = resourceOf(templateOf(stack), "AWS::S3::Bucket").Properties.LifecycleConfiguration;
    const expiring = Rules.filter(({ ExpirationInDays }: Record<string, unknown>) => ExpirationInDays === 30);
    const prefixes = expiring.map(({ Prefix }: { Prefix: string }) => Prefix);
    expect(prefixes).toEqual(
      expect.arrayContaining(["aws/lambda/", "t/quarantine/", "t/errors/", "t/waiting/"]),
    );
    expect(() => lakeTemplate({ putAsideDays: 1 })).toThrow(
      expect.objectContaining({ code: "USAGE", message: expect.stringContaining("invalid putAsideDays: 1") }),
    );
  });

  test("has no more rules for what could not be delivered than S3 takes", () => {
    const stack = new Stack(testApp(), "Stack");
    const lake = new Lake(stack, "Lake", { putAsideDays: 30, readers: ["bi"], databaseName: "shop" });
    for (let i = 0; i < 331; i++) lake.claim(`t${i}`, "never");
    expect(() => lake.claim("one_more", "never")).toThrow(
      expect.objectContaining({
        code: "USAGE",
        message: expect.stringContaining('"shop" has putAsideDays and more than 331 tables'),
        next: expect.stringContaining("a second lake"),
      }),
    );
    const { lifecycleConfiguration } = lake.bucket.node.defaultChild as CfnBucket;
    expect(stack.resolve(lifecycleConfiguration).rules).toHaveLength(1000);
    // Without the option, tables need no rules.
    const plain = new Lake(new Stack(testApp(), "Stack"), "Lake");
    for (let i = 0; i < 332; i++) plain.claim(`t${i}`, "never");
  });

  test("keeps the results of readers apart, each in a work group of its own", () => {
    const template = lakeTemplate({ databaseName: "shop", readers: ["analysts", "bi"] });
    const groups = [...resourcesOf(template, "AWS::Athena::WorkGroup").values()].map(({ Properties }) => [
      Properties.Name,
      flat(Properties.WorkGroupConfiguration.ResultConfiguration.OutputLocation),
      Properties.WorkGroupConfiguration.EnforceWorkGroupConfiguration,
    ]);
    const bucketName = "s3://<LakeBucket>";
    expect(
      groups.map(([name, place, enforced]) => [name, place.replace(/^s3:..[^/]*/, bucketName), enforced]),
    ).toEqual([
      ["shop", `${bucketName}/_athena/`, true],
      ["dynalake-shop-upkeep", `${bucketName}/_athena/`, true],
      ["shop-analysts", `${bucketName}/_readers/analysts/`, true],
      ["shop-bi", `${bucketName}/_readers/bi/`, true],
    ]);
    const { Rules } = resourceOf(template, "AWS::S3::Bucket").Properties.LifecycleConfiguration;
    expect(Rules).toContainEqual(expect.objectContaining({ Prefix: "_readers/", ExpirationInDays: 7 }));
    // No role of the lake reads them.
    expect(JSON.stringify([...resourcesOf(template, "AWS::IAM::Role").values()])).not.toContain("_readers");
    const policies = [...resourcesOf(template, "AWS::IAM::ManagedPolicy").values()].map((policy) =>
      JSON.stringify(policy),
    );
    const folders = policies.map((text) => [...new Set(text.match(/_(?:readers|athena)\/\w*/g))]);
    expect(folders).toEqual([["_readers/analysts"], ["_readers/bi"]]);
    for (const text of policies) {
      const [group] = /workgroup\/[\w-]+/.exec(text) ?? [];
      expect(["workgroup/shop-analysts", "workgroup/shop-bi"]).toContain(group);
      expect(text).not.toMatch(/manifest|quarantine|_exports|DeleteObject|glue:(?:Create|Update|Delete)/);
    }
    for (const readers of [["Ann"], ["bi", "bi"], [""]])
      expect(() => lakeTemplate({ readers })).toThrow(
        expect.objectContaining({
          code: "USAGE",
          message: expect.stringContaining("invalid name of a reader"),
        }),
      );
  });

  deepTest("keeps no versions where nothing is to be had back", () => {
    const plain = resourceOf(lakeTemplate({ undeleteDays: 0 }), "AWS::S3::Bucket");
    expect(plain.Properties.VersioningConfiguration).toBeUndefined();
    expect(plain.Properties.LifecycleConfiguration.Rules.map((rule: { Id: string }) => rule.Id)).toEqual([
      "query-results",
      "acknowledged",
      "map-results",
      "unfinished-uploads",
    ]);
  });
});

describe("the work group", () => {
  test("puts results into the lake whatever the client says, limits what a statement reads, and runs engine 3", () => {
    const { Properties } = resourceOf(lakeTemplate(), "AWS::Athena::WorkGroup", PEOPLE);
    const configuration = Properties.WorkGroupConfiguration;
    expect(Properties.Name).toBe("dynalake");
    expect(configuration.EnforceWorkGroupConfiguration).toBe(true);
    expect(configuration.BytesScannedCutoffPerQuery).toBe(1_099_511_627_776);
    expect(configuration.EngineVersion).toEqual({ SelectedEngineVersion: "Athena engine version 3" });
    expect(flat(configuration.ResultConfiguration.OutputLocation)).toBe("s3://<LakeBucket>/_athena/");
    expect(configuration.ResultConfiguration.EncryptionConfiguration).toEqual({ EncryptionOption: "SSE_S3" });
  });

  test("of people and of readers takes the limit that is given; that of snapshots and compactions has none, which would cancel what is paid for", () => {
    const template = lakeTemplate({ scanGibibytesMax: 10, readers: ["bi"] });
    const limits = [...resourcesOf(template, "AWS::Athena::WorkGroup").values()].map(
      ({ Properties }) => Properties.WorkGroupConfiguration.BytesScannedCutoffPerQuery,
    );
    expect(limits).toEqual([10_737_418_240, undefined, 10_737_418_240]);
    for (const { Properties } of resourcesOf(template, "AWS::Lambda::Function").values())
      expect(Properties.Environment.Variables.LAKE_WORKGROUP).toBe("dynalake-dynalake-upkeep");
    const roles = JSON.stringify([...resourcesOf(template, "AWS::IAM::Role").values()]);
    expect(roles).toContain("workgroup/dynalake-dynalake-upkeep");
    expect(roles).not.toMatch(/workgroup\/dynalake["-]bi|workgroup\/dynalake"/);
  });
});

describe("the topics", () => {
  test("take messages over TLS only, and those of the account's alarms", () => {
    const policies = [...resourcesOf(lakeTemplate(), "AWS::SNS::TopicPolicy").values()];
    expect(policies).toHaveLength(2);
    for (const policy of policies) {
      const statements = policy.Properties.PolicyDocument.Statement;
      expect(statements).toContainEqual(
        expect.objectContaining({ Effect: "Deny", Condition: { Bool: { "aws:SecureTransport": "false" } } }),
      );
      expect(statements).toContainEqual(
        expect.objectContaining({
          Action: "sns:Publish",
          Effect: "Allow",
          Principal: { Service: "cloudwatch.amazonaws.com" },
          Condition: { StringEquals: { "aws:SourceAccount": { Ref: "AWS::AccountId" } } },
        }),
      );
    }
  });

  deepTest("send an e-mail about failures only", () => {
    const template = lakeTemplate({ email: "ops@example.com" });
    const { Properties } = resourceOf(template, "AWS::SNS::Subscription");
    expect(Properties).toMatchObject({ Protocol: "email", Endpoint: "ops@example.com" });
    expect(flat(Properties.TopicArn)).toBe("<LakeFailure>");
    expect(resourcesOf(lakeTemplate(), "AWS::SNS::Subscription").size).toBe(0);
  });
});

test("a key of one's own encrypts objects and results", () => {
  const stack = new Stack(testApp(), "Stack");
  new Lake(stack, "Lake", { encryptionKey: new Key(stack, "Key") });
  const template = templateOf(stack);
  const { Properties } = resourceOf(template, "AWS::S3::Bucket");
  const [rule] = Properties.BucketEncryption.ServerSideEncryptionConfiguration;
  expect(rule.BucketKeyEnabled).toBe(true);
  expect(rule.ServerSideEncryptionByDefault.SSEAlgorithm).toBe("aws:kms");
  expect(flat(rule.ServerSideEncryptionByDefault.KMSMasterKeyID)).toBe("<Key.Arn>");
  const results = resourceOf(template, "AWS::Athena::WorkGroup", PEOPLE).Properties.WorkGroupConfiguration
    .ResultConfiguration;
  expect(results.EncryptionConfiguration.EncryptionOption).toBe("SSE_KMS");
  expect(flat(results.EncryptionConfiguration.KmsKey)).toBe("<Key.Arn>");
});

deepTest("a key that is made for the lake rotates and stays with the bucket", () => {
  const key = resourceOf(
    templateOf(new LakeStack(testApp(), "Lake", { encryption: "kms" })),
    "AWS::KMS::Key",
  );
  expect(key.Properties.EnableKeyRotation).toBe(true);
  expect(key.DeletionPolicy).toBe("Retain");
});

test.each(["Reviews", "my-lake", "my.lake", "", "a".repeat(129)])(
  "a database called %p, which Glue or Athena would refuse, is refused when the app is synthesized",
  (databaseName) => {
    expect(() => lakeTemplate({ databaseName })).toThrow(
      expect.objectContaining({ code: "USAGE", message: expect.stringContaining(`"${databaseName}"`) }),
    );
  },
);
