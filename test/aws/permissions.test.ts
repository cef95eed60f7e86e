/**
 * Least privilege, with the emulator enforcing roles' policies: each function's role loses all its permissions, and regains one
 * action on one resource at a time, whenever its absence breaks the function. Permissions that were never missed are listed
 * here with a reason.
 */
import { createHash, randomUUID } from "node:crypto";
import { readdirSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { statementsPath } from "../../src/core/format/lake-path.ts";
import { manifestSequences } from "../../src/core/table/commits.ts";
import type { AwsEmulator } from "./support/emulator.ts";
import { FunctionRole, type Scene } from "./support/grants.ts";
import { type Answered, type DeployedTable, type StoredItem, until } from "./support/reviews.ts";
import { openWorld, WORLD_TABLES } from "./support/world.ts";

/** Jest runs in the repository root. */
const HANDLERS = readdirSync("handlers").map((name) => name.replace(/\.ts$/, ""));

let emulator: AwsEmulator;
let guarded: DeployedTable;
const roles = new Map<string, FunctionRole>();

/** A lake on which nothing has run yet: any function may be the first. */
beforeAll(async () => {
  const world = await openWorld("guarded");
  emulator = world.emulator;
  guarded = world.tables.guarded;
  await guarded.seeded();
  await guarded.idle();
  for (const handler of HANDLERS) roles.set(handler, await FunctionRole.of(emulator, guarded, handler));
  await removeAll("");
  for (const view of ["guarded", "guarded_history", "guarded_snapshots"]) await guarded.dropTable(view);
});

afterAll(async () => {
  for (const role of roles.values()) role.close();
  guarded?.close();
});

async function removeAll(folder: string): Promise<void> {
  const { store } = guarded.lake;
  await store.remove((await store.list(`guarded/${folder}`)).map(({ path }) => path));
}

const withoutSchema = () => guarded.lake.store.remove(["guarded/schema.json"]);

async function grow(handler: string, scene: Scene): Promise<Answered> {
  let said: Answered = { error: "it did not run" };
  await (roles.get(handler) as FunctionRole).grow({
    ...scene,
    run: async () => {
      said = await scene.run();
      return said;
    },
  });
  return said;
}

/** Runs the function with the event, granting what it needs, and returns its answer. */
async function growByEvent<T>(handler: string, event: unknown, before?: Scene["before"]): Promise<T> {
  const run = () => guarded.invoke(handler, event);
  const said = await grow(handler, before === undefined ? { run } : { before, run });
  return (said as { readonly answer: T }).answer;
}

const key = (user: string): StoredItem => ({ User: { S: user }, Book: { S: "Dune" } });

const nowSeconds = () => Math.floor(Date.now() / 1000);

function record(user: string, keys: StoredItem, changedAtSeconds = nowSeconds()): object {
  const dynamodb = {
    ApproximateCreationDateTime: changedAtSeconds,
    Keys: keys,
    NewImage: key(user),
    SequenceNumber: "100000000000000000001",
    StreamViewType: "NEW_AND_OLD_IMAGES",
  };
  return { eventName: "INSERT", eventSource: "aws:dynamodb", dynamodb };
}

/** Runs the stream function; fails if it reports records to be retried. */
async function streamed(...Records: readonly object[]): Promise<Answered> {
  const said = await guarded.invoke("stream", { Records });
  const isRefused = "answer" in said && !JSON.stringify(said.answer).includes(":[]");
  return isRefused ? { error: "some records must be retried" } : said;
}

/** Records that the stream was last checked at that time. */
const watched = (streamArn: string, seconds: number) =>
  guarded.lake.store.replace(
    "guarded/watch.json",
    Buffer.from(
      JSON.stringify({
        ...{ format: 1, streamArn, seenReadingSeconds: seconds },
        ...{ lookedSeconds: seconds, sinceSeconds: seconds },
      }),
    ),
  );

const DAY_SECONDS = 24 * 3600;
const late = () => record("late", key("late"), nowSeconds() - DAY_SECONDS);

test("stream: a record that contradicts itself, and once more; one that is a day late", async () => {
  // The table contains them too.
  await guarded.put(key("direct"), key("late"));
  // Otherwise the mapping would keep reading the stream with the function's role, and being denied.
  await guarded.changeMapping({ Enabled: false });
  const batch = [record("direct", key("direct")), record("one", key("another"))];
  const run = () => streamed(...batch);
  await grow("stream", {
    before: async () => {
      await withoutSchema();
      await removeAll("quarantine/");
      await guarded.renew("stream");
    },
    run,
  });
  await grow("stream", { run });
  await watched("a stream", nowSeconds() - DAY_SECONDS);
  await grow("stream", { before: () => guarded.renew("stream"), run: () => streamed(late()) });
  expect(await guarded.lake.store.list("guarded/gaps/")).toHaveLength(1);
  await guarded.changeMapping({ Enabled: true });
});

/** The outcome of a write: `isThere` finds it, or the function's role was denied something on the way. */
async function outcomeOf(isThere: () => Promise<boolean>): Promise<Answered> {
  const { Role = "" } = await guarded.functionOf("stream");
  const role = Role.slice(Role.lastIndexOf("/") + 1);
  return until("the write is somewhere", async () => {
    if (await isThere()) return { answer: true };
    return (await emulator.denials(role)).length > 0 ? { error: "denied" } : undefined;
  });
}

test("stream: its mapping reads the stream, and leaves what fails for good", async () => {
  const { store } = guarded.lake;
  const more = async (folder: string): Promise<() => Promise<boolean>> => {
    const before = (await store.list(folder)).length;
    return async () => (await store.list(folder)).length > before;
  };
  await grow("stream", {
    run: async () => {
      const isDelivered = await more("guarded/changes/");
      await guarded.put(key(`by the mapping ${randomUUID()}`));
      return outcomeOf(isDelivered);
    },
  });
  await guarded.changeMapping({ MaximumRetryAttempts: 0 });
  await store.replace("guarded/schema.json", Buffer.from("no schema"));
  await guarded.renew("stream");
  await grow("stream", {
    run: async () => {
      const isPutAside = await more(`aws/lambda/${guarded.deployment.eventSourceMapping}/`);
      await guarded.put(key(`fails ${randomUUID()}`));
      return outcomeOf(isPutAside);
    },
  });
  await guarded.changeMapping({ MaximumRetryAttempts: 100 });
  await withoutSchema();
  await guarded.renew("stream");
});

interface Planned {
  readonly step: string;
  readonly kind: string;
  readonly run: string;
}

/** Runs a plan's statements, as the state machine does. */
async function stage(run: string): Promise<void> {
  const { engine, store } = guarded.lake;
  const lines = new TextDecoder().decode(await store.read(statementsPath("guarded", run)));
  for (const line of lines.trimEnd().split("\n"))
    await engine.statements.run((JSON.parse(line) as { readonly sql: string }).sql);
}

const planning = { scope: "all", settleSeconds: 0, done: [] as readonly string[] };

/** Plans a compaction, and requires that its check of the stream was saved: a failed check does not fail the function. */
async function growPlanning(before: Scene["before"] = async () => undefined): Promise<Planned> {
  const { store } = guarded.lake;
  const lookedAt = async () => new TextDecoder().decode(await store.read("guarded/watch.json"));
  let earlier = "";
  const said = await grow("plan-compaction", {
    before: async () => {
      await store.remove(["guarded/watch.json", "guarded/beginning.json"]);
      await before();
      earlier = await lookedAt();
    },
    run: async () => {
      const planned = await guarded.invoke("plan-compaction", planning);
      return (await lookedAt()) === earlier ? { error: "checking the stream failed" } : planned;
    },
  });
  return (said as { readonly answer: Planned }).answer;
}

test("on a lake without a commit: plan-compaction, publish-views, clean", async () => {
  const { store } = guarded.lake;
  const planned = await growPlanning(withoutSchema);
  expect(planned).toMatchObject({ step: "stage", kind: "minor" });
  // A lake that lacks a column of the deployed schema.
  const { schema } = WORLD_TABLES.guarded;
  const { Rating: _, ...attributes } = schema.attributes;
  await store.replace("guarded/schema.json", Buffer.from(JSON.stringify({ ...schema, attributes })));
  await growPlanning();
  await removeAll("gaps/");
  await growPlanning(() => watched("another stream", nowSeconds()));
  expect(await store.list("guarded/gaps/")).toHaveLength(1);
  await growByEvent("publish-views", {}, withoutSchema);
  await growByEvent("clean", { vacuum: true });
});

interface Begun {
  readonly run: string;
  readonly exportPrefix: string;
}

interface Part {
  readonly itemCount: number;
  readonly md5Checksum: string;
  readonly dataFileS3Key: string;
}

let begun: Begun;
let parts: readonly Part[];

test("the first snapshot: begin-snapshot, snapshot-part, plan-seed, commit, publish-views", async () => {
  const { store } = guarded.lake;
  await guarded.put(...["ann", "bob"].map((user) => ({ ...key(user), Author: { S: user } })));
  begun = await growByEvent("begin-snapshot", { execution: randomUUID(), first: true }, withoutSchema);
  const files = await until("the export is there", () =>
    store.read(`${begun.exportPrefix}manifest-files.json`),
  );
  parts = new TextDecoder()
    .decode(files)
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Part);
  for (const [index, part] of parts.entries())
    await growByEvent("snapshot-part", { run: begun.run, index, part }, withoutSchema);
  await growByEvent("plan-seed", begun, withoutSchema);
  await stage(begun.run);
  expect(await growByEvent("commit", { run: begun.run }, withoutSchema)).toMatchObject({
    outcome: "committed",
  });
  await growByEvent("publish-views", {});
});

