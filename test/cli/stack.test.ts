/** Commands on a deployment: what is rejected before anything starts, and how failures of services are reported. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import "../../src/aws/delivery-status.ts";
import "../../src/aws/segments-table.ts";
import "../../src/stack/compact.ts";
import "../../src/stack/drift.ts";
import "../../src/stack/items.ts";
import "../../src/stack/open-stack.ts";
import "../../src/stack/query.ts";
import "../../src/stack/replay.ts";
import "../../src/stack/schema-diff.ts";
import "../../src/stack/snapshot.ts";
import "../../src/stack/status.ts";
import { EXIT } from "../../src/cli/context/command.ts";
import "../../src/stack/vacuum.ts";
import "../../src/stack/verify.ts";
import { storedTables } from "../../src/aws/stored-tables.ts";
import { foundPath, tableEntryPath } from "../../src/core/format/deployment-path.ts";
import { manifestPath, schemaPath } from "../../src/core/format/lake-path.ts";
import {
  initialManifest,
  type Manifest,
  manifestText,
  type Segment,
} from "../../src/core/format/manifest.ts";
import { parseSchema, type SchemaFile } from "../../src/core/schema/schema.ts";
import { schemaMark } from "../../src/core/schema/schema-change.ts";
import { type FakeAnswer, refusal } from "../aws-adapters/fake-aws.ts";
import { dynalake, dynalakes, type Ended, expectRefused, startDynalake } from "../support/cli.ts";
import { dynalakeProcess } from "../support/cli-process.ts";
import { deepTest } from "../support/deep-test.ts";
import { type CloudRequest, type FakeCloud, fakeCloud } from "../support/fake-cloud.ts";
import {
  bucketAnswer,
  MISSING_STACK,
  registryKeys,
  STACK_ANSWER,
  type StackTable,
} from "../support/fake-stack.ts";
import { withFolder } from "../support/folders.ts";
import { LAKE_ENTRY, tableEntry } from "../support/registry.ts";

const REVIEWS: StackTable = { table: "reviews", source: "Reviews" };
const REVIEWS_SCHEMA = { ...REVIEWS, key: { hash: "Id" }, attributes: { Id: { type: "string" } } };
const ARN = "arn:aws:states:us-east-1:1:execution:machine:run";

type Answers = Readonly<Record<string, (request: CloudRequest) => FakeAnswer>>;

let cloud: FakeCloud;
let answers: Answers;

beforeAll(async () => {
  cloud = await fakeCloud((request) => answers[request.operation]?.(request));
  Object.assign(process.env, cloud.env);
});

beforeEach(() => {
  answers = stackOf([REVIEWS]);
});

afterAll(() => cloud.close());

/** A stack with these tables, whose bucket holds these keys as well. */
function stackOf(tables: readonly StackTable[], more: ReadonlyMap<string, string> = new Map()): Answers {
  const keys = new Map([...registryKeys(tables), ...more]);
  return { DescribeStacks: () => STACK_ANSWER, "": ({ path }) => bucketAnswer(path, keys) };
}

const onStack = (...args: readonly string[]) => dynalake([...args, "--stack", "S"]);

/** A machine whose executions end this way. */
function machineThatEnds(end: object, more: Answers = {}): void {
  answers = {
    ...answers,
    StartExecution: () => ({ body: { executionArn: ARN, startDate: 1 } }),
    DescribeExecution: () => ({ body: { executionArn: ARN, startDate: 1, ...end } }),
    ...more,
  };
}

const started = (): readonly CloudRequest[] =>
  cloud.requests.filter(({ operation }) => /^Start/.test(operation));

test("a stack and a folder exclude each other, and so do a stack and what means nothing there", async () => {
  const refused = [
    ["status", "--lake", "lake"],
    ["query", "SELECT 1", "--lake", "lake"],
    ["snapshot", "--from-export", "x"],
    ["snapshot", "--endpoint", "http://127.0.0.1:1"],
    ["snapshot", "--threads", "1"],
    ["replay", "x.json", "--key", "Id"],
  ];
  const ends = await dynalakes(refused.map((command) => [...command, "--stack", "S"]));
  for (const [i, ended] of ends.entries())
    expectRefused(ended, { code: "USAGE", names: ["--stack", refused[i]?.at(-2) as string] });
  const before = cloud.requests.length;
  expect(before).toBe(0);
});

