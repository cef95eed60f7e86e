/** The end of a history: once everything is delivered and folded, the lake equals the table. */

import { openGaps } from "../../src/core/format/manifest.ts";
import { latestManifest } from "../../src/core/table/commits.ts";
import { knownGaps } from "../../src/core/table/recorded-gaps.ts";
import type { Random } from "../support/random.ts";
import {
  checkAsOf,
  checkHistory,
  checkItems,
  checkLosses,
  checkQuarantine,
  checkSnapshot,
  checkView,
  wasOwed,
} from "./checks.ts";
import { checkFollowing } from "./following.ts";
import { NEXT_BATCH } from "./model-source.ts";
import {
  startFollower,
  startInvocation,
  startMajor,
  startMinor,
  startReplay,
  startSeed,
} from "./processes.ts";
import { readyShards } from "./ready-shards.ts";
import { shownBy } from "./rule.ts";
import { TABLE, type World, Wrong } from "./world.ts";

export async function settle(world: World, random: Random): Promise<void> {
  await endAll(world);
  await deliverAll(world, random);
  await checkView(world);
  await world.advance(200);
  await foldAll(world, random);
  await checkLosses(world, world.table.changes);
  await repairGaps(world, random);
  await checkTruth(world);
  if (world.evolution !== undefined) {
    await checkFollowing(world, async () => {
      await deliverAll(world, random);
      await foldAll(world, random);
    });
    await checkTruth(world);
  }
  if (random.next() < 0.5) {
    await world.run(await startMajor(world, random));
    await checkTruth(world);
  }
  await checkHistory(world);
  await checkItems(world);
  await checkSnapshot(world);
  await checkQuarantine(world, keptRecords(world));
  const times = world.commits.slice(-8).flatMap(({ committedAtSeconds, kind }) =>
    // Right before a schema changed, what was delivered later is read by the columns of now.
    kind === "schema" ? [committedAtSeconds - 1, committedAtSeconds] : [committedAtSeconds],
  );
  const from = Math.max(world.keptSinceSeconds, world.settings.startSeconds);
  for (const seconds of new Set(times)) if (seconds >= from) await checkAsOf(world, seconds);
}

async function endAll(world: World): Promise<void> {
  for (const process of [...world.processes]) {
    if (process.actor.waitsOnlyFor(NEXT_BATCH)) world.kill(process, "followers stopped");
    else await world.run(process);
  }
  for (const process of [...world.processes]) world.kill(process, "followers stopped");
}

async function deliverAll(world: World, random: Random): Promise<void> {
  const { table, settings } = world;
  if (table.stream === undefined) table.enableStream(1, world.nowSeconds);
  if (settings.deployment === "embedded") {
    const follower = await startFollower(world, random, "to the end");
    while (world.processes.includes(follower)) await world.run(follower);
    return;
  }
  for (
    let shards = readyShards(world, world.processes);
    shards.length > 0;
    shards = readyShards(world, world.processes)
  )
    for (const shard of shards) await world.run(await startInvocation(world, random, shard));
  for (const records of [...world.stranded]) await world.run(await startReplay(world, random, records));
  await world.buffer.flush(Number.POSITIVE_INFINITY);
}

/** A process with an older schema gets a conflict and tries again. */
async function foldAll(world: World, random: Random): Promise<void> {
  for (;;) {
    const minor = await startMinor(world, random, 0);
    await world.run(minor);
    if (minor.actor.outcome?.error === undefined) return;
  }
}

async function repairGaps(world: World, random: Random): Promise<void> {
  const isOpen = async (): Promise<boolean> => {
    const manifest = await latestManifest(world.store, TABLE);
    return openGaps(manifest, await knownGaps(world.store, TABLE, manifest)).length > 0;
  };
  const isWhole =
    world.commit.floorSeconds > 0 || world.table.changes.every((change) => world.isDelivered(change));
  if (isWhole && !(await isOpen())) return;
  await world.advance(600);
  await world.run(await startSeed(world, random, { exportTimeSeconds: world.nowSeconds }));
  world.counts.add("gaps repaired");
  if (await isOpen()) throw new Wrong("a snapshot repairs", "a gap is still open");
}

async function checkTruth(world: World): Promise<void> {
  await checkView(world);
  const shown = shownBy(world.commit, world.log);
  for (const key of world.table.keys()) {
    const value = world.table.truth.get(key);
    const rows = shown.get(key) ?? [undefined];
    const values = rows.map((row) => row && ("change" in row ? row.change.value : row.snapshot));
    if (!values.includes(value) || values.length > 1)
      throw new Wrong("the lake is the table", `key ${key} is ${JSON.stringify(values)}, not ${value}`);
  }
}

/** Records that were read and are still in their stream: if their reader died, another one has followed. */
function keptRecords(world: World): ReadonlySet<unknown> {
  const { table, settings } = world;
  const shards = table.streams.flatMap((stream) => stream.shards.filter((shard) => !shard.expired));
  const kept = shards.flatMap((shard) => shard.records.slice(shard.trimmed));
  return new Set(
    settings.deployment === "aws"
      ? kept
      : kept.filter((record) => table.taken.has(record) && wasOwed(world, record)),
  );
}
