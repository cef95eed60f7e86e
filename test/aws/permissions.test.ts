/**
 * Least privilege, with the emulator enforcing roles' policies: each function's role loses all its permissions, and regains one
 * action on one resource at a time, whenever its absence breaks the function. Permissions that were never missed are listed
 * here with a reason.
 */
import { createHash, randomUUID } from "node:crypto";
import { readdirSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { CUSTOM_RESOURCES } from "../../src/aws/contracts/registry.ts";
import { COMPACTION_KINDS } from "../../src/aws/contracts/steps.ts";
import { deliveryStatus } from "../../src/aws/delivery-status.ts";
import { publishMoments } from "../../src/aws/tables-view.ts";
import { tableEntryPath } from "../../src/core/format/deployment-path.ts";
import { failedBatchesFolder, statementsPath } from "../../src/core/format/lake-path.ts";
import { namedSegments } from "../../src/core/format/named-segments.ts";
import { saveFound } from "../../src/core/overlay/found-record.ts";
import { deployedMoments, TABLES_VIEW } from "../../src/core/status/tables-view.ts";
import { wholenessOf } from "../../src/core/status/wholeness.ts";
import { manifestSequences } from "../../src/core/table/commits.ts";
import { keptSnapshots } from "../../src/core/table/kept-snapshots.ts";
import { requireTable } from "../../src/core/table/open-table.ts";
import { waitingPaths } from "../../src/core/table/waiting-paths.ts";
import { allPartitions } from "../support/all-partitions.ts";
import type { AwsEmulator } from "./support/emulator.ts";
import { FunctionRole, type Scene } from "./support/grants.ts";
import { type Answered, type DeployedTable, type StoredItem, until } from "./support/reviews.ts";
import { openAlone, WORLD_TABLES } from "./support/world.ts";

/** Jest runs in the repository root. */
const HANDLERS = readdirSync("handlers").map((name) => name.replace(/\.ts$/, ""));

let emulator: AwsEmulator;
let guarded: DeployedTable;
/** What the registry names the table's configuration. */
let configuration: string;
const roles = new Map<string, FunctionRole>();

/** A lake on which nothing has run yet: any function may be the first. */
beforeAll(async () => {
  const alone = await openAlone("guarded");
  emulator = alone.emulator;
  guarded = alone.table;
  await guarded.seeded();
  await guarded.compacted();
  await guarded.idle();
  for (const handler of HANDLERS) roles.set(handler, await FunctionRole.of(emulator, guarded, handler));
  const path = tableEntryPath(guarded.deployment.source, "guarded");
  const entry = JSON.parse(new TextDecoder().decode(await guarded.lake.store.read(path)));
  configuration = entry.served.at(-1).configuration;
  await removeAll("");
  for (const view of ["guarded", "guarded_history", "guarded_snapshots", "guarded__moments", TABLES_VIEW])
    await guarded.dropTable(view);
});

afterAll(async () => {
  for (const role of roles.values()) role.close();
  guarded?.close();
  await emulator?.stop();
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

/** Runs the stream function; fails if it reports records to be retried, or has them wait. */
async function streamed(...Records: readonly object[]): Promise<Answered> {
  const { store } = guarded.lake;
  const said = await guarded.invoke("stream", { Records });
  const waiting = await waitingPaths(store, "guarded");
  await store.remove(waiting);
  if (waiting.length > 0) return { error: "some records wait" };
  // Only the first delivery of an instance is counted at once.
  if ((await store.list("_acknowledged/guarded/")).length === 0) return { error: "nothing was counted" };
  const isRefused = "answer" in said && !JSON.stringify(said.answer).includes(":[]");
  return isRefused ? { error: "some records must be retried" } : said;
}

/** Records that the stream was last checked at that time. */
const watched = (streamArn: string, seconds: number) =>
  guarded.lake.store.replace(
    "guarded/watch.json",
    Buffer.from(
      JSON.stringify({
        ...{ format: 1, streamArn, seenReadingSeconds: seconds, configuration },
        ...{ lookedSeconds: seconds, sinceSeconds: seconds },
      }),
    ),
  );

const DAY_SECONDS = 24 * 3600;
const late = () => record("late", key("late"), nowSeconds() - DAY_SECONDS);

test("stream: a record that contradicts itself, and once more; one that is a day late", async () => {
  // The table contains them too.
  await guarded.put(key("direct"), key("late"), key("waits"));
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
  const path = tableEntryPath(guarded.deployment.source, "guarded");
  const entry = (await store.read(path)) as Uint8Array;
  await store.replace(path, Buffer.from("no entry"));
  await guarded.renew("stream");
  await grow("stream", {
    run: async () => {
      const isPutAside = await more(`aws/lambda/${guarded.deployment.eventSourceMapping}/`);
      await guarded.put(key(`fails ${randomUUID()}`));
      return outcomeOf(isPutAside);
    },
  });
  await store.replace(path, entry);
  await guarded.changeMapping({ MaximumRetryAttempts: 100 });
  await guarded.renew("stream");
});

test("stream: what the table cannot take waits, and is fed", async () => {
  const { store } = guarded.lake;
  await guarded.changeMapping({ Enabled: false });
  await store.replace("guarded/schema.json", Buffer.from("no schema"));
  await grow("stream", {
    before: () => guarded.renew("stream"),
    run: () => guarded.invoke("stream", { Records: [record("waits", key("waits"))] }),
  });
  expect(await store.list("guarded/waiting/")).toHaveLength(1);
  await withoutSchema();
  await growByEvent("stream", { feed: "guarded" }, () => guarded.renew("stream"));
  expect(await store.list("guarded/waiting/")).toEqual([]);
  await guarded.changeMapping({ Enabled: true });
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

const planning = { table: "guarded", scope: "all", settleSeconds: 0, done: [] as readonly string[] };

/** Rows that cannot be compared do not fail the function. */
async function growPlanning(before: Scene["before"] = async () => undefined): Promise<Planned> {
  const said = await grow("plan-compaction", {
    before,
    run: async () => {
      const planned = await guarded.invokeLogged("plan-compaction", planning);
      const isCompared = !planned.log.includes("acknowledged rows could not be compared");
      return isCompared ? planned.said : { error: "the rows were not compared" };
    },
  });
  return (said as { readonly answer: Planned }).answer;
}

/** Checks the stream, and requires that what it saw was saved: a failed check does not fail the function. */
async function growLook(before: Scene["before"] = async () => undefined): Promise<void> {
  const { store } = guarded.lake;
  const lookedAt = async () => new TextDecoder().decode(await store.read("guarded/watch.json"));
  let earlier = "";
  await until("the mapping is on", async () => {
    const { state } = await deliveryStatus(guarded.deployment, nowSeconds());
    return state === "Enabled" ? true : undefined;
  });
  await grow("source", {
    before: async () => {
      await store.remove(["guarded/watch.json", "guarded/beginning.json"]);
      // The ages of records are asked for only where no batch was put aside.
      const batches = await store.list(failedBatchesFolder(guarded.deployment.eventSourceMapping));
      await store.remove(batches.map(({ path }) => path));
      await before();
      earlier = await lookedAt();
    },
    run: async () => {
      const said = await guarded.invoke("source", { step: "look" });
      const isWhole = JSON.stringify(said).includes('"FailedLooks":0') && (await lookedAt()) !== earlier;
      return isWhole ? said : { error: "checking the stream failed" };
    },
  });
}

test("source: a look at a stream that is read, and at one that is not the one that was read", async () => {
  const { store } = guarded.lake;
  await growLook(withoutSchema);
  await removeAll("gaps/");
  await growLook(() => watched("another stream", nowSeconds()));
  expect(await store.list("guarded/gaps/")).toHaveLength(1);
});

test("begin-run: the lock of a table, free, and of an execution that has ended", async () => {
  const begin = { kind: "compaction", table: "guarded" };
  const locks = () => removeAll("locks/");
  expect(await growByEvent("begin-run", { ...begin, execution: "one" }, locks)).toEqual({ go: "compact" });
  const heldBy = async (execution: string): Promise<void> => {
    await locks();
    await guarded.lake.store.replace(
      "guarded/locks/compaction/000000000000.json",
      Buffer.from(JSON.stringify({ execution })),
    );
  };
  for (const kind of ["snapshot", "compaction"] as const) {
    const [ended = ""] = await guarded.executions(kind);
    const after = await growByEvent("begin-run", { ...begin, execution: "two" }, () => heldBy(ended));
    expect(after).toEqual({ go: "compact" });
  }
  expect(await guarded.lake.store.list("guarded/locks/")).toHaveLength(1);
  await locks();
});

test("on a lake without a commit: plan-compaction, publish-views, clean", async () => {
  const { store } = guarded.lake;
  const planned = await growPlanning(withoutSchema);
  expect(planned).toMatchObject({ step: "stage", kind: "minor" });
  // A lake that lacks a column of the deployed schema.
  const { schema } = WORLD_TABLES.guarded;
  const { Rating: _, ...attributes } = schema.attributes;
  await store.replace("guarded/schema.json", Buffer.from(JSON.stringify({ ...schema, attributes })));
  await growPlanning();
  await growByEvent("publish-views", { table: "guarded" }, withoutSchema);
  await growByEvent("clean", { table: "guarded", vacuum: true });
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

/** A table whose file cannot be staged does not fail the function. */
function growPart(event: object, before: Scene["before"] = async () => undefined): Promise<Answered> {
  return grow("snapshot-part", {
    before,
    run: async () => {
      const said = await guarded.invoke("snapshot-part", event);
      return JSON.stringify(said).includes('"failed":[]') ? said : { error: "the file was not staged" };
    },
  });
}

let begun: Begun;
let parts: readonly Part[];

test("the first snapshot: begin-run, source, snapshot-part, plan-seed, commit, publish-views", async () => {
  const { store } = guarded.lake;
  await guarded.put(...["ann", "bob"].map((user) => ({ ...key(user), Author: { S: user } })));
  const begin = { kind: "snapshot", table: "guarded", execution: "three", first: true };
  expect(await growByEvent("begin-run", begin, () => removeAll("locks/"))).toMatchObject({ go: "export" });
  begun = await growByEvent("source", { step: "begin-export", execution: randomUUID() });
  const files = await until("the export is there", () =>
    store.read(`${begun.exportPrefix}manifest-files.json`),
  );
  parts = new TextDecoder()
    .decode(files)
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Part);
  for (const [index, part] of parts.entries())
    await growPart({ run: begun.run, tables: ["guarded"], index, part }, withoutSchema);
  await growByEvent("plan-seed", { table: "guarded", ...begun }, withoutSchema);
  await stage(begun.run);
  expect(await growByEvent("commit", { table: "guarded", run: begun.run }, withoutSchema)).toMatchObject({
    outcome: "committed",
  });
  await growByEvent("publish-views", { table: "guarded" });
});

test("snapshot-part: a line that is no item, and once more", async () => {
  const line = gzipSync(Buffer.from('{"Item":{"Book":{"S":"Dune"}}}\n'));
  const dataFileS3Key = `${begun.exportPrefix}data/bad.json.gz`;
  await guarded.lake.store.replace(dataFileS3Key, line);
  const md5Checksum = createHash("md5").update(line).digest("base64");
  const event = {
    run: "bad-1",
    tables: ["guarded"],
    index: 0,
    part: { itemCount: 1, md5Checksum, dataFileS3Key },
  };
  for (const before of [() => removeAll("quarantine/"), async () => undefined]) await growPart(event, before);
});

test("after a snapshot: stream and source find no hole, begin-run has nothing to do, plan-seed plans the next one", async () => {
  await guarded.changeMapping({ Enabled: false });
  await grow("stream", { before: () => guarded.renew("stream"), run: () => streamed(late()) });
  await guarded.changeMapping({ Enabled: true });
  await growLook();
  const first = { kind: "snapshot", table: "guarded", execution: "three", first: true };
  expect(await growByEvent("begin-run", first)).toEqual({ go: "no" });
  await growByEvent("plan-seed", { table: "guarded", ...begun });
});

/** What is left looks into new segments, and follows what it finds. */
const BEFORE_TEXTS = COMPACTION_KINDS.filter((kind) => kind !== "texts");

test("compactions, one of them in vain: plan-compaction, commit, publish-views", async () => {
  await guarded.delivered(() => guarded.put({ ...key("ann"), Author: { S: "zoe" } }));
  const plans: Planned[] = [];
  for (let i = 0; i < 2; i++) {
    plans.push(await growPlanning());
    await stage(plans[i]?.run as string);
  }
  const outcomes: unknown[] = [];
  for (const { run } of plans) outcomes.push(await growByEvent("commit", { table: "guarded", run }));
  expect(outcomes).toMatchObject([{ outcome: "committed", kind: "minor" }, { outcome: "conflict" }]);
  const major = await growByEvent<Planned>("plan-compaction", { ...planning, done: ["minor"] });
  expect(major).toMatchObject({ kind: "major" });
  await stage(major.run);
  expect(await growByEvent("commit", { table: "guarded", run: major.run })).toMatchObject({
    outcome: "committed",
  });
  const nothing = await growByEvent<Planned>("plan-compaction", { ...planning, done: BEFORE_TEXTS });
  expect(nothing.step).toBe("publish");
  await growByEvent("publish-views", { table: "guarded" });
});

test("plan-compaction: a wider type that the data asks for", async () => {
  const { store } = guarded.lake;
  const wanted = { columns: { Rating: { type: "decimal(12,2)" } }, sinceSeconds: nowSeconds() };
  await saveFound(store, "guarded", { looks: [], wanted });
  const planned = await growByEvent<Planned>("plan-compaction", { ...planning, done: BEFORE_TEXTS });
  expect(planned.step).toBe("publish");
});

test("another snapshot, with which two are kept: commit, publish-views", async () => {
  const path = tableEntryPath(guarded.deployment.source, "guarded");
  const { store } = guarded.lake;
  const entry = JSON.parse(new TextDecoder().decode(await store.read(path)));
  await store.replace(path, Buffer.from(JSON.stringify({ ...entry, snapshotsKept: 2 })));
  const next = await growByEvent<Begun>("source", { step: "begin-export", execution: randomUUID() });
  await until("the export is there", () => store.read(`${next.exportPrefix}manifest-files.json`));
  const files = new TextDecoder().decode(await store.read(`${next.exportPrefix}manifest-files.json`));
  for (const [index, line] of files.trimEnd().split("\n").entries())
    await growPart({ run: next.run, tables: ["guarded"], index, part: JSON.parse(line) as Part });
  await growByEvent("plan-seed", { table: "guarded", ...next });
  await stage(next.run);
  expect(await growByEvent("commit", { table: "guarded", run: next.run })).toMatchObject({
    outcome: "committed",
  });
  expect(await store.list("guarded/snapshots/")).toHaveLength(2);
  await growByEvent("publish-views", { table: "guarded" });
  // What compactions have seen is told by looks, too.
  await growLook();
});

const UNFINISHED_VACUUM = Buffer.from(
  JSON.stringify({ format: 2, sinceSeconds: 1, passes: 1, filesAfter: "" }),
);

test("clean: after a run, and as vacuum when all is old", async () => {
  const { bucket, store } = guarded.lake;
  expect(
    await growByEvent("clean", { table: "guarded", run: begun.run, exportPrefix: begun.exportPrefix }),
  ).toMatchObject({
    files: expect.any(Number),
  });
  const weekAndDayHours = 8 * 24;
  for (const { path } of await store.list("guarded/manifest/")) {
    const manifest = JSON.parse(new TextDecoder().decode(await store.read(path)));
    const committedAtSeconds = manifest.committedAtSeconds - weekAndDayHours * 3600;
    await store.replace(path, Buffer.from(JSON.stringify({ ...manifest, committedAtSeconds })));
  }
  await store.replace("guarded/snapshots/not-committed.json", Buffer.from("{}"));
  await emulator.makeOlder(bucket, "guarded/", weekAndDayHours);
  // As a pass leaves it that had no time for everything.
  await store.replace("guarded/vacuum.json", UNFINISHED_VACUUM);
  await growByEvent("clean", { table: "guarded", vacuum: true });
  expect(await manifestSequences(store, "guarded")).toHaveLength(1);
  expect(await store.list("guarded/staging/")).toEqual([]);
  expect(await store.read("guarded/vacuum.json")).toBeUndefined();
});

test("plan-compaction: rows that Firehose acknowledged are neither in the log nor put aside", async () => {
  const { store } = guarded.lake;
  const day = nowSeconds() - (nowSeconds() % DAY_SECONDS) - 4 * DAY_SECONDS;
  const dt = new Date(day * 1000).toISOString().slice(0, 10);
  const counted = Buffer.from(JSON.stringify({ format: 1, hours: { [day]: 3 } }));
  // One that cannot be read may be all that is missing: no other is read then.
  for (const path of ["errors/one", "quarantine/not-a-row/one.jsonl"]) {
    await growPlanning(async () => {
      await store.remove(["guarded/counted.json"]);
      await removeAll("gaps/");
      await store.replace(`_acknowledged/guarded/dt=${dt}/one.json`, counted);
      await store.replace(`guarded/${path}`, Buffer.from("no row"));
    });
    expect(await store.list("guarded/gaps/")).toHaveLength(0);
    await store.remove([`guarded/${path}`]);
  }
  await growPlanning(async () => {
    await store.remove(["guarded/counted.json"]);
  });
  expect(await store.list("guarded/gaps/")).toHaveLength(1);
  await removeAll("gaps/");
});

test("plan-compaction: segments that Glue has forgotten", async () => {
  const { catalog } = guarded.lake.engine;
  const segments = "guarded__segments";
  const known = await allPartitions(catalog, segments);
  const opened = await requireTable(guarded.lake.store, "guarded");
  const kept = (await keptSnapshots(guarded.lake.store, opened)).flatMap(({ segments }) => segments);
  const ids = [...namedSegments(opened.manifest), ...kept].map(({ id }) => id);
  const named = [...new Set(ids)];
  expect(named.length).toBeGreaterThan(0);
  expect(known).toEqual(expect.arrayContaining(named));
  await growPlanning(() => catalog.deletePartitions(segments, known));
  expect([...(await allPartitions(catalog, segments))].sort()).toEqual([...named].sort());
});

/** CloudFormation's place for answers. */
async function answers(): Promise<{ readonly url: string; readonly said: string[]; close(): Promise<void> }> {
  const said: string[] = [];
  const server = createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8").on("data", (piece: string) => {
      text += piece;
    });
    request.on("end", () => {
      said.push(text);
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()));
  return { url: `http://127.0.0.1:${port}/`, said, close };
}

test("register: the registry, and the tables of the catalog, missing and without a column", async () => {
  const { catalog } = guarded.lake.engine;
  const place = await answers();
  const { store } = guarded.lake;
  const { source } = guarded.deployment;
  let made = "";
  const register = (
    kind: keyof typeof CUSTOM_RESOURCES,
    schema: object,
    before: Scene["before"],
    RequestType = "Create",
  ) => {
    const run = async (): Promise<Answered> => {
      const answered = await guarded.invoke("register", {
        ...{ RequestType, ResponseURL: place.url, StackId: "stack", RequestId: randomUUID() },
        ...{ ResourceType: CUSTOM_RESOURCES[kind], LogicalResourceId: "Made" },
        ...(RequestType === "Create" ? {} : { PhysicalResourceId: made }),
        ResourceProperties: {
          Configuration: JSON.stringify(probe),
          Schema: JSON.stringify(schema),
        },
      });
      // A failure is an answer to CloudFormation, too.
      const { Status, PhysicalResourceId = "" } = JSON.parse(place.said.at(-1) ?? "{}") as {
        readonly Status?: string;
        readonly PhysicalResourceId?: string;
      };
      made = PhysicalResourceId;
      return Status === "SUCCESS" ? answered : { error: "it was refused" };
    };
    return grow("register", before === undefined ? { run } : { before, run });
  };
  const path = tableEntryPath(source, "guarded");
  const entry = JSON.parse(new TextDecoder().decode(await store.read(path)));
  const { schema: _, served: __, ...rest } = entry;
  const probe = { ...rest, source: "probe" };
  const schema = { table: "probe", key: { hash: "id" }, attributes: { id: { type: "string" } } };
  const dropped = async () => {
    for (const stored of ["changes", "segments", "staging"])
      if ((await catalog.table(`probe__${stored}`)) !== undefined)
        await guarded.dropTable(`probe__${stored}`);
  };
  await register("glueTables", schema, dropped);
  const wider = { ...schema, attributes: { ...schema.attributes, n: { type: "int" } } };
  await register("glueTables", wider, undefined);
  // One that has commits, which say what its files have.
  await register("glueTables", entry.schema, undefined);
  await register("table", schema, async () => undefined);
  // A table that has been in the union leaves it.
  const opened = await requireTable(store, "guarded");
  const moments = await deployedMoments(
    store,
    opened,
    await wholenessOf({ store }, opened.manifest, "guarded"),
  );
  await publishMoments(catalog, { ...moments, table: "probe" }, 0);
  await register("table", schema, async () => undefined, "Delete");
  expect(await guarded.rows("SELECT table_name FROM dynalake_tables")).toEqual([{ table_name: "guarded" }]);
  await guarded.dropTable("probe__moments");
  await store.remove([tableEntryPath("probe", "probe")]);
  await dropped();
  await place.close();
});

test("tick: everything that can be due", async () => {
  const { store } = guarded.lake;
  for (const handler of HANDLERS.filter((each) => each !== "tick"))
    await (roles.get(handler) as FunctionRole).restore();
  // Those of executions that these tests only claimed.
  await removeAll("locks/");
  await store.replace("guarded/waiting/records/none.jsonl", Buffer.from(""));
  await store.replace("guarded/vacuum.json", UNFINISHED_VACUUM);
  await growByEvent("tick", {}, async () => {
    await store.remove(["_registry/tick.json", "guarded/compacted.json"]);
  });
  const quiet = async () => {
    await store.remove(["_registry/tick.json"]);
    await store.replace("guarded/compacted.json", Buffer.from(JSON.stringify({ atSeconds: nowSeconds() })));
  };
  await growByEvent("tick", {}, quiet);
  await growByEvent("tick", {}, async () => {
    await quiet();
    await removeAll("manifest/");
  });
  await (roles.get("tick") as FunctionRole).restore();
  await guarded.idle();
});

test("with what they have been given back the functions do all of their work", async () => {
  await guarded.put({ ...key("cleo"), Author: { S: "cleo" } });
  expect(await guarded.run("snapshot")).toMatchObject({ output: { outcome: "committed" } });
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
  { grants: /^xray:/, because: "The emulator takes no traces." },
  { grants: /^dynamodb:ListStreams /, because: "Lambda checks it before it creates a mapping." },
  {
    grants: /^s3:ListBucket aws\/lambda\//,
    because: "Lambda checks it before it accepts a bucket for failed batches.",
  },
  {
    grants:
      /^s3:ListBucket (\*\/(schema\.json|watch\.json|beginning\.json|compacted\.json|counted\.json|found\.json|vacuum\.json|gaps\/|quarantine\/|staging\/)|_exports\/|_registry\/)/,
    because: "AWS reports a missing object as missing only to callers that may list it.",
  },
  {
    grants: /^s3:(AbortMultipartUpload|PutObjectAcl) _exports\//,
    because: "DynamoDB requires them from the caller who starts an export.",
  },
  {
    grants: /^s3:AbortMultipartUpload \*\/staging\//,
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