test("a region without a stack is refused", async () => {
  const commands = [["status"], ["compact"], ["vacuum"], ["query", "SELECT 1"]];
  for (const ended of await dynalakes(commands.map((command) => [...command, "--region", "eu-central-1"])))
    expectRefused(ended, { code: "USAGE", names: ["--region"], next: "--stack" });
});

deepTest("a stack that is not there, without a region or without credentials, says so", async () => {
  answers = { DescribeStacks: () => MISSING_STACK };
  expectRefused(await onStack("status"), {
    code: "USAGE",
    names: ['stack "S" does not exist'],
    next: "--stack",
  });
  const { AWS_ENDPOINT_URL = "", AWS_REGION = "", ...secrets } = cloud.env;
  const nowhere = await dynalakeProcess(["status", "--stack", "S"], {
    env: { AWS_ENDPOINT_URL, ...secrets },
  });
  expectRefused(nowhere, { code: "USAGE", names: ["no region"], next: "--region" });
  const nobody = await dynalakeProcess(["status", "--stack", "S", "--region", AWS_REGION], {
    env: { AWS_ENDPOINT_URL },
  });
  expectRefused(nobody, { code: "CREDENTIALS", names: ["no credentials were found"], next: "AWS_PROFILE" });
});

test("a table that the stack does not have is refused with those that it has; several want a choice", async () => {
  answers = stackOf([REVIEWS, { table: "orders", source: "Orders" }]);
  expectRefused(await onStack("status", "--table", "other"), {
    code: "USAGE",
    names: ["other", "orders, reviews"],
  });
  expectRefused(await onStack("snapshot"), { code: "USAGE", names: ["orders, reviews"], next: "--table" });
});

test("a snapshot that fails says why in the function's words, and ends with its code", async () => {
  const errorMessage = "recovery of Reviews is off -> Turn it on.";
  machineThatEnds({ status: "FAILED", error: "BACKUPS_OFF", cause: JSON.stringify({ errorMessage }) });
  expectRefused(await onStack("snapshot"), {
    code: "BACKUPS_OFF",
    names: ['the snapshot of "reviews" failed: recovery of Reviews is off'],
    next: "Turn it on.",
  });
});

test("a snapshot that is not the newest is a conflict; one that was skipped is told", async () => {
  machineThatEnds({ status: "SUCCEEDED", output: '{"outcome":"conflict"}' });
  expectRefused(await onStack("snapshot"), { code: "CONFLICT", names: ["later time"] });
  machineThatEnds({ status: "SUCCEEDED", output: '{"outcome":"skipped"}' });
  const skipped = await onStack("snapshot", "--table", "reviews");
  expect(skipped).toMatchObject({ code: 0, stdout: "", stderr: expect.stringContaining("was skipped") });
  machineThatEnds({ status: "SUCCEEDED", output: '{"outcome":"committed"}' });
  expectRefused(await onStack("snapshot"), {
    code: "USAGE",
    names: ["does not match this version"],
    next: "Deploy",
  });
});

test("what is left in quarantine by a snapshot is told, and its exit code is 3", async () => {
  const output = { outcome: "committed", items: 1234, skipped: 5, quarantined: 2, commit: { manifest: 7 } };
  machineThatEnds({ status: "SUCCEEDED", output: JSON.stringify(output) });
  const ended = await onStack("snapshot");
  expect(ended).toMatchObject({
    code: 3,
    stdout: 'Snapshot of Reviews: 1,234 items in "reviews", 5 belong to other tables\n',
  });
  expect(ended.stderr).toContain("s3://bucket/reviews/quarantine/");
  expect(JSON.parse((await onStack("snapshot", "--json")).stdout)).toEqual({
    table: "reviews",
    items: 1234,
    skipped: 5,
    quarantined: 2,
    manifest: 7,
  });
});

