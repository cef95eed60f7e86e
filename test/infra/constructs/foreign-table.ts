/** A source table of another account: what the lake's side may do, and what the owner's side attaches. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { Stack } from "aws-cdk-lib";
import { Table } from "aws-cdk-lib/aws-dynamodb";
import { Key } from "aws-cdk-lib/aws-kms";
import { Construct } from "constructs";
import { addStacks } from "../../../infra/deployment.ts";
import { DynamoDbLake, Lake, type OwnerSetup } from "../../../infra/index.ts";
import { sourceName } from "../../../infra/names.ts";
import { DynalakeError } from "../../../src/core/error.ts";
import { deepTest } from "../../support/deep-test.ts";
import { grantsOf } from "../policies.ts";
import { flat, once, resourceOf, resourcesOf, root, schemaNamed, templateOf, testApp } from "../support.ts";

const OURS = { account: "111111111111", region: "eu-west-1" };
const TABLE = "arn:aws:dynamodb:eu-west-1:222222222222:table/Orders";
const STREAM = `${TABLE}/stream/2026-11-23T10:00:00.000`;
const ROLE = "arn:aws:iam::222222222222:role/dynalake";
const KEY = "arn:aws:kms:eu-west-1:222222222222:key/k";

interface Given {
  readonly tableArn?: string;
  readonly streamArn?: string;
  readonly ownerRoleArn?: string;
  readonly env?: { readonly account?: string; readonly region?: string };
  readonly isEncrypted?: boolean;
}

function made({ env = OURS, isEncrypted = false, ownerRoleArn = ROLE, ...arns }: Given = {}) {
  const stack = new Stack(testApp(), "Stack", { env });
  const { tableArn = TABLE, streamArn = STREAM } = arns;
  const table = Table.fromTableAttributes(stack, "Table", {
    tableArn,
    tableStreamArn: streamArn,
    ...(isEncrypted ? { encryptionKey: Key.fromKeyArn(stack, "TableKey", KEY) } : {}),
  });
  const lake = new Lake(stack, "Lake", isEncrypted ? { encryptionKey: new Key(stack, "LakeKey") } : {});
  const props = { lake, table, schemaFile: schemaNamed("orders"), ownerRoleArn };
  const source = new DynamoDbLake(stack, "Orders", props);
  return { source, stack, setup: source.ownerSetup as OwnerSetup };
}

const plain = once(() => {
  const { setup, stack } = made();
  return { setup, template: templateOf(stack) };
});
const encrypted = once(() => {
  const { setup, stack } = made({ isEncrypted: true });
  return { setup, template: templateOf(stack) };
});

describe("a source table of another account", () => {
  test("is reached by two roles alone: one reads its stream, the other assumes the owner's role", () => {
    const reaching = grantsOf(plain().template).filter(
      ({ action, resource }) => resource.includes(":222222222222:") || action === "sts:AssumeRole",
    );
    expect(reaching.map(({ action, resource, role }) => `${role} ${action} ${resource}`).sort()).toEqual([
      `OrdersSourceSourceRole sts:AssumeRole ${ROLE}`,
      `OrdersSourceStreamRole dynamodb:DescribeStream ${STREAM}`,
      `OrdersSourceStreamRole dynamodb:GetRecords ${STREAM}`,
      `OrdersSourceStreamRole dynamodb:GetShardIterator ${STREAM}`,
    ]);
    const { Environment } = resourceOf(
      plain().template,
      "AWS::Lambda::Function",
      /^OrdersSource[0-9A-F]{8}$/,
    ).Properties;
    expect(Environment.Variables).toMatchObject({ OWNER_ROLE_ARN: ROLE, LAKE_ACCOUNT: OURS.account });
  });

  test("is exported into the lake by the owner's role alone, into the folder of its source", () => {
    const { setup, template } = plain();
    const own = grantsOf(template).filter(
      ({ action, resource }) => action === "s3:PutObject" && resource.includes("_exports/"),
    );
    expect(own.map(({ role }) => role)).toEqual(["LakeWorkFunctionsCleanRole"]);
    const { PolicyDocument } = resourceOf(template, "AWS::S3::BucketPolicy").Properties;
    const [accepted, ...others] = PolicyDocument.Statement.filter(
      ({ Effect }: { Effect: string }) => Effect === "Allow",
    );
    expect(others).toEqual([]);
    expect(accepted).toMatchObject({
      Action: ["s3:AbortMultipartUpload", "s3:PutObject", "s3:PutObjectAcl"],
      Condition: { ArnEquals: { "aws:PrincipalArn": ROLE } },
    });
    expect(flat(accepted.Principal.AWS)).toMatch(/^arn:.*:iam::222222222222:root$/);
    const folder = flat(accepted.Resource).replace(/^<LakeBucket\.?Arn>/, "");
    expect(folder).toMatch(/^\/_exports\/orders-[0-9a-f]{8}\/\*$/);
    expect(setup.rolePermissions.Statement.map(({ Resource }) => Resource)).toContain(
      `arn:aws:s3:::*${folder}`,
    );
  });

  test("is registered with the owner's role", () => {
    const { Configuration } = resourceOf(plain().template, "Custom::DynalakeSource").Properties;
    expect(flat(Configuration)).toContain(`"ownerRole":"${ROLE}"`);
    expect(flat(Configuration)).toContain(`"sourceTableArn":"${TABLE}"`);
  });

  test("has an owner who attaches what names the lake's two roles, as they will be", () => {
    const { setup, template } = plain();
    const named = [...resourcesOf(template, "AWS::IAM::Role").values()].flatMap(
      ({ Properties }) => Properties.RoleName ?? [],
    );
    expect(named).toHaveLength(2);
    for (const name of named) expect(name).toMatch(/^[\w-]{1,64}$/);
    const roleOf = (handler: string): string =>
      `arn:aws:iam::111111111111:role/${named.find((name) => name.includes(`-${handler}-`))}`;
    const by = (handler: string) => ({
      Principal: { AWS: "arn:aws:iam::111111111111:root" },
      Condition: { ArnEquals: { "aws:PrincipalArn": roleOf(handler) } },
    });
    expect(setup).toMatchObject({
      streamArn: STREAM,
      streamPolicy: { Version: "2012-10-17", Statement: [{ ...by("stream"), Resource: STREAM }] },
      roleArn: ROLE,
      roleTrust: { Statement: [{ ...by("source"), Action: "sts:AssumeRole" }] },
    });
    expect(setup.keyStatements).toBeUndefined();
    expect(setup.rolePermissions.Statement).toEqual([
      {
        Sid: "TheTable",
        Effect: "Allow",
        Action: [
          "dynamodb:DescribeContinuousBackups",
          "dynamodb:DescribeTable",
          "dynamodb:ExportTableToPointInTime",
        ],
        Resource: TABLE,
      },
      {
        Sid: "ItsExports",
        Effect: "Allow",
        Action: ["dynamodb:DescribeExport"],
        Resource: `${TABLE}/export/*`,
      },
      expect.objectContaining({
        Sid: "TheLake",
        Condition: { StringEquals: { "s3:ResourceAccount": OURS.account } },
      }),
    ]);
  });

  deepTest("and its key open what is encrypted, and the lake's key opens itself to the owner's role", () => {
    const { setup, template } = encrypted();
    expect(setup.keyArn).toBe(KEY);
    expect(setup.keyStatements).toMatchObject([
      { Sid: "DynalakeReadsTheStream", Action: ["kms:Decrypt", "kms:DescribeKey"] },
    ]);
    expect(setup.rolePermissions.Statement.map(({ Sid }) => Sid)).toEqual([
      ...["TheTable", "ItsExports", "TheLake", "TheKeyOfTheLake", "TheKeyOfTheTable"],
    ]);
    const decrypting = grantsOf(template).filter(({ resource }) => resource === KEY);
    expect(new Set(decrypting.map(({ role }) => role))).toEqual(new Set(["OrdersSourceStreamRole"]));
    const { KeyPolicy } = resourceOf(template, "AWS::KMS::Key").Properties;
    expect(KeyPolicy.Statement).toContainEqual(
      expect.objectContaining({
        Action: ["kms:Decrypt", "kms:GenerateDataKey"],
        Condition: { ArnEquals: { "aws:PrincipalArn": ROLE } },
      }),
    );
  });

  deepTest("of the lake's own account has no such owner", () => {
    const arn = "arn:aws:dynamodb:eu-west-1:111111111111:table/Orders";
    const stack = new Stack(testApp(), "Stack", { env: OURS });
    const own = { tableArn: arn, tableStreamArn: `${arn}/stream/1` };
    const table = Table.fromTableAttributes(stack, "Table", own);
    const lake = new Lake(stack, "Lake");
    const source = new DynamoDbLake(stack, "Orders", { lake, table, schemaFile: schemaNamed("orders") });
    expect(source.ownerSetup).toBeUndefined();
    const roles = resourcesOf(templateOf(stack), "AWS::IAM::Role").values();
    expect([...roles].flatMap(({ Properties }) => Properties.RoleName ?? [])).toEqual([]);
  });
});

/** AWS: Amazon S3 user guide, "Policies and permissions in Amazon S3" (20 KB) and "General purpose bucket naming rules". */
const BUCKET_POLICY_CHARACTERS_MAX = 20_480;
const BUCKET_CHARACTERS_MAX = 63;
/** AWS: IAM user guide, "IAM and AWS STS quotas". */
const ROLE_CHARACTERS_MAX = 64;

