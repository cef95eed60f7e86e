/** Those who change the schema of a table that evolves: the product's own ways, in virtual time. */
import { compactMinor } from "../../src/core/compaction/compact.ts";
import type { CompactionContext } from "../../src/core/compaction/compaction-context.ts";
import { DEFAULT_POLICY } from "../../src/core/compaction/compaction-policy.ts";
import { seed } from "../../src/core/compaction/seed.ts";
import { schemaPath } from "../../src/core/format/lake-path.ts";
import { type Sightings, sightingsOf } from "../../src/core/infer/sightings.ts";
import { snapshotGrowth } from "../../src/core/infer/snapshot-growth.ts";
import type { ObjectStore } from "../../src/core/ports/object-store.ts";
import { rowCodec } from "../../src/core/row/row.ts";
import type { Schema } from "../../src/core/schema/schema.ts";
import { schemaOf } from "../../src/core/schema/schema-change.ts";
import { openTableOf } from "../../src/core/table/open-table.ts";
import { writeSchema } from "../../src/core/table/schema-file.ts";
import { readItem } from "../../src/core/values/attribute-value.ts";
import { withEditApplied } from "../../src/embedded/compaction/apply-edit.ts";
import { editSchema } from "../../src/embedded/compaction/edit-schema.ts";
import type { EvolvingLake } from "../../src/embedded/compaction/evolving-lake.ts";
import { followData, followSnapshot } from "../../src/embedded/compaction/follow-data.ts";
import { givenSchema } from "../../src/embedded/schemas/schema-choice.ts";
import { seenLines } from "../../src/transcode/seen-lines.ts";
import { gatedEngine, gatedStore } from "./actors.ts";
import { itemOf } from "./model-table.ts";
import { FUZZ_SECONDS } from "./rule.ts";
import { type Process, TABLE, type World } from "./world.ts";

function lakeOf(world: World, process: Process): EvolvingLake {
  return {
    store: gatedStore(world.store, process.actor),
    engine: gatedEngine(world.engine, process.actor),
    newRunId: world.newRunOf(process),
    nowSeconds: () => world.nowSeconds,
  };
}

/** As `compact` does: an edit of schema.json, the fold, and what its rows have that columns do not. */
export async function compactAndFollow(
  world: World,
  process: Process,
  context: CompactionContext,
): Promise<void> {
  const { sequence } = world.commit;
  const lake = lakeOf(world, process);
  const current = await withEditApplied(lake, context.schema, undefined);
  const compaction = { ...context, ...lake, schema: current.schema };
  const opened = await openTableOf(lake.store, current.schema, current.commits);
  const result = await compactMinor(compaction, opened);
  world.requireCommitted(result?.run);
  if (result === undefined && world.commit.sequence === sequence) world.foldedAlready(process);
  await followData(lake, current, result === undefined ? [] : [result]);
}

/** As `snapshot` does. */
export async function startEvolvingSeed(world: World, process: Process): Promise<Process> {
  const lake = lakeOf(world, process);
  const run = lake.newRunId();
  await world.start(process, () => takeIn(world, process, lake, run));
  return process;
}

async function takeIn(world: World, process: Process, lake: EvolvingLake, run: string): Promise<void> {
  const { store } = lake;
  const first = world.schemas[0] as Schema;
  const demand = {
    store,
    given: undefined,
    name: TABLE,
    key: undefined,
    source: undefined,
    replacesData: true,
  };
  const choice = await givenSchema(demand);
  const chosen = choice?.schema ?? first;
  // The first snapshot is taken with a file that people give.
  const evolves = choice?.evolves === true;
  if (choice?.effect.replaces === true && !lockLake(world, process)) return;
  const schemaBefore = await store.read(schemaPath(TABLE));
  const seeded = process.seeded as ReadonlyMap<number, string>;
  const growth = evolves
    ? await snapshotGrowth(chosen, sightingsOfItems(chosen, seeded), async () => lockLake(world, process))
    : undefined;
  const schema = growth?.schema ?? chosen;
  const replaces = growth?.replaces ?? choice?.effect.replaces ?? false;
  process.replaces = replaces;
  const exportTimeSeconds = process.exportTimeSeconds as number;
  const manifest = await seed({
    ...lake,
    schema,
    run,
    staged: world.engine.staged(schema, seeded),
    items: seeded.size,
    exportTimeSeconds,
    cutSeconds: exportTimeSeconds - FUZZ_SECONDS,
    deliveryDelaySeconds: DEFAULT_POLICY.deliveryDelaySeconds,
    snapshotsKept: world.settings.snapshotsKept,
    replacesSchema: replaces,
  });
  process.replaces = false;
  world.requireCommitted(run);
  const written = schemaOf(manifest.schema, schema);
  const isNew = choice?.origin === "given" || growth !== undefined;
  if (isNew && (await isUnchanged(store, schemaBefore))) await writeSchema(store, written);
  const opened = await openTableOf(store, written, { manifest, sequences: [] });
  await followSnapshot(lake, opened, evolves);
}

/** A change that was delivered, or a reader that may deliver one, keeps columns from taking other types. */
function lockLake(world: World, process: Process): boolean {
  const others = world.processes.filter(
    ({ kind, locks }) => kind === "follower" || kind === "replay" || locks,
  );
  if (world.log.length > 0 || others.some((other) => other !== process)) return false;
  process.locks = true;
  return true;
}

async function isUnchanged(store: ObjectStore, before: Uint8Array | undefined): Promise<boolean> {
  const now = await store.read(schemaPath(TABLE));
  return String(now) === String(before);
}

function sightingsOfItems(schema: Schema, seeded: ReadonlyMap<number, string>): Sightings {
  const seen = seenLines(rowCodec(schema), sightingsOf(schema));
  for (const [key, value] of seeded) seen.item(readItem(itemOf(key, value)));
  return seen.all(seeded.size);
}

/** As `schema apply` does. */
export async function startApply(world: World, given: Schema): Promise<Process> {
  const process = world.newProcess("apply");
  const lake = lakeOf(world, process);
  await world.start(process, async () => {
    const opened = await openTableOf(lake.store, world.schemas[0] as Schema);
    await editSchema(lake, opened, { given, origin: "a file" });
  });
  return process;
}
