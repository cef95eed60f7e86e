/** One reading of a stream serves several readers, each of which has every record once, in order, and claims no more than it knows. */
import { expect, test } from "@jest/globals";
import type { ChangeReader, StreamPosition } from "../../src/core/ports/change-source.ts";
import { sharedStreams } from "../../src/source/shared-streams.ts";
import { streamSource } from "../../src/source/stream-source.ts";
import { deepTest } from "../support/deep-test.ts";
import * as fc from "../support/fast-check.ts";
import { FakeDynamo, type FakeShard, networkError, recordName, serviceError } from "./fake-stream.ts";
import { VirtualTiming } from "./virtual-timing.ts";

const ARN = "arn:aws:dynamodb:eu-west-1:1:table/Reviews/stream/2026-11-23T00:00:00.000";

interface World {
  readonly dynamo: FakeDynamo;
  readonly shard: FakeShard;
  readonly timing: VirtualTiming;
  readonly write: (count: number) => readonly string[];
  readonly open: (from?: StreamPosition) => Promise<ChangeReader>;
}

function world(): World {
  const dynamo = new FakeDynamo();
  const stream = dynamo.stream(ARN);
  const shard = stream.shard("shard");
  const timing = new VirtualTiming();
  const connection = { ...dynamo, streams: sharedStreams(dynamo.streams, timing) };
  return {
    dynamo,
    shard,
    timing,
    write: (count) => stream.write(shard, count).map((number) => `shard:${number}`),
    open: (from) => streamSource(connection, "Reviews", { outageSecondsMax: 1e6 }, timing).open(from),
  };
}

/** Where a reader goes on that has had this record; undefined for a new one. */
function placeAfter(name: string | undefined): StreamPosition | undefined {
  const after = name?.split(":")[1];
  return after === undefined ? undefined : { streamArn: ARN, shards: { shard: { after, finished: false } } };
}

async function taken(reader: ChangeReader, count: number): Promise<readonly string[]> {
  const names: string[] = [];
  while (names.length < count) {
    const { records } = await reader.next({ recordsMax: 7, waitMs: 60_000 });
    names.push(...records.map(recordName));
  }
  return names;
}

test("each reader has every record once, whatever their places, their pace and the service's failures", async () => {
  const readers = fc.array(fc.record({ skipped: fc.nat({ max: 12 }), leads: fc.nat({ max: 9 }) }), {
    minLength: 2,
    maxLength: 4,
  });
  const writes = fc.array(fc.nat({ max: 9 }), { minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(readers, writes, fc.array(fc.nat({ max: 9 })), async (plans, counts, faultAt) => {
      const { dynamo, timing, write, open } = world();
      const all = [...write(12)];
      dynamo.recordsPerAnswer = 3;
      const starts: ChangeReader[] = [];
      for (const { skipped } of plans) {
        starts.push(await open(placeAfter(all[skipped - 1])));
      }
      let calls = 0;
      dynamo.fault = () => FAULTS[faultAt[calls++] ?? -1]?.();
      const reading = starts.map(async (reader, i) => {
        const { skipped = 0, leads = 0 } = plans[i] ?? {};
        await timing.pass(leads * 70);
        const wanted = 12 - skipped + counts.reduce((sum, count) => sum + count, 0);
        return { names: await taken(reader, wanted), skipped };
      });
      for (const count of counts) {
        await timing.pass(130);
        all.push(...write(count));
      }
      for (const { names, skipped } of await Promise.all(reading)) expect(names).toEqual(all.slice(skipped));
      await Promise.all(starts.map((reader) => reader.close()));
    }),
    { numRuns: 60 },
  );
});

const FAULTS = [
  () => serviceError("ExpiredIteratorException"),
  () => serviceError("LimitExceededException"),
  () => networkError("ECONNRESET"),
] as const;

async function callsOf(readers: number): Promise<number> {
  const { dynamo, timing, write, open } = world();
  const first = write(1);
  const opened = await Promise.all(Array.from({ length: readers }, () => open()));
  for (const reader of opened) expect(await taken(reader, 1)).toEqual(first);
  const before = dynamo.calls.getRecords;
  for (let seconds = 0; seconds < 30; seconds++) {
    const names = write(5);
    await timing.pass(1_000);
    for (const reader of opened) expect(await taken(reader, 5)).toEqual(names);
  }
  await Promise.all(opened.map((reader) => reader.close()));
  return dynamo.calls.getRecords - before;
}

test("four readers ask the service about as often as one", async () => {
  expect(await callsOf(4)).toBeLessThan(1.25 * (await callsOf(1)));
});

deepTest(
  "that there was nothing new for another reader counts as of when the service was asked",
  async () => {
    const { timing, write, open } = world();
    const writtenAtMs = new Map(write(1).map((name) => [name, timing.nowMs()]));
    const readers: { readonly reader: ChangeReader; readonly had: Set<string> }[] = [];
    for (let i = 0; i < 3; i++) {
      readers.push({ reader: await open(), had: new Set() });
      await timing.pass(70); // Not in step with the reader before it.
    }
    for (let i = 0; i < 900; i++) {
      await timing.pass(61);
      // Often nothing is written between two polls.
      if (i % 5 === 0) for (const name of write(1)) writtenAtMs.set(name, timing.nowMs());
      for (const { reader, had } of readers) {
        const { records, readUntilSeconds = 0 } = await reader.next({ recordsMax: 10, waitMs: 0 });
        for (const record of records) had.add(recordName(record));
        const isMissing = ([name, ms]: [string, number]): boolean =>
          ms < readUntilSeconds * 1_000 && !had.has(name);
        expect([...writtenAtMs].filter(isMissing)).toEqual([]);
      }
    }
    await Promise.all(readers.map(({ reader }) => reader.close()));
  },
);

test("answers are kept within bounds: a reader that is far behind asks for itself", async () => {
  const { dynamo, timing, write, open } = world();
  dynamo.recordBytes = 100_000;
  const all = [...write(1)];
  const ahead = await open();
  expect(await taken(ahead, 1)).toEqual(all);
  for (let i = 0; i < 30; i++) {
    const names = write(10);
    all.push(...names);
    await timing.pass(250);
    expect(await taken(ahead, 10)).toEqual(names);
  }
  await ahead.close();
  const near = await open(placeAfter(all[290]));
  expect(await taken(near, 10)).toEqual(all.slice(291));
  await near.close();
  const before = dynamo.calls.getRecords;
  const far = await open(placeAfter(all[0]));
  expect(await taken(far, 300)).toEqual(all.slice(1));
  expect(dynamo.calls.getRecords).toBeGreaterThan(before);
  await far.close();
});

test("answers grow old: a reader that is a minute behind asks for itself", async () => {
  const { dynamo, timing, write, open } = world();
  const all = [...write(1)];
  const ahead = await open();
  expect(await taken(ahead, 1)).toEqual(all);
  all.push(...write(5));
  await timing.pass(250);
  expect(await taken(ahead, 5)).toEqual(all.slice(1));
  await ahead.close();
  const callsFrom = async (passedMs: number): Promise<number> => {
    await timing.pass(passedMs);
    const before = dynamo.calls.getRecords;
    const behind = await open(placeAfter(all[0]));
    expect(await taken(behind, 5)).toEqual(all.slice(1));
    await behind.close();
    return dynamo.calls.getRecords - before;
  };
  expect(await callsFrom(30_000)).toBe(0);
  expect(await callsFrom(30_000)).toBe(1);
});
