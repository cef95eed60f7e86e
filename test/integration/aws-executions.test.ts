/** What executions on AWS reject and repair, with a deployment in memory. */
import { expect, test } from "@jest/globals";
import { type PlannedSeed, RUNS_MAX } from "../../src/aws/contracts/steps.ts";
import { readExport } from "../../src/aws/source-export.ts";
import { beginExport } from "../../src/aws/steps/begin-export.ts";
import { commitStep } from "../../src/aws/steps/commit-step.ts";
import { planSeedStep } from "../../src/aws/steps/plan-seed.ts";
import { snapshotPart } from "../../src/aws/steps/snapshot-part.ts";
import { deliver } from "../../src/core/delivery/deliver.ts";
import { EXPORTS_FOLDER } from "../../src/core/format/deployment-path.ts";
import { segmentsFolder, stagingRunFolder, tallyPath } from "../../src/core/format/lake-path.ts";
import { namedSegments } from "../../src/core/format/named-segments.ts";
import type { SnapshotsKept } from "../../src/core/format/snapshots-kept.ts";
import { rowCodec } from "../../src/core/row/row.ts";
import { lineWriter } from "../../src/core/row/wire-line.ts";
import { parseSchema, type Schema } from "../../src/core/schema/schema.ts";
import { latestManifest } from "../../src/core/table/commits.ts";
import { keptSnapshots } from "../../src/core/table/kept-snapshots.ts";
import { readLastCompaction } from "../../src/core/table/last-compaction.ts";
import {
  COMPACTED,
  DEPLOYED_CHANGES,
  type Deployment,
  filledDeployment,
  SOURCE,
} from "../crash-points/deployment.ts";
import { SOURCE_TABLE_ARN } from "../crash-points/export-service.ts";
import {
  compactionMachine,
  Execution,
  firstSnapshotMachine,
  type Invoker,
  once,
  snapshotMachine,
} from "../crash-points/machines.ts";
import { sessionOfTests } from "../crash-points/session.ts";
import {
  type Change,
  FILLED,
  NOW,
  recordOf,
  type State,
  shown,
  TABLE,
  worldSchema,
} from "../crash-points/world.ts";
import { deepTest } from "../support/deep-test.ts";

const session = sessionOfTests();
const ITEMS: State = { 1: "c3", 5: "s5", 10: "s10" };

interface Snapshot {
  readonly deployment: Deployment;
  readonly run: string;
  readonly exportPrefix: string;
}

/** A snapshot whose export has two files, with at most `filesMax` of them staged. */
async function stagedSnapshot(filesMax: number, schema?: Schema): Promise<Snapshot> {
  const deployment = await filledDeployment(session(), schema);
  deployment.nowSeconds = NOW + 500;
  deployment.source(ITEMS);
  const context = await deployment.steps();
  const request = {
    execution: "one",
    source: SOURCE,
    sourceTableArn: SOURCE_TABLE_ARN,
    kmsKeyArn: undefined,
  };
  const { run, exportPrefix } = await beginExport(context, request);
  const { files } = await readExport(deployment.store, exportPrefix);
  for (const [index, file] of files.slice(0, filesMax).entries())
    await snapshotPart(context, { run, index, ...file, maskKey: undefined });
  return { deployment, run, exportPrefix };
}

async function planned({ deployment, run, exportPrefix }: Snapshot) {
  return planSeedStep(await deployment.steps(), { table: TABLE, run, exportPrefix });
}

/** A snapshot whose statements have run, before its commit. */
async function writtenSnapshot(): Promise<Snapshot> {
  const snapshot = await stagedSnapshot(2);
  const plan = await planned(snapshot);
  expect(plan).toMatchObject({ items: 3, skipped: 0, quarantined: 1 });
  await new Execution(snapshot.deployment, once).stage(plan);
  return snapshot;
}

async function committed({ deployment, run }: Snapshot) {
  return commitStep(await deployment.steps(), run);
}

