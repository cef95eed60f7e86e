/** The stream source resumes from any position, in any tree of shards. */
import { expect, test } from "@jest/globals";
import type { ChangeReader, StreamPosition } from "../../src/core/ports/change-source.ts";
import { streamSource } from "../../src/source/stream-source.ts";
import * as fc from "../support/fast-check.ts";
import { FakeDynamo, type FakeShard, networkError, recordName, serviceError } from "./fake-stream.ts";
import { VirtualTiming } from "./virtual-timing.ts";

interface ShardPlan {
  /** The parent, as an index among the earlier shards, modulo their number. Absent for none. */
  readonly parent: number | undefined;
  readonly records: number;
  /** How many listings after the shard its children are listed, all of them at once. */
  readonly childrenLater: number;
}

interface SessionPlan {
  readonly recordsMax: number;
  readonly batches: number;
  /** How many of the last batches are lost, because the process dies before it saves their position. */
  readonly unsaved: number;
}

const shardPlan = fc.record({
  parent: fc.option(fc.nat({ max: 20 }), { nil: undefined }),
  records: fc.nat({ max: 7 }),
  childrenLater: fc.nat({ max: 2 }),
});
const sessionPlan = fc.record({
  recordsMax: fc.integer({ min: 1, max: 9 }),
  batches: fc.nat({ max: 8 }),
  unsaved: fc.nat({ max: 3 }),
});
const faults = [
  () => serviceError("ExpiredIteratorException"),
  () => serviceError("LimitExceededException"),
  () => serviceError("InternalServerError", "server"),
  () => networkError("ECONNRESET"),
] as const;

/** `opening`: whether a reader is being opened, which reports failures and retries none. */
function build(plans: readonly ShardPlan[], faultAt: readonly number[], opening: () => boolean): FakeDynamo {
  const dynamo = new FakeDynamo();
  const stream = dynamo.stream("arn:aws:dynamodb:eu-west-1:1:table/Reviews/stream/2026-11-23T00:00:00.000");
  const shards: FakeShard[] = [];
  for (const [index, plan] of plans.entries()) {
    const parentIndex = plan.parent === undefined || index === 0 ? -1 : plan.parent % index;
    const parent = shards[parentIndex];
    const shard = stream.shard(`shard-${index}`, parent?.id);
    shard.listedFrom = (parent?.listedFrom ?? 0) + (plans[parentIndex]?.childrenLater ?? 0);
    stream.write(shard, plan.records);
    if (parent !== undefined) parent.closed = true;
    shards.push(shard);
  }
  let calls = 0;
  dynamo.fault = (call) => {
    if (opening()) return undefined;
    const fault = faults[faultAt[calls++] ?? -1]?.();
    return call === "describeStream" && fault?.name === "ExpiredIteratorException" ? undefined : fault;
  };
  dynamo.shardsPerPage = 2;
  dynamo.recordsPerAnswer = 3;
  return dynamo;
}

/** The records that must come before this one: the rest of its lineage, oldest first. */
function earlier(shards: readonly FakeShard[], name: string): readonly string[] {
  const [id = "", sequence = ""] = name.split(":");
  const names: string[] = [];
  let shard = shards.find((each) => each.id === id);
  for (; shard !== undefined; shard = shards.find((each) => each.id === shard?.parent)) {
    const { id: shardId } = shard;
    const records =
      shardId === id ? shard.records.filter((record) => Number(record) < Number(sequence)) : shard.records;
    names.push(...records.map((record) => `${shardId}:${record}`));
  }
  return names;
}

