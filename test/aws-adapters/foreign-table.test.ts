/** Calls about a table of another account, by a role of its owner. */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { describe, expect, test } from "@jest/globals";
import { checkAccess } from "../../src/aws/steps/check-access.ts";
import { roleCredentials } from "../../src/sdk/role-credentials.ts";
import { type FakeAnswer, type FakeAws, fakeAws, refusal } from "./fake-aws.ts";

const TABLE = "arn:aws:dynamodb:eu-west-1:222222222222:table/Orders";
const ROLE = "arn:aws:iam::222222222222:role/dynalake";

const ASSUMED: FakeAnswer = {
  body: `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
    <AccessKeyId>ASIAX</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken>
    <Expiration>2026-11-29T18:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`,
};
const DENIED: FakeAnswer = {
  status: 403,
  body: "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>not authorized</Message></Error></ErrorResponse>",
};

const withoutCredentials = ({ options: { credentials: _, ...options } }: FakeAws) => options;

/** The credentials of this process, as a client finds them. */
const OWN = new DynamoDBClient(fakeAws(() => ({ body: {} })).options).config.credentials;

describe("the owner's role", () => {
  test("is assumed, and its credentials expire", async () => {
    const fake = fakeAws(() => ASSUMED);
    expect(await roleCredentials(ROLE, OWN, withoutCredentials(fake))()).toEqual({
      accessKeyId: "ASIAX",
      secretAccessKey: "secret",
      sessionToken: "token",
      expiration: new Date("2026-11-29T18:00:00Z"),
    });
    expect(new URLSearchParams(fake.requests[0]?.text).get("RoleArn")).toBe(ROLE);
  });

  test("that does not trust the function is named, with what its owner does", async () => {
    const refused = roleCredentials(ROLE, OWN, withoutCredentials(fakeAws(() => DENIED)))();
    await expect(refused).rejects.toMatchObject({
      code: "CREDENTIALS",
      message: expect.stringContaining(ROLE),
      next: expect.stringContaining("A table of another account"),
    });
  });

  test("signs the calls of a client", async () => {
    const sts = fakeAws(() => ASSUMED);
    const dynamodb = fakeAws(() => ({ body: {} }));
    const credentials = roleCredentials(ROLE, OWN, withoutCredentials(sts));
    const client = new DynamoDBClient({ ...dynamodb.options, credentials });
    await checkAccess(client, TABLE);
    const [request] = dynamodb.requests;
    expect(request?.headers.authorization).toContain("Credential=ASIAX/");
    expect(request?.headers["x-amz-security-token"]).toBe("token");
  });
});

describe("a check of the access", () => {
  const check = (answers: Readonly<Record<string, FakeAnswer>>) => {
    const fake = fakeAws(({ operation }) => answers[operation] ?? { body: {} });
    return { fake, checked: checkAccess(new DynamoDBClient(fake.options), TABLE) };
  };
  const NONE = { DescribeExport: refusal("ExportNotFoundException", "no such export") };
  const ALL = ["DescribeTable", "DescribeContinuousBackups", "DescribeExport"];

  test("starts nothing, names the table by its ARN, and takes an unknown export for an answer", async () => {
    const { checked, fake } = check(NONE);
    expect(await checked).toEqual({ allowed: ALL, refused: [] });
    expect(fake.requests.map(({ operation }) => operation)).toEqual(ALL);
    for (const { text } of fake.requests) expect(text).toContain(TABLE);
  });

  test("tells each call that is refused", async () => {
    const DescribeContinuousBackups = refusal("AccessDeniedException", "no");
    expect(await check({ ...NONE, DescribeContinuousBackups }).checked).toEqual({
      allowed: ["DescribeTable", "DescribeExport"],
      refused: [{ call: "DescribeContinuousBackups", failure: "AccessDeniedException" }],
    });
  });

  test("fails where a call has no answer for now", async () => {
    const DescribeTable = refusal("ThrottlingException", "slow down");
    await expect(check({ DescribeTable }).checked).rejects.toMatchObject({ code: "THROTTLED" });
  });
});