async function expectRefused(snapshot: Snapshot, message: string): Promise<void> {
  await expect(committed(snapshot)).rejects.toMatchObject({
    code: "ENGINE_FAILED",
    message: expect.stringContaining(message),
  });
  await expectUntouched(snapshot);
}

async function expectUntouched({ deployment, run }: Snapshot): Promise<void> {
  expect(await shown(deployment)).toEqual(FILLED);
  const { snapshots } = await latestManifest(deployment.store, TABLE);
  expect(snapshots.map((snapshot) => snapshot.run)).not.toContain(run);
}

test("a snapshot is what its statements have written", async () => {
  const snapshot = await writtenSnapshot();
  expect(await committed(snapshot)).toMatchObject({ outcome: "committed", kind: "snapshot", rows: 3 });
  expect(await shown(snapshot.deployment)).toEqual(ITEMS);
});

test("a run whose statements failed is followed by another one, with other folders and tokens", async () => {
  const snapshot = await writtenSnapshot();
  const { deployment, run, exportPrefix } = snapshot;
  const [first, second, last] = await Promise.all(
    [0, 1, RUNS_MAX - 1].map(async (failedRuns) =>
      planSeedStep(await deployment.steps(), { table: TABLE, run, exportPrefix, failedRuns }),
    ),
  );
  expect(first?.again).toEqual({ table: TABLE, run, exportPrefix, failedRuns: 1 });
  expect(last?.again).toBeUndefined();
  expect(new Set([run, second?.run, last?.run]).size).toBe(3);
  expect(second?.token).not.toBe(first?.token);
  // The first run has written all of its segments already.
  await new Execution(deployment, once).stage(second as PlannedSeed);
  const commit = await committed({ ...snapshot, run: second?.run ?? "" });
  expect(commit).toMatchObject({ outcome: "committed", rows: 3 });
  expect(await shown(deployment)).toEqual(ITEMS);
});

test("a file of the export that was not staged is no empty one", async () => {
  const snapshot = await stagedSnapshot(1);
  await expect(planned(snapshot)).rejects.toMatchObject({
    code: "EXPORT_INVALID",
    message: expect.stringContaining("file 2 of the export was not staged"),
  });
  await expectUntouched(snapshot);
});

/** What is left to a redriven execution whose map has failed at the second file. */
async function redriven(snapshot: Snapshot) {
  const { deployment, exportPrefix, run } = snapshot;
  const [, file] = (await readExport(deployment.store, exportPrefix)).files;
  if (file === undefined) throw new Error("the export has two files");
  await snapshotPart(await deployment.steps(), { run, index: 1, ...file, maskKey: undefined });
  const plan = await planned(snapshot);
  await new Execution(deployment, once).stage(plan);
  return committed(snapshot);
}

test("a redriven execution stages the files that were missing, and commits all of them", async () => {
  const snapshot = await stagedSnapshot(1);
  expect(await redriven(snapshot)).toMatchObject({ outcome: "committed", rows: 3 });
  expect(await shown(snapshot.deployment)).toEqual(ITEMS);
});

test("a redriven execution leaves what was changed and compacted meanwhile as it is", async () => {
  const snapshot = await stagedSnapshot(1);
  const { deployment } = snapshot;
  const later: Change = { key: 5, sequence: 900, value: "d5", timeSeconds: NOW + 600 };
  deployment.nowSeconds = NOW + 700;
  const { engine, schema, store } = deployment;
  const writer = lineWriter(rowCodec(schema));
  const delivering = { store, sink: engine.sink(schema), writer, rowBytesMax: 1_000_000 };
  const records = [recordOf(later)];
  await deliver(delivering, { records, source: "a test", arrivedAtSeconds: deployment.nowSeconds });
  deployment.nowSeconds = NOW + 7200;
  expect(await compactionMachine(new Execution(deployment, once))).toBe("succeeded");
  expect(await redriven(snapshot)).toMatchObject({ outcome: "committed", rows: 3 });
  expect(await shown(deployment)).toEqual({ ...ITEMS, 5: "d5" });
});

