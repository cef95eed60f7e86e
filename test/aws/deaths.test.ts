/** Compactions that die in any state: the view stays correct, and a later compaction finishes the work. */

import { CloudWatchClient, GetMetricStatisticsCommand } from "@aws-sdk/client-cloudwatch";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { METRIC_DIMENSION, type TableMetric } from "../../src/aws/contracts/metrics.ts";
import { RUNS_MAX } from "../../src/aws/contracts/steps.ts";
import { manifestNumbered, manifestSequences } from "../../src/core/table/commits.ts";
import type { AwsEmulator } from "./support/emulator.ts";
import type { DeployedTable, StoredItem } from "./support/reviews.ts";
import { openWorld } from "./support/world.ts";

let emulator: AwsEmulator;
let mortal: DeployedTable;
let machine: string;

beforeAll(async () => {
  const world = await openWorld("mortal");
  emulator = world.emulator;
  mortal = world.tables.mortal;
  machine = mortal.machineArn("compaction").split(":").at(-1) as string;
  await mortal.put(...Array.from({ length: 10 }, (_, i) => review(`stable ${i}`, {})));
  await mortal.seeded();
  await mortal.becomesEqual();
});

afterAll(() => mortal?.close());

function review(user: string, attributes: StoredItem): StoredItem {
  return { User: { S: user }, Book: { S: "Dune" }, ...attributes };
}

/** The executions that have failed in the last hour, as the machines count them. */
async function failures(): Promise<number> {
  const client = new CloudWatchClient(emulator.client);
  const now = Date.now();
  const { Datapoints = [] } = await client.send(
    new GetMetricStatisticsCommand({
      Namespace: `dynalake/${mortal.deployment.database}`,
      MetricName: "FailedExecutions" satisfies TableMetric,
      Dimensions: [{ Name: METRIC_DIMENSION, Value: "mortal" }],
      StartTime: new Date(now - 3_600_000),
      EndTime: new Date(now + 60_000),
      Period: 60,
      Statistics: ["Sum"],
    }),
  );
  client.destroy();
  return Datapoints.reduce((sum, { Sum = 0 }) => sum + Sum, 0);
}

/** Counts rows that no test changes. */
const STABLE = "SELECT count(*) AS n FROM mortal WHERE \"user\" LIKE 'stable %'";

test.each(["Begin", "Plan", "Stage", "Statement", "Commit", "Publish", "Clean"])(
  "a compaction that dies at %s, before or after it, leaves a right view, and the next one repairs it",
  async (state) => {
    for (const when of ["before", "after"] as const) {
      await mortal.delivered(() => mortal.put(review(`dies at ${state}`, { Author: { S: `dies ${when}` } })));
      await emulator.faults.failState({ machine, table: "mortal", state, how: "abort", when });
      const { answers, ended } = await mortal.askDuring(STABLE, mortal.compacted());
      expect(ended).toMatchObject({ status: "ABORTED" });
      expect(answers).toEqual([[{ n: 10 }]]);
      expect(await emulator.faults.left("mortal")).toBe(0);
      await mortal.becomesEqual();
    }
    expect(await mortal.compacted({ settleSeconds: 0 })).toMatchObject({ status: "SUCCEEDED" });
    await mortal.becomesEqual();
  },
);

test("statements that fail are followed by another run, with other folders, a bounded number of times", async () => {
  const settled = { settleSeconds: 0 };
  const failing = { machine, table: "mortal", state: "Statement", error: "Athena.Unknown" };
  await mortal.delivered(() => mortal.put(review("runs again", { Author: { S: "once" } })));
  await emulator.faults.failState({ ...failing, when: "after", times: 1 });
  expect(await mortal.compacted(settled)).toMatchObject({ output: { done: ["minor"] } });
  await mortal.becomesEqual();
  await mortal.delivered(() => mortal.put(review("runs again", { Author: { S: "for good" } })));
  await emulator.faults.failState({ ...failing, times: RUNS_MAX });
  const failed = await failures();
  expect(await mortal.compacted(settled)).toMatchObject({ status: "FAILED" });
  expect(await failures()).toBe(failed + 1);
  expect(await emulator.faults.left("mortal")).toBe(0);
  await mortal.becomesEqual();
});

test("a day later vacuum removes what the dead have left, and nothing that is in use", async () => {
  const { bucket, store } = mortal.lake;
  const foldersOf = (kind: string) => store.folders(`mortal/${kind}/`);
  const dead = (await foldersOf("segments")).length - (await runsInUse()).length;
  expect(dead).toBeGreaterThan(0);
  expect((await foldersOf("staging")).length).toBeGreaterThan(0);
  expect(await mortal.invoke("clean", { table: "mortal", vacuum: true })).toMatchObject({
    answer: { files: 0, partitions: 0 },
  });
  await emulator.makeOlder(bucket, "mortal/", 25);
  const cleaned = await mortal.invoke("clean", { table: "mortal", vacuum: true });
  expect(cleaned).toMatchObject({ answer: { manifests: 0, partitions: expect.any(Number) } });
  expect(await foldersOf("staging")).toEqual([]);
  expect([...(await foldersOf("segments"))].sort()).toEqual(await runsInUse());
  await mortal.becomesEqual();
});

/** The runs that manifests of the last week use. */
async function runsInUse(): Promise<readonly string[]> {
  const { store } = mortal.lake;
  const runs = new Set<string>();
  for (const sequence of await manifestSequences(store, "mortal")) {
    const manifest = await manifestNumbered(store, "mortal", sequence);
    const snapshots = manifest.snapshots.flatMap(({ segments }) => segments);
    for (const { run } of [...manifest.segments, ...snapshots]) runs.add(run);
  }
  return [...runs].sort();
}

test("nothing needed a permission that it does not have", async () => {
  for (const stack of ["DynalakeMortal", "DynalakeLake"]) expect(await emulator.denials(stack)).toEqual([]);
});