test("a lake has room for 40 tables of other accounts in its bucket's policy, with the longest names", () => {
  const stack = new Stack(testApp(), "Stack", { env: OURS });
  const lake = new Lake(stack, "Lake");
  for (let i = 10; i < 50; i++) {
    const name = sourceName(new Construct(stack, `OrdersOfTheShopsIn${i}`));
    const role = name.padStart(ROLE_CHARACTERS_MAX, "r");
    lake.acceptExports(name, {
      account: "222222222222",
      roleArn: `arn:aws:iam::222222222222:role/${role}`,
    });
  }
  const { PolicyDocument } = resourceOf(templateOf(stack), "AWS::S3::BucketPolicy").Properties;
  const text = JSON.stringify(PolicyDocument, (_, value) => (isReference(value) ? flat(value) : value))
    .replaceAll(/<LakeBucket\.?Arn>/g, `arn:aws:s3:::${"b".repeat(BUCKET_CHARACTERS_MAX)}`)
    .replaceAll("<AWS::Partition>", "aws");
  expect(text).not.toContain("<");
  expect(text.match(/"Sid":"ExportsOf\w+"/g)).toHaveLength(40);
  expect(text.length).toBeLessThan(BUCKET_POLICY_CHARACTERS_MAX);
});

/** Whether a value of a template is put together while it is deployed. */
function isReference(value: unknown): boolean {
  return (
    typeof value === "object" &&
    value !== null &&
    Object.keys(value).some((key) => /^(?:Fn::|Ref$)/.test(key))
  );
}