test("snapshot-part: a line that is no item, and once more", async () => {
  const line = gzipSync(Buffer.from('{"Item":{"Book":{"S":"Dune"}}}\n'));
  const dataFileS3Key = `${begun.exportPrefix}data/bad.json.gz`;
  await guarded.lake.store.replace(dataFileS3Key, line);
  const md5Checksum = createHash("md5").update(line).digest("base64");
  const event = { run: "bad-1", index: 0, part: { itemCount: 1, md5Checksum, dataFileS3Key } };
  for (const before of [() => removeAll("quarantine/"), async () => undefined])
    await growByEvent("snapshot-part", event, before);
});

test("after a snapshot: stream finds no hole, begin-snapshot has nothing to do, plan-seed plans the next one", async () => {
  await guarded.changeMapping({ Enabled: false });
  await grow("stream", { before: () => guarded.renew("stream"), run: () => streamed(late()) });
  await guarded.changeMapping({ Enabled: true });
  expect(await growByEvent("begin-snapshot", { execution: randomUUID(), first: true })).toEqual({
    skip: true,
  });
  await growByEvent("plan-seed", begun);
});

test("compactions, one of them in vain: plan-compaction, commit, publish-views", async () => {
  await guarded.delivered(() => guarded.put({ ...key("ann"), Author: { S: "zoe" } }));
  const plans: Planned[] = [];
  for (let i = 0; i < 2; i++) {
    plans.push(await growPlanning());
    await stage(plans[i]?.run as string);
  }
  const outcomes: unknown[] = [];
  for (const { run } of plans) outcomes.push(await growByEvent("commit", { run }));
  expect(outcomes).toMatchObject([{ outcome: "committed", kind: "minor" }, { outcome: "conflict" }]);
  const major = await growByEvent<Planned>("plan-compaction", { ...planning, done: ["minor"] });
  expect(major).toMatchObject({ kind: "major" });
  await stage(major.run);
  expect(await growByEvent("commit", { run: major.run })).toMatchObject({ outcome: "committed" });
  await growByEvent("publish-views", {});
});