test("schema drift of a stack says what compactions have found, without a statement, whether columns follow or not", async () => {
  const drift = async (evolve: "all" | "none", ...more: readonly string[]): Promise<string> => {
    const schema = { ...REVIEWS_SCHEMA, evolve };
    const types = { types: { N: 2 }, wholeDigits: 1, fractionDigits: 0 };
    const found = {
      looks: [{ runs: ["a"], found: [{ attribute: "stars", hidden: 2, values: 2, ...types }] }],
      since: { stars: 1_800_000_000 },
    };
    const keys = new Map([
      [schemaPath("reviews"), JSON.stringify(schema)],
      [manifestPath("reviews", 1), manifestText({ ...initialManifest(1), sequence: 1, schema })],
      [foundPath("reviews"), JSON.stringify({ format: 1, ...found })],
    ]);
    answers = stackOf([REVIEWS], keys);
    return (await onStack("schema", "drift", ...more)).stdout;
  };
  const before = started().length;
  expect(await drift("all")).toBe(
    [
      "reviews:",
      "  stars: up to 2 values are not in SQL: no column (numbers, up to 1 digit), since 2027-01-15 08:00:00Z; _unmapped has them",
      '    add  "stars": {"type":"bigint"}',
      "  as compactions have found it: changes since then are not in it, and rows that were replaced still count. --exact counts",
      "",
    ].join("\n"),
  );
  expect(JSON.parse(await drift("all", "--json"))).toMatchObject({
    ...{ table: "reviews", exact: false },
    drift: [
      { attribute: "stars", hidden: 2, sinceSeconds: 1_800_000_000, line: '"stars": {"type":"bigint"}' },
    ],
  });
  expect(await drift("none")).toBe(await drift("all"));
  expect(started()).toHaveLength(before);
});

/** A stack whose table has rows by `committed`, and that was deployed last with `deployed`; Glue has `inGlue` beside its columns. */
function stackWithSchemas({ committed, deployed = committed, manifest = {}, inGlue = [] }: Schemas): void {
  const key = tableEntryPath("Reviews", "reviews");
  const entry = tableEntry("Reviews", "reviews", { stack: "S", schema: deployed });
  const first = { ...initialManifest(1), sequence: 1, schema: committed, ...manifest };
  answers = {
    ...stackOf(
      [REVIEWS],
      new Map([
        [key, JSON.stringify(entry)],
        [manifestPath("reviews", 1), manifestText(first)],
      ]),
    ),
    GetTable: ({ input }) => {
      const table = storedTables("bucket", parseSchema(committed, "a test")).find(
        ({ Name }) => Name === input?.Name,
      );
      const { StorageDescriptor } = table ?? {};
      const Columns = [...(StorageDescriptor?.Columns ?? []), ...inGlue];
      return { body: { Table: { ...table, StorageDescriptor: { ...StorageDescriptor, Columns } } } };
    },
  };
}

interface Schemas {
  readonly committed: SchemaFile;
  readonly deployed?: SchemaFile;
  readonly manifest?: Partial<Manifest>;
  readonly inGlue?: readonly { readonly Name: string; readonly Type: string }[];
}

const reviewsWith = (attributes: SchemaFile["attributes"], more: Partial<SchemaFile> = {}): SchemaFile => ({
  ...REVIEWS_SCHEMA,
  attributes: { ...REVIEWS_SCHEMA.attributes, ...attributes },
  ...more,
});
const COMMITTED = reviewsWith({
  stars: { type: "bigint" },
  note: { type: "string" },
  place: { type: "string" },
  day: { type: "string" },
});
const CHANGED = reviewsWith(
  {
    stars: { type: "decimal(22,2)" },
    note: { type: "string", name: "remark" },
    place: { type: "bigint" },
    day: { type: "string", hidden: true },
    coupon: { type: "string" },
  },
  { evolve: "types" },
);

const pick = ({ attributes }: SchemaFile, ...names: readonly string[]): SchemaFile["attributes"] =>
  Object.fromEntries(Object.entries(attributes).filter(([name]) => names.includes(name)));

