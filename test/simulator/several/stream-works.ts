/** The work of a source's stream function: batches of its shards, and what waits for a table. */
import { deliverStream } from "../../../src/aws/stream-delivery.ts";
import { feedWaiting } from "../../../src/core/delivery/feed-waiting.ts";
import { STREAM_FUNCTION_SECONDS } from "../../../src/core/table/served-intervals.ts";
import type { Random } from "../../support/random.ts";
import { isJunk, type ModelRecord, type ModelShard } from "../model-table.ts";
import { Instance } from "./instance.ts";
import type { LakeTable } from "./lake-table.ts";
import { recordOf } from "./source-stream.ts";
import type { Work } from "./work.ts";
import type { SeveralWorld } from "./world.ts";

const INSTANCES_MAX = 4;

/** Lambda takes an instance that is idle, or makes one. Undefined: all that there may be are busy. */
function someInstance(world: SeveralWorld, random: Random): Instance | undefined {
  const { idleInstances: idle, instances } = world;
  if (idle.length > 0 && (instances.length >= INSTANCES_MAX || random.next() < 0.8))
    return random.choice(idle);
  if (instances.length >= INSTANCES_MAX) return undefined;
  const instance = new Instance({
    store: world.store,
    tables: world.tables,
    nowSeconds: () => world.nowSeconds,
  });
  instances.push(instance);
  return instance;
}

/** The instance is busy until the work ends. One that dies is never used again. */
function instanceWork(
  world: SeveralWorld,
  instance: Instance,
  kind: string,
  onEnd: () => void = () => undefined,
): Work {
  const work = world.newWork(kind, {
    secondsMax: STREAM_FUNCTION_SECONDS,
    onEnd: ({ died }) => {
      instance.actor = undefined;
      if (died) world.instances.splice(world.instances.indexOf(instance), 1);
      onEnd();
    },
  });
  instance.actor = work.actor;
  return work;
}

/** A batch of a shard. What is not done is given again, or put aside after some tries. */
export async function startInvocation(
  world: SeveralWorld,
  random: Random,
  shard: ModelShard,
): Promise<Work | undefined> {
  const instance = someInstance(world, random);
  if (instance === undefined) return undefined;
  const from = world.given.get(shard.id) ?? 0;
  const records = shard.records.slice(from, from + random.choice([1, 3, 10]));
  const before = world.tables.map(({ faults, turns }) => ({ faults: new Set(faults), turns }));
  let done = 0;
  const work = instanceWork(world, instance, `invocation of ${shard.id}`, () => {
    const place = `${shard.id} ${from}`;
    const tries = (world.tries.get(place) ?? 0) + 1;
    if (done === 0 && tries < world.settings.triesMax) {
      world.tries.set(place, tries);
      return;
    }
    if (done === 0) world.putAside(records);
    else if (done < records.length) world.counts.add("batches done in part");
    world.given.set(shard.id, from + (done === 0 ? records.length : done));
  });
  await world.start(work, async () => {
    const tables = await instance.served();
    const { store } = instance;
    const answer = await deliverStream(
      { store, tables, nowSeconds: () => world.nowSeconds },
      { Records: records.map(recordOf) },
    );
    const { failedFrom } = answer;
    done =
      failedFrom === undefined
        ? records.length
        : records.findIndex((record) => !isJunk(record) && String(record.sequence) === failedFrom);
    for (const { table, waiting } of answer.delivery.tables) {
      if (waiting !== undefined) world.counts.add("deliveries that wait");
      const at = world.tables.findIndex(({ name }) => name === table);
      const [own, then] = [world.tables[at] as LakeTable, before[at]];
      const isWell = own.faults.size === 0 && own.turns === then?.turns;
      if (waiting !== undefined && isWell && !work.injected)
        world.wrong("a table that is well", `changes of "${table}" wait: ${waiting.message}`);
    }
    const hasPlaces = world.tables.every(
      ({ faults, turns }, i) => !faults.has("no place to wait") && turns === before[i]?.turns,
    );
    if (failedFrom !== undefined && hasPlaces && !work.injected)
      world.wrong("a batch goes on", `from ${failedFrom} on it did not, and all tables can wait`);
  });
  return work;
}

/** What waits for a table is delivered. */
export async function startFeed(
  world: SeveralWorld,
  random: Random,
  name: string,
): Promise<Work | undefined> {
  const instance = someInstance(world, random);
  if (instance === undefined) return undefined;
  const work = instanceWork(world, instance, `feed of ${name}`);
  await world
    .start(work, async () => {
      const context = await (await instance.served()).find(({ table }) => table === name)?.context();
      if (context === undefined) return;
      const clock = { nowSeconds: () => world.nowSeconds, secondsMax: STREAM_FUNCTION_SECONDS / 2 };
      const fed = await feedWaiting(instance.store, name, context, clock);
      world.counts.add("fed objects", fed.objects);
    })
    .catch(() => undefined);
  return work;
}

/** The records of a shard that are done. */
export function doneRecords(world: SeveralWorld): readonly ModelRecord[] {
  return world.table.streams
    .flatMap(({ shards }) => shards)
    .flatMap((shard) => shard.records.slice(0, world.given.get(shard.id) ?? 0));
}