test("clean: after a run, and as vacuum when all is old", async () => {
  const { bucket, store } = guarded.lake;
  expect(await growByEvent("clean", { run: begun.run, exportPrefix: begun.exportPrefix })).toMatchObject({
    files: expect.any(Number),
  });
  const weekAndDayHours = 8 * 24;
  for (const { path } of await store.list("guarded/manifest/")) {
    const manifest = JSON.parse(new TextDecoder().decode(await store.read(path)));
    const committedAtSeconds = manifest.committedAtSeconds - weekAndDayHours * 3600;
    await store.replace(path, Buffer.from(JSON.stringify({ ...manifest, committedAtSeconds })));
  }
  await emulator.makeOlder(bucket, "guarded/", weekAndDayHours);
  await growByEvent("clean", { vacuum: true });
  expect(await manifestSequences(store, "guarded")).toHaveLength(1);
  expect(await store.list("guarded/staging/")).toEqual([]);
});

test("plan-compaction: segments that Glue has forgotten", async () => {
  const { catalog } = guarded.lake.engine;
  const segments = "guarded__segments";
  const known = await catalog.partitionValues(segments);
  await growPlanning(() => catalog.deletePartitions(segments, known));
  expect((await catalog.partitionValues(segments)).length).toBeGreaterThan(0);
});