test("every record is given at least once, in the order of its lineage, and none that a saved position covers", async () => {
  const plans = fc.array(shardPlan, { minLength: 1, maxLength: 9 });
  const faultAt = fc.array(fc.nat({ max: 12 }), { maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(
      plans,
      fc.array(sessionPlan, { maxLength: 6 }),
      faultAt,
      async (shardPlans, sessions, fault) => {
        const dynamo = build(shardPlans, fault, () => opening);
        const shards = dynamo.current?.shards ?? [];
        const all = shards.flatMap((shard) => shard.records.map((record) => `${shard.id}:${record}`));
        let opening = false;
        let saved: StreamPosition | undefined;
        let covered: ReadonlySet<string> = new Set();

        const session = async (plan: SessionPlan, done: (given: number) => boolean) => {
          const timing = new VirtualTiming();
          opening = true;
          const reader: ChangeReader = await streamSource(
            dynamo,
            "Reviews",
            { outageSecondsMax: 1e6 },
            timing,
          ).open(saved);
          opening = false;
          const given = new Set(covered);
          const saves: { position: StreamPosition; covered: ReadonlySet<string> }[] = [];
          for (let batches = 0; batches < plan.batches && !done(given.size); batches++) {
            const batch = await reader.next({ recordsMax: plan.recordsMax, waitMs: 5_000 });
            expect(batch.records.length).toBeLessThanOrEqual(plan.recordsMax);
            expect(batch.gaps).toEqual([]);
            for (const name of batch.records.map(recordName)) {
              expect(given).not.toContain(name);
              for (const before of earlier(shards, name)) expect(given).toContain(before);
              given.add(name);
            }
            // As after saving and reading it again.
            const position = JSON.parse(JSON.stringify(batch.position)) as StreamPosition;
            saves.push({ position, covered: new Set(given) });
          }
          await reader.close();
          const last = saves.at(-1 - plan.unsaved);
          if (last === undefined) return;
          saved = last.position;
          covered = last.covered;
        };

        for (const plan of sessions) await session(plan, () => false);
        const everything = (given: number) => given === all.length;
        await session({ recordsMax: 5, batches: 1_000, unsaved: 0 }, everything);
        expect([...covered].sort()).toEqual([...all].sort());
      },
    ),
    { numRuns: 100 },
  );
});

/** Drops the oldest records, up to a share of all of them, and closed shards without newer records. */
function trim(shards: readonly FakeShard[], share: number): void {
  const sequences = shards
    .flatMap((shard) => [shard.startsAt, ...shard.records].map(Number))
    .sort((a, b) => a - b);
  const horizon = sequences[Math.floor(share * (sequences.length - 1))] ?? 0;
  for (const shard of shards) {
    shard.trimmed = shard.records.filter((record) => Number(record) <= horizon).length;
    const newest = Number(shard.records.at(-1) ?? shard.startsAt);
    if (shard.closed && newest <= horizon) shard.expired = true;
  }
}

test("no record is lost without a gap that says so", async () => {
  const plans = fc.array(shardPlan, { minLength: 1, maxLength: 9 });
  const trimPlan = fc.record({
    session: sessionPlan,
    trimAfter: fc.nat({ max: 8 }),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  await fc.assert(
    fc.asyncProperty(
      plans,
      fc.array(trimPlan, { minLength: 1, maxLength: 5 }),
      async (shardPlans, sessions) => {
        const dynamo = build(shardPlans, [], () => true);
        const shards = dynamo.current?.shards ?? [];
        const all = shards.flatMap((shard) => shard.records.map((record) => `${shard.id}:${record}`));
        let saved: StreamPosition | undefined;
        let covered: ReadonlySet<string> = new Set();
        const gaps: string[] = [];
        const last = { session: { recordsMax: 9, batches: 40, unsaved: 0 }, trimAfter: 99, share: 0 };
        for (const { session, trimAfter, share } of [...sessions, last]) {
          const reader = await streamSource(dynamo, "Reviews", { pollMs: 2_500 }, new VirtualTiming()).open(
            saved,
          );
          const given = new Set(covered);
          // The first position is always saved. Records trimmed before it were never owed.
          const batchesMax = saved === undefined ? Math.max(1, session.batches) : session.batches;
          for (let batches = 0; batches < batchesMax; batches++) {
            if (batches === trimAfter && saved !== undefined) trim(shards, share);
            const batch = await reader.next({ recordsMax: session.recordsMax, waitMs: 5_000 });
            gaps.push(...batch.gaps.map((gap) => gap.reason));
            for (const record of batch.records) given.add(recordName(record));
            if (saved !== undefined && batches >= batchesMax - session.unsaved) continue;
            saved = batch.position;
            covered = new Set(given);
          }
          await reader.close();
          if (trimAfter >= batchesMax) trim(shards, share);
        }
        if (covered.size < all.length) expect(gaps).not.toEqual([]);
      },
    ),
    { numRuns: 100 },
  );
});
