/** What must hold of each lake table of a run, wherever it was killed. */
import { quarantineFolder } from "../../../src/core/format/lake-path.ts";
import type { StreamPosition } from "../../../src/core/ports/change-source.ts";
import { readReadingState } from "../../../src/core/table/reading-state.ts";
import { isJunk, type ModelRecord, type ModelShard } from "../model-table.ts";
import { FUZZ_SECONDS } from "../rule.ts";
import { gapsOf } from "../several/checks.ts";
import type { LakeTable } from "../several/lake-table.ts";
import { Wrong } from "../world.ts";
import type { OneRunWorld } from "./world.ts";

/** No position passes a record that its table lacks: `all` looks at those again that an earlier check has seen. */
export async function checkPositions(world: OneRunWorld, scope: "new" | "all" = "new"): Promise<void> {
  for (const table of world.tables) {
    const state = await readReadingState(world.store, table.name);
    if (state === undefined) continue;
    const passed = passedRecords(world, table, state.position, scope);
    if (passed.length > 0) await requireKept(world, table, passed, "no position before its records");
  }
  world.counts.add("checks of the positions");
}

/** What the table has never got is in its snapshot, or a gap tells it. For a table that was read to the end of the stream. */
export async function checkLosses(world: OneRunWorld, table: LakeTable): Promise<void> {
  await requireKept(world, table, world.table.changes, "no silent loss");
}

async function requireKept(
  world: OneRunWorld,
  table: LakeTable,
  records: readonly ModelRecord[],
  promise: string,
): Promise<void> {
  const { gaps, manifest } = await gapsOf(world, table);
  const shownUntilSeconds = (manifest.snapshots.at(-1)?.exportTimeSeconds ?? 0) - FUZZ_SECONDS;
  const quarantined = quarantinedIn(world, table);
  for (const record of records) {
    const sequence = world.sequenceOf(record);
    const kept = isJunk(record) ? quarantined : world.delivered.get(table);
    if (kept?.has(sequence)) {
      if (isJunk(record)) world.counts.add("quarantined records found");
      continue;
    }
    if (!isJunk(record) && !table.concerns(record)) continue;
    const { realSeconds } = record;
    const isInGap = gaps.some(({ lostUntilSeconds }) => lostUntilSeconds >= realSeconds);
    if (realSeconds > shownUntilSeconds && !isInGap)
      throw new Wrong(promise, `"${table.name}" lacks ${JSON.stringify(record)}, and no gap tells it`);
    world.counts.add(isInGap ? "changes in gaps" : "changes that a snapshot shows");
  }
}

function quarantinedIn({ store }: OneRunWorld, { name }: LakeTable): ReadonlySet<number> {
  const texts = store.paths(quarantineFolder(name)).map((path) => store.text(path) ?? "");
  const marks = texts.flatMap((text) => [...text.matchAll(/SequenceNumber\\*":\\*"(\d+)/g)]);
  return new Set(marks.map(([, number]) => Number(number)));
}

/** The records that a position lies behind, and that were there to be read. */
function passedRecords(
  world: OneRunWorld,
  { name }: LakeTable,
  position: StreamPosition,
  scope: "new" | "all",
): readonly ModelRecord[] {
  const { streams } = world.table;
  const current = streams.findIndex(({ arn }) => arn === position.streamArn);
  return streams.slice(0, current + 1).flatMap(({ shards }, number) =>
    shards.flatMap((shard) => {
      const known = `${name} ${shard.id}`;
      const from = scope === "all" ? 0 : (world.checked.get(known) ?? 0);
      const below = number < current ? shard.records.length : passedOf(world, shard, position);
      if (scope === "new") world.checked.set(known, Math.max(from, below));
      return shard.records.slice(from, below);
    }),
  );
}

function passedOf(world: OneRunWorld, shard: ModelShard, { shards }: StreamPosition): number {
  const place = shards[shard.id];
  if (place?.finished === true) return shard.records.length;
  if (place?.after === undefined) return 0;
  const after = Number(place.after);
  return shard.records.filter((record) => world.sequenceOf(record) <= after).length;
}