test("with what they have been given back the functions do all of their work", async () => {
  await guarded.put({ ...key("cleo"), Author: { S: "cleo" } });
  expect(await guarded.run(guarded.deployment.snapshotMachineArn, {})).toMatchObject({
    output: { outcome: "committed" },
  });
  await guarded.delivered(() => guarded.put({ ...key("cleo"), Author: { S: "dan" } }));
  expect(await guarded.compacted()).toMatchObject({ output: { done: ["minor", "major"] } });
  await guarded.becomesEqual();
});

interface Unproved {
  readonly grants: RegExp;
  readonly because: string;
  /** Default: all handlers. */
  readonly of?: readonly string[];
}

/** The handlers that run statements. */
const STATING: readonly string[] = ["plan-seed", "plan-compaction", "commit"];

/** Permissions that the emulator does not check, or that only a failure needs. The template tests contain each of them. */
const UNPROVED: readonly Unproved[] = [
  { grants: /^logs:/, because: "The emulator writes the logs itself." },
  { grants: /^dynamodb:ListStreams /, because: "Lambda checks it before it creates a mapping." },
  {
    grants: /^s3:ListBucket aws\/lambda\//,
    because: "Lambda checks it before it accepts a bucket for failed batches.",
  },
  {
    grants:
      /^s3:ListBucket guarded\/(schema\.json|watch\.json|beginning\.json|exports\/|gaps\/|quarantine\/|staging\/)/,
    because: "AWS reports a missing object as missing only to callers that may list it.",
  },
  {
    grants: /^s3:(AbortMultipartUpload|PutObjectAcl) guarded\/exports\//,
    because: "DynamoDB requires them from the caller who starts an export.",
  },
  {
    grants: /^s3:AbortMultipartUpload guarded\/staging\//,
    because: "Only an interrupted upload is aborted.",
  },
  { grants: /^athena:StopQueryExecution /, because: "Only a statement that takes too long is stopped." },
  {
    grants: /^(athena:GetDataCatalog|glue:(BatchGetPartition|GetDatabase|GetPartitions?|GetTables?)) /,
    because: "For a statement, Athena needs more of the catalog than the emulator checks.",
    of: STATING,
  },
  {
    grants: /^s3:(AbortMultipartUpload|GetObject|ListBucket|ListMultipartUploadParts) _athena\//,
    because: "Athena handles results with its caller's permissions.",
  },
  {
    grants: /^s3:ListBucketMultipartUploads /,
    because: "Athena handles results with its caller's permissions.",
  },
];

const explains = (handler: string, grant: string) => (one: Unproved) =>
  one.grants.test(grant) && (one.of ?? HANDLERS).includes(handler);

test.each(HANDLERS)("%s has no permission that nothing needs", async (handler) => {
  const role = roles.get(handler) as FunctionRole;
  await role.restore();
  expect(role.unneeded().filter((grant) => !UNPROVED.some(explains(handler, grant)))).toEqual([]);
});

test("no reason is given in vain", () => {
  const vain = UNPROVED.filter(
    (one) =>
      ![...roles].some(([handler, role]) => role.unneeded().some((grant) => explains(handler, grant)(one))),
  );
  expect(vain).toEqual([]);
});
