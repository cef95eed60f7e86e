/** A lake whose source table is in another account, which opens it by what `cdk synth` writes for its owner, and by nothing else. */
import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import {
  BatchWriteItemCommand,
  CreateTableCommand,
  DeleteResourcePolicyCommand,
  DynamoDBClient,
  PutItemCommand,
  PutResourcePolicyCommand,
  UpdateContinuousBackupsCommand,
} from "@aws-sdk/client-dynamodb";
import {
  CreateRoleCommand,
  DeleteRolePolicyCommand,
  IAMClient,
  PutRolePolicyCommand,
} from "@aws-sdk/client-iam";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { DoubtAnswer } from "../../src/core/doctor/answer.ts";
import { dynalakeProcess } from "../support/cli-process.ts";
import { deployStacks } from "./support/deploy.ts";
import { type AwsEmulator, startEmulator } from "./support/emulator.ts";
import { DeployedTable, type StoredItem, until } from "./support/reviews.ts";

const OWNER = "222222222222";
const ROLE = "dynalake-lent";
const APP = "node_modules/.bin/tsx";
const STACK = "DynalakeLent";

interface Setup {
  readonly streamArn: string;
  readonly streamPolicy: object;
  readonly roleTrust: object;
  readonly rolePermissions: object;
}

let emulator: AwsEmulator;
let lent: DeployedTable;
let setup: Setup;
let dynamodb: DynamoDBClient;
let iam: IAMClient;

const item = (id: number, n: number): StoredItem => ({ Id: { S: `item ${id}` }, N: { N: String(n) } });
const put = (Item: StoredItem) => dynamodb.send(new PutItemCommand({ TableName: "Lent", Item }));
const openStream = () =>
  dynamodb.send(
    new PutResourcePolicyCommand({
      ResourceArn: setup.streamArn,
      Policy: JSON.stringify(setup.streamPolicy),
    }),
  );
const allowRole = () =>
  iam.send(
    new PutRolePolicyCommand({
      RoleName: ROLE,
      PolicyName: "dynalake",
      PolicyDocument: JSON.stringify(setup.rolePermissions),
    }),
  );

async function makeTable(): Promise<{ readonly table: string; readonly stream: string }> {
  const { TableDescription } = await dynamodb.send(
    new CreateTableCommand({
      TableName: "Lent",
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: [{ AttributeName: "Id", AttributeType: "S" }],
      KeySchema: [{ AttributeName: "Id", KeyType: "HASH" }],
      StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" },
    }),
  );
  const PointInTimeRecoverySpecification = { PointInTimeRecoveryEnabled: true };
  await dynamodb.send(
    new UpdateContinuousBackupsCommand({ TableName: "Lent", PointInTimeRecoverySpecification }),
  );
  const { LatestStreamArn: stream = "", TableArn: table = "" } = TableDescription ?? {};
  return { table, stream };
}

/** The context of the app, and what its synthesis writes for the owner. */
async function synthesized(
  arns: object,
): Promise<{ readonly context: Record<string, string>; readonly setup: Setup }> {
  const schema = join(emulator.folder, "lent.json");
  const attributes = { Id: { type: "string" }, N: { type: "int" } };
  await writeFile(schema, JSON.stringify({ table: "lent", source: "Lent", key: { hash: "Id" }, attributes }));
  const entry = { ...arns, schema, ownerRole: `arn:aws:iam::${OWNER}:role/${ROLE}` };
  const context = { exports: JSON.stringify([entry]), example: "false" };
  const out = join(emulator.folder, "synthesized");
  await mkdir(out);
  await promisify(execFile)(APP, ["infra/app.ts"], {
    env: {
      ...emulator.environment,
      CDK_DEFAULT_ACCOUNT: "000000000000",
      CDK_DEFAULT_REGION: "us-east-1",
      CDK_CONTEXT_JSON: JSON.stringify(context),
      CDK_OUTDIR: out,
    },
  });
  return { context, setup: JSON.parse(await readFile(join(out, `${STACK}.owner.json`), "utf8")) };
}

