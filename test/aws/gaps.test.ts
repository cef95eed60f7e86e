import {
  CloudWatchClient,
  GetMetricStatisticsCommand,
  type MetricAlarm,
  paginateDescribeAlarms,
} from "@aws-sdk/client-cloudwatch";
import { DynamoDBClient, UpdateTableCommand } from "@aws-sdk/client-dynamodb";
import { LambdaClient, UpdateEventSourceMappingCommand } from "@aws-sdk/client-lambda";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { manifestPath } from "../../src/core/format/lake-path.ts";
import { manifestText } from "../../src/core/format/manifest.ts";
import { type TableStatus, tableStatus } from "../../src/core/status/status.ts";
import { latestManifest } from "../../src/core/table/commits.ts";
import { requireTable } from "../../src/core/table/open-table.ts";
import { readGaps } from "../../src/core/table/recorded-gaps.ts";
import { saveStreamBeginning } from "../../src/core/table/stream-beginning.ts";
import { readStreamWatch, saveStreamWatch } from "../../src/core/table/stream-watch.ts";
import type { AwsEmulator } from "./support/emulator.ts";
import { type DeployedTable, until } from "./support/reviews.ts";
import { openWorld } from "./support/world.ts";

/** Changes that nobody read: found by the next compaction, alarmed, and repaired by a snapshot. With policies enforced. */

const HOUR = 3600;
let emulator: AwsEmulator;
let watched: DeployedTable;

beforeAll(async () => {
  const world = await openWorld("watched");
  emulator = world.emulator;
  watched = world.tables.watched;
  await watched.seeded();
});

afterAll(() => watched?.close());

const now = (): number => Math.floor(Date.now() / 1000);

/** Has the stream checked, as the tick does hourly. */
async function look(): Promise<void> {
  expect(await watched.invoke("source", { step: "look" })).toMatchObject({ answer: { FailedLooks: 0 } });
}

/** Retries, because only one compaction of the table runs at a time and ticks start some too. */
async function compact(): Promise<void> {
  await until("a compaction succeeds", async () => {
    const { output } = await watched.run("compaction", { settleSeconds: 0 });
    return (output as { readonly outcome?: string }).outcome === "succeeded" ? true : undefined;
  });
}

async function status(): Promise<TableStatus> {
  const { store, engine } = watched.lake;
  const { mappingIds } = watched.deployment;
  return tableStatus({ store, engine, mappingIds }, await requireTable(store, "watched"), now());
}

async function switchMapping(Enabled: boolean): Promise<void> {
  const client = new LambdaClient(emulator.client);
  const UUID = watched.deployment.eventSourceMapping;
  await client.send(new UpdateEventSourceMappingCommand({ UUID, Enabled }));
  client.destroy();
}

/** Waits until the metric, as the functions published it, reaches the threshold of its alarm. */
async function alarmed(metric: string): Promise<void> {
  const client = new CloudWatchClient(emulator.client);
  const alarms: MetricAlarm[] = [];
  for await (const { MetricAlarms = [] } of paginateDescribeAlarms({ client }, {}))
    alarms.push(...MetricAlarms);
  const names = ["watched", watched.deployment.source];
  const alarm = alarms.find(
    (one) => one.MetricName === metric && one.Dimensions?.some(({ Value = "" }) => names.includes(Value)),
  );
  expect(alarm).toBeDefined();
  const { Namespace, MetricName, Dimensions, Period, Statistic, Threshold = 0 } = alarm ?? {};
  await until(`the alarm on ${metric} is raised`, async () => {
    const { Datapoints = [] } = await client.send(
      new GetMetricStatisticsCommand({
        ...{ Namespace, MetricName, Dimensions, Period, Statistics: Statistic && [Statistic] },
        ...{ StartTime: new Date(Date.now() - HOUR * 1000), EndTime: new Date(Date.now() + 60_000) },
      }),
    );
    return Datapoints.some(({ Maximum = 0 }) => Maximum >= Threshold) ? true : undefined;
  });
  client.destroy();
}

/** Makes the lake's snapshot, the stream before it and the last check of the stream `hours` older. */
async function age(hours: number): Promise<void> {
  const { store } = watched.lake;
  const manifest = await latestManifest(store, "watched");
  const seconds = now() - hours * HOUR;
  const times = { floorSeconds: seconds, horizonSeconds: seconds };
  const snapshots = manifest.snapshots.map((snapshot) => ({
    ...snapshot,
    exportTimeSeconds: seconds,
    cutSeconds: seconds,
  }));
  const text = manifestText({ ...manifest, ...times, snapshots });
  await store.replace(manifestPath("watched", manifest.sequence), new TextEncoder().encode(text));
  const watch = await readStreamWatch(store, "watched");
  expect(watch).toBeDefined();
  if (watch === undefined) return;
  await saveStreamWatch(store, "watched", { ...watch, seenReadingSeconds: seconds, lookedSeconds: seconds });
  const arn = watch.streamArn ?? "";
  const stream = { arn, createdAtSeconds: seconds };
  const { configuration = "" } = watch;
  await saveStreamBeginning(store, "watched", { stream, readSinceSeconds: seconds, configuration });
}

test("a stream that is read leaves no hole, also where nobody has looked for days", async () => {
  await look();
  expect(await readStreamWatch(watched.lake.store, "watched")).toMatchObject({
    streamArn: expect.stringContaining("table/Watched/stream/"),
  });
  expect(await status()).toMatchObject({ health: "healthy", openGaps: [], repairedGaps: [] });
});

test("a mapping that was off for more than a day is a hole, alarmed, until a snapshot repairs it", async () => {
  await age(40);
  await switchMapping(false);
  await look();
  expect(await status()).toMatchObject({ health: "gap", openGaps: [{ reason: "trimmed" }] });
  await alarmed("OpenGaps");
  await alarmed("StreamUnreadSeconds");
  await switchMapping(true);
  await look();
  const { health, openGaps } = await status();
  expect(health).toBe("gap");
  expect(openGaps).toHaveLength(1);
  const lostUntil = openGaps[0]?.lostUntilSeconds ?? 0;
  expect(Math.abs(lostUntil - (now() - 23 * HOUR))).toBeLessThan(300);

  const snapshot = await watched.run("snapshot");
  expect(snapshot).toMatchObject({ output: { outcome: "committed" } });
  await compact();
  expect(await status()).toMatchObject({ health: "healthy", openGaps: [], repairedGaps: openGaps });
  expect((await latestManifest(watched.lake.store, "watched")).gaps).toEqual(openGaps);
});

test("a stream that is off, and one that was made anew, are holes", async () => {
  const client = new DynamoDBClient(emulator.client);
  const stream = (StreamSpecification: { StreamEnabled: boolean; StreamViewType?: "NEW_IMAGE" }) =>
    client.send(new UpdateTableCommand({ TableName: "Watched", StreamSpecification }));
  await stream({ StreamEnabled: false });
  await look();
  expect(await status()).toMatchObject({ health: "gap", openGaps: [{ reason: "stream-off" }] });
  await stream({ StreamEnabled: true, StreamViewType: "NEW_IMAGE" });
  await look();
  client.destroy();
  const { health, openGaps } = await status();
  expect([health, openGaps.map(({ reason }) => reason)]).toEqual(["gap", ["stream-off", "stream-recreated"]]);
  expect(await readGaps(watched.lake.store, "watched")).toHaveLength(3);
});

test("what is looked at needs no permission that is not given", async () => {
  for (const stack of ["DynalakeWatched", "DynalakeLake"]) expect(await emulator.denials(stack)).toEqual([]);
});