test("a redriven execution whose table has a newer snapshot by now ends as a conflict, and changes nothing", async () => {
  const snapshot = await stagedSnapshot(1);
  const { deployment } = snapshot;
  deployment.nowSeconds = NOW + 1000;
  const newer: State = { 1: "d1", 2: "d2" };
  deployment.source(newer);
  expect(await snapshotMachine(new Execution(deployment, once))).toBe("committed");
  expect(await redriven(snapshot)).toEqual({ outcome: "conflict", kind: "snapshot" });
  expect(await shown(deployment)).toEqual(newer);
});

test.each([
  ["another file", { itemCount: 3, items: 3, skipped: 0, rejected: 0 }],
  ["fewer items than the file has", { itemCount: 1, items: 0, skipped: 0, rejected: 0 }],
])("a tally of %s is refused", async (_, tally) => {
  const snapshot = await stagedSnapshot(2);
  snapshot.deployment.store.plant(tallyPath(TABLE, snapshot.run, 1), JSON.stringify(tally));
  await expect(planned(snapshot)).rejects.toMatchObject({
    code: "EXPORT_INVALID",
    message: expect.stringContaining("does not have the items that the export's manifest lists"),
  });
  await expectUntouched(snapshot);
});

test("rows of a statement that ran twice are not committed", async () => {
  const snapshot = await writtenSnapshot();
  const { store } = snapshot.deployment;
  const [path = ""] = store.paths(`${segmentsFolder(TABLE)}${snapshot.run}/`);
  store.plant(path.replace("_00001_", "_00002_"), store.text(path) ?? "");
  await expectRefused(snapshot, "ran twice");
});

test("a segment of which Athena reads nothing is not committed", async () => {
  const snapshot = await writtenSnapshot();
  snapshot.deployment.catalog.createPartitions = async () => undefined;
  await expectRefused(snapshot, "Athena finds no rows in the new segment");
});

test("the first snapshot of a schedule exports nothing where there is one", async () => {
  const deployment = await filledDeployment(session());
  expect(await firstSnapshotMachine(new Execution(deployment, once))).toBe("skipped");
  expect(deployment.store.paths(EXPORTS_FOLDER)).toEqual([]);
});

test("a compaction reads segments that Glue has forgotten", async () => {
  const deployment = await filledDeployment(session());
  deployment.catalog.partitions.clear();
  expect(await compactionMachine(new Execution(deployment, once))).toBe("succeeded");
  expect(await shown(deployment)).toEqual(COMPACTED);
  const named = namedSegments(await latestManifest(deployment.store, TABLE));
  expect([...deployment.catalog.partitions.keys()]).toEqual(
    expect.arrayContaining(named.map(({ id }) => id)),
  );
});

test("rows that two statements write are staged in two splits, and each statement reads its own", async () => {
  const schema = parseSchema({ ...worldSchema().file, partitionBy: "bucket(150)" }, "a test");
  const snapshot = await stagedSnapshot(2, schema);
  const { deployment, run } = snapshot;
  const rows = deployment.store.paths(`${stagingRunFolder(TABLE, run)}rows/`);
  expect(rows.map((path) => path.slice(path.lastIndexOf("/") + 1))).toEqual([
    "0000-000000.jsonl.gz",
    "0000-000001.jsonl.gz",
    "0001-000000.jsonl.gz",
    "0001-000001.jsonl.gz",
  ]);
  const plan = await planned(snapshot);
  expect(plan).toMatchObject({ items: 3, statements: 2 });
  await new Execution(deployment, once).stage(plan);
  await committed(snapshot);
  expect(await shown(deployment)).toEqual(ITEMS);
});