beforeAll(async () => {
  emulator = await startEmulator({ iam: true });
  const owner = { ...emulator.client, credentials: { accessKeyId: OWNER, secretAccessKey: "test" } };
  dynamodb = new DynamoDBClient(owner);
  iam = new IAMClient(owner);
  const arns = await makeTable();
  expect(arns.table).toBe(`arn:aws:dynamodb:us-east-1:${OWNER}:table/Lent`);
  const app = await synthesized(arns);
  setup = app.setup;
  const AssumeRolePolicyDocument = JSON.stringify(setup.roleTrust);
  await iam.send(new CreateRoleCommand({ RoleName: ROLE, AssumeRolePolicyDocument }));
  await allowRole();
  await openStream();
  const requests = [1, 2, 3].map((id) => ({ PutRequest: { Item: item(id, 1) } }));
  await dynamodb.send(new BatchWriteItemCommand({ RequestItems: { Lent: requests } }));
  await deployStacks(emulator, { app: `${APP} infra/app.ts`, context: app.context });
  lent = await DeployedTable.open(emulator, STACK);
});

afterAll(async () => {
  lent?.close();
  dynamodb?.destroy();
  iam?.destroy();
  await emulator?.stop();
});

const shows = (expected: readonly (readonly [string, number])[]) =>
  until("the lake shows the table", async () => {
    const rows = await lent.rows("SELECT id, n FROM lent ORDER BY id");
    return JSON.stringify(rows.map(({ id, n }) => [id, Number(n)])) === JSON.stringify(expected) || undefined;
  });

test("its export and its changes are in the lake, and no role was denied anything", async () => {
  await lent.seeded();
  await put(item(2, 2));
  await put(item(4, 1));
  await shows([
    ["item 1", 1],
    ["item 2", 2],
    ["item 3", 1],
    ["item 4", 1],
  ]);
  expect(await emulator.denials("dynalake-")).toEqual([]);
});

test("its stream is read as long as its policy says so", async () => {
  await dynamodb.send(new DeleteResourcePolicyCommand({ ResourceArn: setup.streamArn }));
  await until("Lambda is denied the stream", async () =>
    (await lent.lastResult()) === "PROBLEM: access denied" ? true : undefined,
  );
  const { store } = lent.lake;
  const changes = async () => (await store.list("lent/changes/")).length;
  const before = await changes();
  await put(item(5, 1));
  await lent.invoke("source", { step: "look" });
  expect(await changes()).toBe(before);
  await lent.delivered(async () => void (await openStream()));
});

async function doctorSays(): Promise<DoubtAnswer | undefined> {
  const { stdout } = await dynalakeProcess(["doctor", "--stack", STACK, "--json"], {
    env: emulator.environment,
    secondsMax: 240,
  });
  const { answers } = JSON.parse(stdout) as { readonly answers: readonly DoubtAnswer[] };
  return answers.find(({ doubt }) => doubt === "other-account");
}

test("doctor sees what the owner's role may do, and the call that it may not", async () => {
  expect(await doctorSays()).toMatchObject({ verdict: "seen" });
  const snapshots = (await lent.executions("snapshot")).length;
  expect(await lent.run("snapshot")).toMatchObject({ status: "SUCCEEDED" });
  expect(await lent.executions("snapshot")).toHaveLength(snapshots + 1);
  await iam.send(new DeleteRolePolicyCommand({ RoleName: ROLE, PolicyName: "dynalake" }));
  expect(await doctorSays()).toMatchObject({
    verdict: "contradicted",
    evidence: expect.stringContaining("DescribeContinuousBackups is refused (AccessDeniedException)"),
  });
  expect(await lent.run("snapshot")).toMatchObject({ status: "FAILED", output: { Error: "CREDENTIALS" } });
  await allowRole();
});