/** `schema diff` of a file with this content, on the stack. */
async function schemaDiff(content: unknown, ...more: readonly string[]): Promise<Ended> {
  return withFolder(async (folder) => {
    const file = join(folder, "reviews.json");
    await writeFile(file, JSON.stringify(content));
    const before = cloud.requests.length;
    const ended = await onStack("schema", "diff", file, ...more);
    const asked = cloud.requests.slice(before);
    const isReading = ({ method, operation }: CloudRequest): boolean =>
      method === "GET" || operation === "DescribeStacks" || operation === "GetTable";
    expect(asked.filter((request) => !isReading(request))).toEqual([]);
    const said = (text: string): string => text.replaceAll(file, "reviews.json");
    return { ...ended, stdout: said(ended.stdout), stderr: said(ended.stderr) };
  });
}

test("schema diff of a stack says what a deployment would change, and when, and only reads", async () => {
  stackWithSchemas({ committed: COMMITTED });
  expect(await schemaDiff(COMMITTED)).toMatchObject({
    code: 0,
    stdout: 'reviews.json is the schema of "reviews" already\n',
  });
  const lines = [
    "  adds coupon, string: existing rows get their values from _unmapped",
    "  makes stars decimal(22,2); it was bigint. In Athena, 7 / 2 is 3 for bigint and 3.50 for decimal(22,2)",
    "  makes place bigint; it was string. Values that do not fit are in place__text",
    "  renames note to remark: statements that say note fail from then on",
    "  hides day: it is written as before, and no view shows it",
    '  sets "evolve" to "types"; it was "none"',
    'All of it comes with the first compaction after Glue has had "coupon", "stars__decimal_22_2", "place__bigint" for 30 min; rows are written as before until then',
  ];
  expect((await schemaDiff(CHANGED)).stdout).toBe(
    [
      'reviews.json changes, once it is deployed, "reviews":',
      ...lines,
      "Nothing was changed: deploy the file with its app",
      "",
    ].join("\n"),
  );
  expect(JSON.parse((await schemaDiff(CHANGED, "--json")).stdout)).toMatchObject({
    ...{ table: "reviews", outcome: "planned", isDeployed: false, settleSeconds: 1800, replaces: [] },
    newColumns: ["coupon", "stars__decimal_22_2", "place__bigint"],
    retyped: [{ name: "place", text: "place__text" }],
    evolve: { from: "none", to: "types" },
  });
  const documented = reviewsWith({ ...COMMITTED.attributes, ...pick(CHANGED, "stars", "note", "coupon") });
  const printed = (await schemaDiff(documented)).stdout.replaceAll("reviews", "orders");
  expect(await readFile(join(import.meta.dirname, "../../docs/aws.md"), "utf8")).toContain(
    `$ npx dynalake schema diff orders.json --stack Shop\n${printed.replaceAll("stars", "total")}`,
  );
  stackWithSchemas({ committed: COMMITTED, deployed: CHANGED });
  expect((await schemaDiff(CHANGED)).stdout).toBe(
    ['reviews.json is deployed, and will change "reviews":', ...lines, "Nothing was changed", ""].join("\n"),
  );
  // Names wait for no column, and a schema that waits is told before another takes its place.
  const renamed = reviewsWith({ ...COMMITTED.attributes, note: { type: "string", name: "remark" } });
  expect((await schemaDiff(renamed)).stdout).toContain(
    [
      "The first compaction after the deployment brings it",
      'reviews.json takes the place of the deployed schema, which waits and adds "coupon" and makes "stars" decimal(22,2) and',
    ].join("\n"),
  );
});

test("schema diff of a stack refuses what its deployment would, with the place; apply is for folders", async () => {
  const refused = (names: readonly string[], next?: string) => ({
    ...{ code: "SCHEMA_INVALID" as const, names },
    ...(next === undefined ? {} : { next }),
  });
  stackWithSchemas({ committed: COMMITTED });
  const { note: _, ...without } = COMMITTED.attributes;
  expectRefused(
    await schemaDiff({ ...COMMITTED, attributes: without }),
    refused(['"reviews": attributes.note: its column cannot be removed'], "add attributes"),
  );
  expectRefused(
    await schemaDiff({ ...COMMITTED, table: "orders" }, "--table", "reviews"),
    refused(['"orders" is a different table']),
  );
  expectRefused(await schemaDiff({ ...COMMITTED, table: "orders" }), {
    code: "USAGE",
    names: ['no lake table "orders"', "reviews"],
  });
  expectRefused(await schemaDiff("nothing"), refused(["reviews.json"]));
  // A schema that was deployed before this one, and never used, has left a column in Glue.
  stackWithSchemas({ committed: COMMITTED, inGlue: [{ Name: "coupon", Type: "bigint" }] });
  expectRefused(await schemaDiff(CHANGED), refused(['"coupon"', "is bigint and cannot become string"]));
  const manifest = { formerSchemas: [schemaMark(COMMITTED)], schema: { ...CHANGED, evolution: 4 } };
  stackWithSchemas({ committed: CHANGED, manifest });
  expectRefused(
    await schemaDiff(COMMITTED),
    refused(["holds an earlier schema", "deploying it changes nothing"], '"evolution": 4'),
  );
  const before = cloud.requests.length;
  expectRefused(await onStack("schema", "apply", "my reviews.json", "--region", "eu-west-1"), {
    code: "USAGE",
    names: ["a stack gets its schemas by deployments", "the next deployment would"],
    next: "dynalake schema diff 'my reviews.json' --stack S",
  });
  expect(cloud.requests).toHaveLength(before);
});