deepTest(
  "files that were staged by two versions, in splits and not, are all read by each statement",
  async () => {
    const schema = parseSchema({ ...worldSchema().file, partitionBy: "bucket(150)" }, "a test");
    const snapshot = await stagedSnapshot(2, schema);
    const { deployment, run } = snapshot;
    const tally = JSON.parse(deployment.store.text(tallyPath(TABLE, run, 1)) ?? "") as { splits?: number };
    delete tally.splits;
    await deployment.store.replace(tallyPath(TABLE, run, 1), Buffer.from(JSON.stringify(tally)));
    const plan = await planned(snapshot);
    await new Execution(deployment, once).stage(plan);
    await committed(snapshot);
    expect(await shown(deployment)).toEqual(ITEMS);
  },
);

test("what a long compaction has not seen is news after it: it counts as compacted when it began", async () => {
  const deployment = await filledDeployment(session());
  const beganSeconds = deployment.nowSeconds;
  const slow: Invoker = async (invocation) => {
    const answer = await invocation();
    deployment.nowSeconds += 900;
    return answer;
  };
  expect(await compactionMachine(new Execution(deployment, slow))).toBe("succeeded");
  expect(await shown(deployment)).toEqual(COMPACTED);
  // One call for the lock, before the first planning.
  expect(await readLastCompaction(deployment.store, TABLE)).toMatchObject({ atSeconds: beganSeconds + 900 });
});

/** A snapshot by the machine so long after the others, of a deployment that asks for this. */
async function taken(deployment: Deployment, afterSeconds: number, snapshotsKept?: SnapshotsKept) {
  deployment.nowSeconds = NOW + afterSeconds;
  deployment.snapshotsKept = snapshotsKept;
  deployment.deploy(deployment.schema, 0);
  deployment.source(ITEMS);
  expect(await snapshotMachine(new Execution(deployment, once))).toBe("committed");
  return latestManifest(deployment.store, TABLE);
}

test("snapshots keep as many as the deployment asks for, and as before where it asks for nothing", async () => {
  const deployment = await filledDeployment(session());
  await taken(deployment, 1000, 2);
  const second = await taken(deployment, 2000);
  expect(second.snapshotsKept).toBe(2);
  const times = second.snapshots.map(({ exportTimeSeconds }) => exportTimeSeconds);
  expect(times).toEqual([NOW + 1000, NOW + 2000]);
  expect((await taken(deployment, 3000, "all")).snapshots).toHaveLength(3);
  expect((await taken(deployment, 4000, { seconds: 1500 })).snapshots).toHaveLength(2);
});

test("Glue is told of kept snapshots again, too, once it has forgotten the table", async () => {
  const deployment = await filledDeployment(session());
  for (const afterSeconds of [1000, 2000]) await taken(deployment, afterSeconds, 2);
  const known = [...deployment.catalog.partitions.keys()].filter((id) => id.startsWith("b-aws-"));
  deployment.catalog.partitions.clear();
  expect(await compactionMachine(new Execution(deployment, once))).toBe("succeeded");
  const manifest = await latestManifest(deployment.store, TABLE);
  const kept = await keptSnapshots(deployment.store, { ...(await deployment.steps()).opened, manifest });
  const ids = kept.flatMap(({ segments }) => segments.map(({ id }) => id));
  expect(ids.length).toBeGreaterThan(2);
  expect(known).toEqual(expect.arrayContaining(ids));
  expect([...deployment.catalog.partitions.keys()]).toEqual(expect.arrayContaining(ids));
});

test("the newest change that compactions have seen is remembered, also when there is nothing new", async () => {
  const deployment = await filledDeployment(session());
  const newest = async () => (await readLastCompaction(deployment.store, TABLE))?.newestChangeSeconds;
  await compactionMachine(new Execution(deployment, once));
  const seen = await newest();
  expect(seen).toBe(Math.max(...DEPLOYED_CHANGES.map(({ timeSeconds }) => timeSeconds ?? 0)));
  deployment.nowSeconds += 900;
  await compactionMachine(new Execution(deployment, once));
  expect(await newest()).toBe(seen);
});
