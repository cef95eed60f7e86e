/** People who may do no more than assume a reader's role query the lake, in a work group of their own. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CloudFormationClient, DescribeStacksCommand } from "@aws-sdk/client-cloudformation";
import {
  CreateRoleCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  IAMClient,
  PutRolePolicyCommand,
} from "@aws-sdk/client-iam";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { Ended } from "../support/cli.ts";
import { dynalakeProcess } from "../support/cli-process.ts";
import type { AwsEmulator } from "./support/emulator.ts";
import { FunctionRole } from "./support/grants.ts";
import type { DeployedTable } from "./support/reviews.ts";
import { openWorld } from "./support/world.ts";

const ROLE = "reader-analysts";

let emulator: AwsEmulator;
let proved: DeployedTable;
let role: FunctionRole;
let env: Readonly<Record<string, string>>;

beforeAll(async () => {
  const world = await openWorld("proved");
  emulator = world.emulator;
  proved = world.tables.proved;
  await proved.seeded();
  await makeRole(await policyText());
  role = await FunctionRole.named(emulator, ROLE);
  env = await environmentOfReader();
});

afterAll(() => {
  role?.close();
  proved?.close();
});

/** The policy that the lake's stack makes for the reader. */
async function policyText(): Promise<string> {
  const cloudFormation = new CloudFormationClient(emulator.client);
  const iam = new IAMClient(emulator.client);
  const { Stacks } = await cloudFormation.send(new DescribeStacksCommand({ StackName: "DynalakeLake" }));
  const PolicyArn = Stacks?.[0]?.Outputs?.find(({ OutputKey }) =>
    OutputKey?.includes("analysts"),
  )?.OutputValue;
  const { Policy } = await iam.send(new GetPolicyCommand({ PolicyArn }));
  const VersionId = Policy?.DefaultVersionId;
  const { PolicyVersion } = await iam.send(new GetPolicyVersionCommand({ PolicyArn, VersionId }));
  cloudFormation.destroy();
  iam.destroy();
  const text = PolicyVersion?.Document ?? "";
  return text.startsWith("{") ? text : decodeURIComponent(text);
}

async function makeRole(PolicyDocument: string): Promise<void> {
  const iam = new IAMClient(emulator.client);
  const trust = { Effect: "Allow", Principal: { AWS: "000000000000" }, Action: "sts:AssumeRole" };
  const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [trust] });
  await iam.send(new CreateRoleCommand({ RoleName: ROLE, AssumeRolePolicyDocument }));
  await iam.send(new PutRolePolicyCommand({ RoleName: ROLE, PolicyName: "permissions", PolicyDocument }));
  iam.destroy();
}

/** The command itself assumes the role, as a profile says. */
async function environmentOfReader(): Promise<Readonly<Record<string, string>>> {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, ...others } = emulator.environment;
  const file = join(emulator.folder, "reader.ini");
  await writeFile(
    file,
    `[profile reader]
role_arn = arn:aws:iam::000000000000:role/${ROLE}
source_profile = person
[profile person]
aws_access_key_id = ${AWS_ACCESS_KEY_ID}
aws_secret_access_key = ${AWS_SECRET_ACCESS_KEY}
`,
  );
  return { ...others, AWS_PROFILE: "reader", AWS_CONFIG_FILE: file, AWS_SHARED_CREDENTIALS_FILE: file };
}

/** The view may have no segments yet, and a reader may ask the tables under it, too. */
const SQL =
  "SELECT (SELECT count(*) FROM proved) + (SELECT count(*) FROM proved__segments WHERE _segment = 'b-0') >= 0 AS counted";

function query(...more: readonly string[]): Promise<Ended> {
  const args = ["query", SQL, "--stack", "DynalakeLake", "--format", "jsonl", ...more];
  return dynalakeProcess(args, { env, secondsMax: 120 });
}

test("a reader's policy permits a query in its work group, and each permission is needed", async () => {
  await role.grow({
    run: async () => {
      const ended = await query("--work-group", "dynalake-analysts");
      return ended.code === 0 ? { answer: ended.stdout } : { error: ended.stderr };
    },
  });
  const unneeded = role.unneeded().map((grant) => grant.replace(/arn:aws:s3:::\S+/, "bucket"));
  // The emulator does not check these: Athena does, for the catalog, and for results that it writes and reads in parts.
  expect(unneeded).toEqual([
    "athena:GetDataCatalog datacatalog/AwsDataCatalog",
    // For an interrupt.
    "athena:StopQueryExecution workgroup/dynalake-analysts",
    "glue:GetDatabase database/default",
    "glue:GetDatabase table/dynalake/*",
    ...["catalog", "database/dynalake", "table/dynalake/*"].map((place) => `glue:GetPartition ${place}`),
    ...["catalog", "database/dynalake", "table/dynalake/*"].map((place) => `glue:GetTables ${place}`),
    "s3:AbortMultipartUpload _readers/analysts/*",
    "s3:GetObject _readers/analysts/*",
    "s3:ListBucket _readers/analysts/*",
    "s3:ListBucketMultipartUploads bucket",
    "s3:ListMultipartUploadParts _readers/analysts/*",
  ]);
});

test("a reader may not query in the lake's work group", async () => {
  await role.restore();
  expect(await query("--work-group", "dynalake-analysts")).toMatchObject({
    code: 0,
    stdout: '{"counted":true}\n',
  });
  const refused = await query();
  expect(refused).toMatchObject({ code: 1, stdout: "" });
  expect(refused.stderr).toContain("error CREDENTIALS");
});