test("a dry run of vacuum says what it would remove, and removes nothing", async () => {
  const keys = new Map([
    [schemaPath("reviews"), JSON.stringify(REVIEWS_SCHEMA)],
    [manifestPath("reviews", 1), manifestText({ ...initialManifest(1), sequence: 1 })],
    ["reviews/segments/gone/0/a.parquet", "12345"],
  ]);
  answers = stackOf([REVIEWS], keys);
  const before = cloud.requests.length;
  const json = JSON.parse((await onStack("vacuum", "--dry-run", "--json")).stdout);
  expect(json).toEqual({ table: "reviews", manifests: 0, files: 1, bytes: 5, dryRun: true });
  const written = cloud.requests
    .slice(before)
    .filter(({ method, operation }) => method !== "GET" && operation !== "DescribeStacks");
  expect(written).toEqual([]);
});

test("a compaction beside another one names it", async () => {
  const other = `${ARN}-other`;
  const lock = new Map([
    ["reviews/locks/compaction/000000000003.json", JSON.stringify({ execution: other })],
  ]);
  answers = stackOf([REVIEWS], lock);
  machineThatEnds({ status: "SUCCEEDED", output: '{"outcome":"conflict"}' });
  expectRefused(await onStack("compact", "--all"), { code: "CONFLICT", names: ["running"], next: other });
  expect(JSON.parse(String(started().at(-1)?.input?.input))).toEqual({ table: "reviews", scope: "all" });
});

test("a compaction tells of each of its commits, and of the schema that it took on", async () => {
  const commits = [
    { kind: "snapshot", sequence: 7, run: "seed" },
    { kind: "schema", sequence: 8, run: "wider" },
    { kind: "minor", sequence: 9, run: "folds", segments: [segment("seed", 40), segment("folds", 5)] },
    { kind: "minor", sequence: 10, run: "later", segments: [segment("later", 1)] },
  ].map((commit) => ({ ...initialManifest(1), ...commit }) as Manifest);
  const keys = new Map(
    commits.map((commit) => [manifestPath("reviews", commit.sequence), manifestText(commit)]),
  );
  const output = { outcome: "succeeded", done: ["schema", "minor"], manifest: 9 };
  answers = stackOf([REVIEWS], keys);
  machineThatEnds({ status: "SUCCEEDED", output: JSON.stringify(output) });
  expect(await onStack("compact")).toMatchObject({
    code: 0,
    stdout:
      "reviews: took on the deployed schema\nreviews: folded the change log into deltas (5 rows, 1 segment)\n",
  });
  const { runs } = JSON.parse((await onStack("compact", "--json")).stdout);
  expect(runs).toEqual([
    { kind: "schema", run: "wider", rows: 0, segments: 0 },
    { kind: "minor", run: "folds", rows: 5, segments: 1 },
  ]);
});

const segment = (run: string, rows: number): Segment => ({
  id: `${run}-0`,
  run,
  part: "0",
  kind: "delta",
  rows,
  bytes: rows,
});