const OTHERS = "arn:aws:dynamodb:eu-west-1:111111111111:table/Orders";

test.each<[string, Given, string]>([
  ["without an ARN of a role", { ownerRoleArn: "dynalake" }, 'invalid ownerRoleArn: "dynalake"'],
  [
    "with a role of a third account",
    { ownerRoleArn: "arn:aws:iam::333333333333:role/dynalake" },
    "is a role of account 333333333333",
  ],
  [
    "in another region",
    { env: { ...OURS, region: "us-east-1" } },
    "is in region eu-west-1, but its lake table is in us-east-1",
  ],
  ["with a stack of no known account", { env: {} }, "has no known account and region"],
  ["with the stream of another table", { streamArn: `${TABLE}2/stream/x` }, "not given by its ARNs"],
  [
    "that is the lake's own",
    { tableArn: OTHERS, streamArn: `${OTHERS}/stream/x` },
    "is in the lake's own account",
  ],
])("a table of another account %s is refused", (_, given, message) => {
  expect(() => made(given)).toThrow(
    expect.objectContaining({ code: "USAGE", message: expect.stringContaining(message) }),
  );
});

describe("a table of another account in the context", () => {
  const entry = (more: object = {}) => ({
    ...{ table: TABLE, stream: STREAM, ownerRole: ROLE, schema: schemaNamed("orders") },
    ...more,
  });
  const deploy = async (...exports: readonly object[]) => {
    const app = testApp({ exports, example: false });
    const connect = () => {
      throw new Error("nothing may be described");
    };
    const lakeTables = () => Promise.resolve(undefined);
    await addStacks(app, { env: OURS, connect, lakeTables, root });
    return app;
  };

  test("is not described, and what its owner attaches is written beside the templates", async () => {
    const app = await deploy(entry(), entry({ schema: schemaNamed("lines") }));
    const file = join(app.outdir, "DynalakeOrders.owner.json");
    expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({ streamArn: STREAM, roleArn: ROLE });
    const { Statement } = JSON.parse(readFileSync(file, "utf8")).streamPolicy;
    expect(Statement[0].Condition.ArnEquals["aws:PrincipalArn"]).toMatch(/^arn:aws:iam::111111111111:role\//);
  });

  test.each([
    ["stream", STREAM, `${TABLE}/stream/2027`],
    ["ownerRole", ROLE, `${ROLE}-2`],
    ["encryptionKey", "none", KEY],
  ])("is refused where two entries differ in %s, which are both named", async (name, first, second) => {
    const other = entry({ schema: schemaNamed("lines"), [name]: second });
    await expect(deploy(entry(), other)).rejects.toMatchObject({
      code: "USAGE",
      message: expect.stringMatching(
        new RegExp(`two values of ${name}: ${first} with .*, and ${second} with`),
      ),
      next: expect.stringContaining(name),
    });
  });

  test.each([{ table: "Orders" }, { stream: undefined }, { ownerRole: undefined }])(
    "is refused with %j",
    async (more) => {
      const error = await deploy(entry(more)).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(DynalakeError);
      expect(error).toMatchObject({ code: "USAGE", next: expect.stringContaining("ownerRole") });
    },
  );
});