test("an interrupt leaves the execution running, and tells how to look at it", async () => {
  machineThatEnds(
    { status: "RUNNING" },
    { GetExecutionHistory: () => refusal("AccessDeniedException", "no") },
  );
  const waiting = startDynalake(["compact", "--stack", "S"]);
  await waiting.told("compaction of reviews: running");
  waiting.interrupt();
  const ended = await waiting.ended;
  expect(ended).toMatchObject({ code: EXIT.interrupted, stdout: "" });
  expect(ended.stderr).toMatch(/error INCOMPLETE: .*still running/);
  expect(ended.stderr).toContain(ARN);
  expect(cloud.requests.map(({ operation }) => operation)).not.toContain("StopExecution");
});

test("statements run in the lake's work group, or in the one that is given", async () => {
  answers = { ...answers, StartQueryExecution: () => refusal("InvalidRequestException", "no", 400) };
  const groupOf = async (env: Readonly<Record<string, string>>, ...more: readonly string[]) => {
    await dynalake(["query", "SELECT 1", "--stack", "S", ...more], { env });
    const { input, operation } = cloud.requests.at(-1) ?? {};
    return [operation, input?.WorkGroup];
  };
  const settings = { DYNALAKE_WORK_GROUP: "shop-bi" };
  expect(await groupOf({})).toEqual(["StartQueryExecution", LAKE_ENTRY.workGroup]);
  expect(await groupOf(settings)).toEqual(["StartQueryExecution", "shop-bi"]);
  const given = await groupOf(settings, "--work-group", "shop-analysts");
  expect(given).toEqual(["StartQueryExecution", "shop-analysts"]);
});

test("a statement that writes is refused before Athena hears of it; an interrupt stops one that runs", async () => {
  const before = started().length;
  const written = await dynalakes(
    ["DROP TABLE reviews__changes", "SELECT 1; DELETE FROM x", "INSERT INTO x SELECT 1"].map((sql) => [
      ...["query", sql, "--stack", "S"],
    ]),
  );
  for (const ended of written) expectRefused(ended, { code: "SQL_FAILED", names: ["statement"] });
  expect(started()).toHaveLength(before);

  answers = {
    ...answers,
    StartQueryExecution: () => ({ body: { QueryExecutionId: "q" } }),
    GetQueryExecution: () => ({ body: { QueryExecution: { Status: { State: "RUNNING" } } } }),
    StopQueryExecution: () => ({ body: {} }),
  };
  const waiting = startDynalake(["query", "SELECT 1", "--stack", "S"]);
  await waiting.told("running in Athena");
  waiting.interrupt();
  const ended = await waiting.ended;
  expect(ended).toMatchObject({ code: EXIT.interrupted, stdout: "" });
  expect(ended.stderr).toMatch(/error INCOMPLETE: .*cancelled/);
  expect(cloud.requests.at(-1)).toMatchObject({
    operation: "StopQueryExecution",
    input: { QueryExecutionId: "q" },
  });
});

test("the rows of a statement that has run are read by its id, and it does not run again", async () => {
  const before = started().length;
  const state = (State: string) => () => ({
    body: { QueryExecution: { StatementType: "DML", Status: { State } } },
  });
  const columns = { ColumnInfo: [{ Name: "n", Type: "bigint" }] };
  const rows = ["n", "12345678901234567890"].map((VarCharValue) => ({ Data: [{ VarCharValue }] }));
  answers = {
    ...answers,
    GetQueryExecution: state("SUCCEEDED"),
    GetQueryResults: () => ({ body: { ResultSet: { ResultSetMetadata: columns, Rows: rows } } }),
  };
  const ran = ["query", "--execution", "q-1", "--format", "csv"];
  expect(await onStack(...ran)).toMatchObject({ code: 0, stdout: "n\n12345678901234567890\n" });
  expect(cloud.requests.at(-1)?.input).toMatchObject({ QueryExecutionId: "q-1" });
  answers = { ...answers, GetQueryExecution: state("FAILED") };
  expectRefused(await onStack(...ran), { code: "USAGE", names: ["q-1", "FAILED"], next: "again" });
  expectRefused(await onStack(...ran, "SELECT 1"), {
    code: "USAGE",
    names: ["--execution"],
    next: "--as-of",
  });
  expectRefused(await dynalake(ran), { code: "USAGE", names: ["--execution"], next: "--stack" });
  expect(started()).toHaveLength(before);
});
