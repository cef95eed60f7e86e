/** The stream source against a stream that splits, trims, fails and is replaced. */
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { ChangeBatch, ChangeReader, StreamPosition } from "../../src/core/ports/change-source.ts";
import { type StreamTuning, streamSource } from "../../src/source/stream-source.ts";
import { deepTest } from "../support/deep-test.ts";
import {
  FakeDynamo,
  type FakeShard,
  type FakeStream,
  networkError,
  recordName,
  serviceError,
} from "./fake-stream.ts";
import { VirtualTiming } from "./virtual-timing.ts";

const streamArn = "arn:aws:dynamodb:eu-west-1:1:table/Reviews/stream/2026-11-23T00:00:00.000";
const newStreamArn = "arn:aws:dynamodb:eu-west-1:1:table/Reviews/stream/2026-11-24T00:00:00.000";

let dynamo: FakeDynamo;
let stream: FakeStream;
let timing: VirtualTiming;
let readers: ChangeReader[];

beforeEach(() => {
  dynamo = new FakeDynamo();
  stream = dynamo.stream(streamArn);
  timing = new VirtualTiming();
  readers = [];
});

afterEach(async () => {
  for (const reader of readers) await reader.close();
});

async function open(from?: StreamPosition, tuning: Partial<StreamTuning> = {}): Promise<ChangeReader> {
  const reader = await streamSource(dynamo, "Reviews", tuning, timing).open(from);
  readers.push(reader);
  return reader;
}

/** Reads until nothing has arrived for half a minute. */
async function readAll(
  reader: ChangeReader,
): Promise<{ names: string[]; gaps: string[]; last: ChangeBatch }> {
  const names: string[] = [];
  const gaps: string[] = [];
  for (;;) {
    const batch = await reader.next({ recordsMax: 100, waitMs: 30_000 });
    names.push(...batch.records.map(recordName));
    gaps.push(...batch.gaps.map((gap) => gap.reason));
    if (batch.records.length === 0 && batch.gaps.length === 0) return { names, gaps, last: batch };
  }
}

function position(shards: StreamPosition["shards"], arn = streamArn): StreamPosition {
  return { streamArn: arn, shards };
}

describe("shards", () => {
  test("children are read after their parents, grandchildren after children", async () => {
    const parent = stream.shard("a");
    const [left, right] = [stream.shard("b", "a"), stream.shard("c", "a")];
    const grandchild = stream.shard("d", "b");
    // The youngest shard is listed first.
    stream.shards.reverse();
    for (const shard of [parent, left, right, grandchild]) stream.write(shard, 2);
    for (const shard of [parent, left]) shard.closed = true;
    const { names, last } = await readAll(await open());
    expect(names).toHaveLength(8);
    const shardOrder = names.map((name) => name[0]).join("");
    expect(shardOrder).toMatch(/^aa/);
    expect(shardOrder.indexOf("d")).toBeGreaterThan(shardOrder.lastIndexOf("b"));
    expect(last.caughtUp).toBe(true);
    expect(last.position.shards.a).toEqual({ after: expect.any(String), finished: true });
    expect(last.position.shards.d).toEqual({ parent: "b", after: expect.any(String), finished: false });
  });

  test("a split while reading is followed within seconds, without waiting for the next listing", async () => {
    const parent = stream.shard("a");
    stream.write(parent, 1);
    const reader = await open(undefined, { listEverySeconds: 3_600 });
    expect((await readAll(reader)).names).toHaveLength(1);
    const children = [stream.shard("b", "a"), stream.shard("c", "a")];
    for (const child of children) stream.write(child, 1);
    parent.closed = true;
    const beforeMs = timing.nowMs();
    const records = [...(await reader.next({ recordsMax: 9, waitMs: 60_000 })).records];
    if (records.length < 2) records.push(...(await reader.next({ recordsMax: 9, waitMs: 60_000 })).records);
    expect(records.map(recordName).sort()).toEqual(["b:105", "c:106"]);
    expect(timing.nowMs() - beforeMs).toBeLessThan(2_000);
  });

  test("children that are listed some time after their parent closed are waited for", async () => {
    const parent = stream.shard("a");
    stream.write(parent, 1);
    parent.closed = true;
    const child = stream.shard("b", "a");
    stream.write(child, 1);
    child.listedFrom = 4;
    const reader = await open(undefined, { listEverySeconds: 3_600 });
    const first = await reader.next({ recordsMax: 9, waitMs: 60_000 });
    expect(first.records.map(recordName)).toEqual(["a:102"]);
    // Every listed shard has been read, but a closed shard has a successor.
    expect(first.caughtUp).toBe(false);
    const beganMs = timing.nowMs();
    expect((await reader.next({ recordsMax: 9, waitMs: 60_000 })).records.map(recordName)).toEqual(["b:104"]);
    expect(timing.nowMs() - beganMs).toBeLessThan(5_000);
  });

  test("a shard that appears without a parent is found by the periodic listing", async () => {
    stream.shard("a");
    const reader = await open(undefined, { listEverySeconds: 15 });
    await reader.next({ recordsMax: 9, waitMs: 1_000 });
    stream.write(stream.shard("b"), 1);
    const batch = await reader.next({ recordsMax: 9, waitMs: 16_000 });
    expect(batch.records.map(recordName)).toEqual(["b:103"]);
  });

  test("a child whose parent is not listed is read at once", async () => {
    stream.write(stream.shard("b", "long-gone"), 1);
    expect(await readAll(await open())).toMatchObject({ names: ["b:102"], gaps: [] });
  });

  test("an open shard is never taken for closed because its range shows an end", async () => {
    const shard = stream.shard("a");
    const reader = await open();
    const first = await reader.next({ recordsMax: 9, waitMs: 60_000 });
    expect(first).toMatchObject({ records: [], caughtUp: true });
    expect(first.position.shards.a?.finished).toBe(false);
    stream.write(shard, 1);
    expect((await reader.next({ recordsMax: 9, waitMs: 60_000 })).records).toHaveLength(1);
  });

  test("tell the moment that was passed in each of them, though none is ever idle", async () => {
    const [left, right] = [stream.shard("a"), stream.shard("b")];
    dynamo.madeAtSeconds = (number) => 1_000 + number;
    dynamo.fault = (call) => {
      if (call === "getRecords") for (const shard of [left, right]) stream.write(shard, 1);
      return undefined;
    };
    const reader = await open();
    let last: ChangeBatch | undefined;
    const seen = new Map<string, number>();
    for (let batches = 0; batches < 30; batches++) {
      last = await reader.next({ recordsMax: 3, waitMs: 1_000 });
      for (const name of last.records.map(recordName))
        seen.set(name.slice(0, 1), 1_000 + Number(name.slice(2)));
      expect(last.caughtUp).toBe(false);
    }
    expect(seen.size).toBe(2);
    expect(last?.reachedSeconds).toBe(Math.min(...seen.values()));
    dynamo.fault = () => undefined;
    const { last: idle } = await readAll(reader);
    expect(idle).toMatchObject({ caughtUp: true, reachedSeconds: Number.POSITIVE_INFINITY });
  });

  test("that have closed and have no successor yet have not passed any moment", async () => {
    const parent = stream.shard("a");
    dynamo.madeAtSeconds = () => 1_000;
    stream.write(parent, 1);
    parent.closed = true;
    stream.shard("b", "a").listedFrom = 1_000_000;
    const reader = await open();
    await reader.next({ recordsMax: 9, waitMs: 1_000 });
    expect((await reader.next({ recordsMax: 9, waitMs: 20_000 })).reachedSeconds).toBe(0);
  });

  test("that have closed keep the stream from its end until their successors are read, or none comes for a minute", async () => {
    const parent = stream.shard("a");
    parent.closed = true;
    const child = stream.shard("b", "a");
    stream.write(child, 1);
    child.listedFrom = 8;
    const reader = await open();
    const untilEnd = async () => {
      const names: string[] = [];
      for (;;) {
        const { records, caughtUp, readUntilSeconds = 0 } = await reader.next({ recordsMax: 9, waitMs: 100 });
        names.push(...records.map(recordName));
        expect(readUntilSeconds > 0).toBe(caughtUp);
        if (caughtUp) return names;
      }
    };
    expect(await untilEnd()).toEqual(["b:103"]);
    stream.shard("c", "b").listedFrom = 1_000_000;
    child.closed = true;
    const beganMs = timing.nowMs();
    do await reader.next({ recordsMax: 9, waitMs: 100 });
    while (timing.nowMs() - beganMs < 5_000);
    await untilEnd();
    expect(timing.nowMs() - beganMs).toBeGreaterThan(60_000);
  });

  /** Reads until everything that the stream held at a moment has been read. Returns how long that took. */
  async function secondsUntilRead(reader: ChangeReader, sinceMs: number): Promise<number> {
    const beganMs = timing.nowMs();
    for (let batches = 0; batches < 5_000; batches++) {
      const { caughtUp, readUntilSeconds = 0 } = await reader.next({ recordsMax: 3, waitMs: 100 });
      expect(caughtUp).toBe(false);
      if (readUntilSeconds * 1_000 >= sinceMs) return (timing.nowMs() - beganMs) / 1_000;
    }
    throw new Error("it does not come to an end");
  }

  deepTest(
    "of which one always has one more record are read past a moment by what its records tell",
    async () => {
      const shard = stream.shard("a");
      stream.shard("b");
      const made: Record<number, number> = {};
      dynamo.madeAtSeconds = (number) => made[number];
      dynamo.fault = (call, subject) => {
        if (call !== "getRecords" || subject !== "a") return undefined;
        for (const number of stream.write(shard, 1)) made[Number(number)] = timing.nowMs() / 1_000;
        return undefined;
      };
      const seconds = await secondsUntilRead(await open(), timing.nowMs());
      expect(seconds).toBeGreaterThanOrEqual(120);
      expect(seconds).toBeLessThan(125);
    },
  );

  test("that are at their end by turns, and never together, are read past a moment soon", async () => {
    const shards = [stream.shard("a"), stream.shard("b")];
    let polls = 0;
    dynamo.fault = (call, subject) => {
      if (call !== "getRecords") return undefined;
      const turn = Math.floor(polls++ / 4) % 2;
      if (shards[turn]?.id === subject) stream.write(shards[turn] as FakeShard, 1);
      return undefined;
    };
    expect(await secondsUntilRead(await open(), timing.nowMs())).toBeLessThan(10);
  });

  test("that were at their end count as read only once all that was fetched before it is taken", async () => {
    const shard = stream.shard("a");
    stream.write(shard, 5);
    const sinceMs = timing.nowMs();
    const reader = await open();
    await timing.pass(2_000);
    for (const left of [3, 1]) {
      const { readUntilSeconds } = await reader.next({ recordsMax: 2, waitMs: 100 });
      expect([left, readUntilSeconds]).toEqual([left, 0]);
    }
    const { readUntilSeconds = 0 } = await reader.next({ recordsMax: 2, waitMs: 100 });
    expect(readUntilSeconds * 1_000).toBeGreaterThanOrEqual(sinceMs);
  });

  test("all pages of a listing are read", async () => {
    for (let index = 0; index < 5; index++) stream.write(stream.shard(`shard-${index}`), 1);
    dynamo.shardsPerPage = 2;
    expect((await readAll(await open())).names).toHaveLength(5);
  });

  test("a finished shard leaves the position when the stream drops it, and not before", async () => {
    const parent = stream.shard("a");
    const child = stream.shard("b", "a");
    stream.write(child, 1);
    parent.closed = true;
    const reader = await open();
    expect(Object.keys((await readAll(reader)).last.position.shards)).toEqual(["a", "b"]);
    parent.expired = true;
    const { last, gaps } = await readAll(reader);
    expect(Object.keys(last.position.shards)).toEqual(["b"]);
    expect(gaps).toEqual([]);
  });
});

describe("positions", () => {
  test("a position covers what was given out, not what was fetched", async () => {
    const written = stream.write(stream.shard("a"), 5);
    const reader = await open();
    const batch = await reader.next({ recordsMax: 2, waitMs: 1_000 });
    expect(batch.records.map(recordName)).toEqual([`a:${written[0]}`, `a:${written[1]}`]);
    expect(batch.position.shards.a).toEqual({ after: written[1], finished: false });
    expect(batch.caughtUp).toBe(false);
    const { names } = await readAll(await open(batch.position));
    expect(names).toEqual(written.slice(2).map((number) => `a:${number}`));
  });

  test("a closed shard is not finished before its last record was given out", async () => {
    const shard = stream.shard("a");
    stream.write(shard, 3);
    shard.closed = true;
    const reader = await open();
    const shardsOf = async (recordsMax: number) =>
      (await reader.next({ recordsMax, waitMs: 1_000 })).position.shards.a?.finished;
    expect(await shardsOf(2)).toBe(false);
    expect(await shardsOf(2)).toBe(true);
  });

  test("the position stays the same object while nothing changes", async () => {
    stream.write(stream.shard("a"), 1);
    const reader = await open();
    const first = await readAll(reader);
    const second = await readAll(reader);
    expect(second.last.position).toBe(first.last.position);
  });
});

describe("passing failures", () => {
  const failures = {
    "an expired iterator": serviceError("ExpiredIteratorException"),
    throttling: serviceError("ProvisionedThroughputExceededException"),
    "an internal error": serviceError("InternalServerError", "server"),
    "a lost connection": networkError("ECONNRESET"),
    "an answer cut short": new SyntaxError("Unexpected end of JSON input"),
    "an iterator that an emulator forgot": serviceError("ValidationException"),
  };
  test.each(Object.entries(failures))("%s costs nothing and repeats nothing", async (_, failure) => {
    const shard = stream.shard("a");
    stream.write(shard, 4);
    dynamo.recordsPerAnswer = 2;
    let calls = 0;
    dynamo.fault = (call) => (call === "getRecords" && [2, 3].includes(++calls) ? failure : undefined);
    const { names, gaps } = await readAll(await open());
    expect(names).toEqual(shard.records.map((number) => `a:${number}`));
    expect(gaps).toEqual([]);
  });

  test("an expired iterator is obtained again after the last record that came, given out or not", async () => {
    const [, second] = stream.write(stream.shard("a"), 4);
    dynamo.recordsPerAnswer = 2;
    let calls = 0;
    dynamo.fault = (call) =>
      call === "getRecords" && ++calls === 2 ? serviceError("ExpiredIteratorException") : undefined;
    await readAll(await open());
    expect(dynamo.iterators).toEqual(["a TRIM_HORIZON", `a AFTER_SEQUENCE_NUMBER ${second}`]);
  });

  test("an outage that is too long is thrown as what it is, after everything that had come", async () => {
    stream.write(stream.shard("a"), 1);
    const reader = await open(undefined, { outageSecondsMax: 60 });
    await reader.next({ recordsMax: 0, waitMs: 1_000 });
    dynamo.fault = () => networkError("EHOSTUNREACH");
    const beganMs = timing.nowMs();
    await expect(reader.next({ recordsMax: 9, waitMs: 600_000 })).rejects.toMatchObject({
      code: "UNREACHABLE",
      message: expect.stringContaining("EHOSTUNREACH"),
    });
    expect(timing.nowMs() - beganMs).toBeGreaterThan(55_000);
    expect(timing.nowMs() - beganMs).toBeLessThan(90_000);
  });

  test("an outage of one shard alone is as bad", async () => {
    stream.shard("a");
    stream.shard("b");
    const reader = await open();
    dynamo.fault = (call, shard) =>
      call === "getRecords" && shard === "b" ? networkError("ECONNRESET") : undefined;
    await expect(reader.next({ recordsMax: 9, waitMs: 600_000 })).rejects.toMatchObject({
      code: "UNREACHABLE",
    });
  });

  test("throttling without end is THROTTLED", async () => {
    stream.shard("a");
    const reader = await open();
    dynamo.fault = () => serviceError("LimitExceededException");
    await expect(reader.next({ recordsMax: 9, waitMs: 600_000 })).rejects.toMatchObject({
      code: "THROTTLED",
    });
  });

  test("a refusal is thrown at once, after the records that had come before it", async () => {
    stream.write(stream.shard("a"), 4);
    dynamo.recordsPerAnswer = 2;
    let calls = 0;
    dynamo.fault = (call) =>
      call === "getRecords" && ++calls > 1 ? serviceError("AccessDeniedException") : undefined;
    const reader = await open();
    await timing.pass(2_000);
    const first = await reader.next({ recordsMax: 1, waitMs: 1_000 });
    const second = await reader.next({ recordsMax: 9, waitMs: 1_000 });
    expect([first.records.length, second.records.length]).toEqual([1, 1]);
    for (let again = 0; again < 2; again++) {
      await expect(reader.next({ recordsMax: 9, waitMs: 1_000 })).rejects.toMatchObject({
        code: "CREDENTIALS",
      });
    }
  });
});

describe("gaps", () => {
  test("records trimmed behind the position are a gap, and the rest is read", async () => {
    const shard = stream.shard("a");
    const written = stream.write(shard, 5);
    shard.trimmed = 3;
    const from = position({ a: { after: written[0] as string, finished: false } });
    const { names, gaps } = await readAll(await open(from));
    expect(names).toEqual([`a:${written[3]}`, `a:${written[4]}`]);
    expect(gaps).toEqual(["trimmed"]);
  });

  test("records trimmed under a slow reader are a gap", async () => {
    const shard = stream.shard("a");
    stream.write(shard, 1);
    const reader = await open();
    await readAll(reader);
    const written = stream.write(shard, 4);
    shard.trimmed = 3;
    const { names, gaps } = await readAll(reader);
    expect(names).toEqual([`a:${written[2]}`, `a:${written[3]}`]);
    expect(gaps).toEqual(["trimmed"]);
  });

  test("a beginning that was trimmed before it was read is a gap, although TRIM_HORIZON says nothing", async () => {
    const parent = stream.shard("a");
    const child = stream.shard("b", "a");
    parent.closed = true;
    const written = stream.write(child, 3);
    child.trimmed = 2;
    const from = position({ a: { finished: true }, b: { parent: "a", finished: false } });
    const { names, gaps } = await readAll(await open(from));
    expect(names).toEqual([`b:${written[2]}`]);
    expect(gaps).toEqual(["trimmed"]);
  });

  test("what came and went while a machine slept is a gap, although the shard was empty before", async () => {
    const shard = stream.shard("a");
    const reader = await open(position({ a: { finished: false } }));
    expect((await readAll(reader)).gaps).toEqual([]);
    stream.write(shard, 3);
    shard.trimmed = 3;
    let calls = 0;
    dynamo.fault = (call) =>
      call === "getRecords" && calls++ === 0 ? serviceError("ExpiredIteratorException") : undefined;
    expect(await readAll(reader)).toMatchObject({ names: [], gaps: ["trimmed"] });
  });

  test("a first reading takes the oldest shards as they are", async () => {
    const shard = stream.shard("a");
    stream.write(shard, 3);
    shard.trimmed = 2;
    expect((await readAll(await open())).gaps).toEqual([]);
  });

  test.each([
    [29, []],
    [31, ["trimmed"]],
  ])(
    "a first reading that comes to a shard only after %d minutes finds %j of what went meanwhile",
    async (minutes, told) => {
      const shard = stream.shard("a");
      const written = stream.write(shard, 3);
      const beganMs = timing.nowMs();
      dynamo.fault = (call) => {
        if (call !== "getRecords" || timing.nowMs() - beganMs > minutes * 60_000) return undefined;
        return serviceError("ExpiredIteratorException");
      };
      const reader = await open(undefined, { outageSecondsMax: 3_600 });
      shard.trimmed = 2;
      const batches: ChangeBatch[] = [];
      while ((batches.at(-1)?.records ?? []).length === 0)
        batches.push(await reader.next({ recordsMax: 9, waitMs: 3_600_000 }));
      expect(batches.flatMap(({ gaps }) => gaps.map(({ reason }) => reason))).toEqual(told);
      expect(batches.at(-1)?.records.map(recordName)).toEqual([`a:${written[2]}`]);
    },
  );

  test("an unfinished shard that is not listed any more is a gap, and its children are read", async () => {
    stream.write(stream.shard("b", "a"), 1);
    const { names, gaps, last } = await readAll(
      await open(position({ a: { after: "50", finished: false } })),
    );
    expect(names).toEqual(["b:102"]);
    expect(gaps).toEqual(["shard-expired"]);
    expect(Object.keys(last.position.shards)).toEqual(["b"]);
  });

  test("a shard that one listing misses and the next one has is no gap", async () => {
    const shard = stream.shard("a");
    const written = stream.write(shard, 2);
    shard.listedFrom = 1;
    const { names, gaps } = await readAll(
      await open(position({ a: { after: written[0] as string, finished: false } })),
    );
    expect(names).toEqual([`a:${written[1]}`]);
    expect(gaps).toEqual([]);
  });

  test("successors that came and went unseen are a gap", async () => {
    stream.shard("c", "b");
    const { gaps } = await readAll(await open(position({ a: { after: "50", finished: true } })));
    expect(gaps).toEqual(["shard-expired"]);
  });

  test("a shard that vanishes while it is read is a gap, and its child is read", async () => {
    const shard = stream.shard("a");
    const reader = await open();
    await readAll(reader);
    stream.write(stream.shard("b", "a"), 1);
    shard.expired = true;
    const { names, gaps } = await readAll(reader);
    expect(names).toEqual(["b:103"]);
    expect(gaps).toEqual(["shard-expired"]);
  });
});

describe("a stream that was created anew", () => {
  test("the rest of the old one comes first, then the gap, then the new one from its beginning", async () => {
    const shard = stream.shard("a");
    const written = stream.write(shard, 3);
    shard.closed = true;
    stream.status = "DISABLED";
    const renewed = dynamo.stream(newStreamArn);
    stream = renewed;
    const fresh = renewed.write(renewed.shard("a"), 2);
    const reader = await open(position({ a: { after: written[0] as string, finished: false } }));
    expect(reader.stream.arn).toBe(streamArn);
    const { names, gaps, last } = await readAll(reader);
    expect(names).toEqual([...written.slice(1), ...fresh].map((number) => `a:${number}`));
    expect(gaps).toEqual(["stream-recreated"]);
    expect(last.position).toEqual(
      position({ a: { after: fresh[1] as string, finished: false } }, newStreamArn),
    );
    expect(reader.stream.arn).toBe(newStreamArn);
    expect(last.caughtUp).toBe(true);
  });

  test("an old one that never closes its shards is left when it stays empty", async () => {
    const written = stream.write(stream.shard("a"), 1);
    const renewed = dynamo.stream(newStreamArn);
    const fresh = renewed.write(renewed.shard("z"), 1);
    const reader = await open(position({ a: { finished: false } }));
    const first = await reader.next({ recordsMax: 9, waitMs: 1_000 });
    // The old stream has ended, but the new one has not been read yet.
    const second = await reader.next({ recordsMax: 9, waitMs: 1_000 });
    expect([first, second].map((batch) => batch.caughtUp)).toEqual([false, false]);
    const { names, gaps } = await readAll(reader);
    expect([...first.records.map(recordName), ...names]).toEqual([`a:${written[0]}`, `z:${fresh[0]}`]);
    expect(gaps).toEqual(["stream-recreated"]);
  });

  test("an old one whose shard is finished while a listing is under way is listed again for its successor", async () => {
    const parent = stream.shard("a");
    const child = stream.shard("b", "a");
    const written = [...stream.write(parent, 1), ...stream.write(child, 1)];
    for (const shard of [parent, child]) shard.closed = true;
    // The first listing opens the stream, and the second one still misses the child.
    child.listedFrom = 2;
    const old = stream;
    const renewed = dynamo.stream(newStreamArn);
    renewed.shard("z");
    const reader = await open(position({ a: { finished: false } }));
    const names: string[] = [];
    let taken: Promise<void> | undefined;
    dynamo.fault = (call, arn) => {
      if (call === "describeStream" && arn === streamArn && old.listings === 1)
        taken ??= reader.next({ recordsMax: 9, waitMs: 0 }).then(({ records }) => {
          names.push(...records.map(recordName));
        });
      return undefined;
    };
    await timing.pass(1_500);
    await taken;
    expect(names).toEqual([`a:${written[0]}`]);
    const rest = await readAll(reader);
    expect(rest).toMatchObject({ names: [`b:${written[1]}`], gaps: ["stream-recreated"] });
  });

  test("what was fetched of an old one before it went is given out", async () => {
    const written = stream.write(stream.shard("a"), 5);
    const reader = await open();
    const first = await reader.next({ recordsMax: 1, waitMs: 1_000 });
    dynamo.streamsByArn.delete(streamArn);
    const renewed = dynamo.stream(newStreamArn);
    const fresh = renewed.write(renewed.shard("z"), 1);
    await timing.pass(60_000);
    const second = await reader.next({ recordsMax: 1, waitMs: 1_000 });
    expect(second.position.streamArn).toBe(streamArn);
    expect([first, second].map((batch) => batch.caughtUp)).toEqual([false, false]);
    await timing.pass(1_000);
    const names = [...first.records, ...second.records].map(recordName);
    names.push(...(await readAll(reader)).names);
    expect(names).toEqual([...written.map((number) => `a:${number}`), `z:${fresh[0]}`]);
  });

  test("an old one that is gone is left at once", async () => {
    dynamo.streamsByArn.delete(streamArn);
    const renewed = dynamo.stream(newStreamArn);
    const fresh = renewed.write(renewed.shard("z"), 1);
    const { names, gaps } = await readAll(await open(position({ a: { finished: false } })));
    expect(names).toEqual([`z:${fresh[0]}`]);
    expect(gaps).toEqual(["stream-recreated"]);
  });

  test("it is noticed while reading", async () => {
    const shard = stream.shard("a");
    stream.write(shard, 1);
    const reader = await open();
    await readAll(reader);
    const late = stream.write(shard, 1);
    shard.closed = true;
    stream.status = "DISABLED";
    const renewed = dynamo.stream(newStreamArn);
    const fresh = renewed.write(renewed.shard("z"), 1);
    const { names, gaps } = await readAll(reader);
    expect(names).toEqual([`a:${late[0]}`, `z:${fresh[0]}`]);
    expect(gaps).toEqual(["stream-recreated"]);
  });

  test("a stream that is disabled for good ends the reading after its last record", async () => {
    const shard = stream.shard("a");
    stream.write(shard, 1);
    const reader = await open();
    await readAll(reader);
    const late = stream.write(shard, 1);
    shard.closed = true;
    stream.status = "DISABLED";
    dynamo.current = undefined;
    const batch = await reader.next({ recordsMax: 9, waitMs: 60_000 });
    expect(batch.records.map(recordName)).toEqual([`a:${late[0]}`]);
    await expect(reader.next({ recordsMax: 9, waitMs: 60_000 })).rejects.toMatchObject({
      code: "STREAM_UNUSABLE",
    });
  });

  test("a table that is deleted ends the reading", async () => {
    stream.shard("a");
    const reader = await open();
    await readAll(reader);
    dynamo.streamsByArn.clear();
    dynamo.tableExists = false;
    const readOn = async () => {
      for (;;) await reader.next({ recordsMax: 9, waitMs: 60_000 });
    };
    await expect(readOn()).rejects.toMatchObject({ code: "TABLE_NOT_FOUND" });
  });
});

describe("opening", () => {
  test("tells when the stream was created", async () => {
    expect((await open()).stream).toEqual({ arn: streamArn, createdAtSeconds: 1_600_000_000.5 });
  });

  test("a table without a stream is refused with the command that enables one", async () => {
    dynamo.current = undefined;
    await expect(open()).rejects.toMatchObject({
      code: "STREAM_UNUSABLE",
      next: expect.stringContaining(
        "aws dynamodb update-table --table-name Reviews --stream-specification " +
          "StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES --region eu-west-1 --endpoint-url http://dynamo.example:8000",
      ),
    });
  });

  test("a stream that was disabled is refused although the table still names it", async () => {
    dynamo.enabled = false;
    await expect(open()).rejects.toMatchObject({ code: "STREAM_UNUSABLE" });
  });

  test.each(["KEYS_ONLY", "OLD_IMAGE"])(
    "the view type %s is refused, with the disabling first",
    async (viewType) => {
      stream.viewType = viewType;
      await expect(open()).rejects.toMatchObject({
        code: "STREAM_UNUSABLE",
        message: expect.stringContaining(viewType),
        next: expect.stringMatching(/StreamEnabled=false .* && aws .*StreamEnabled=true/),
      });
    },
  );

  test("the view type NEW_IMAGE is enough", async () => {
    stream.viewType = "NEW_IMAGE";
    stream.write(stream.shard("a"), 1);
    expect((await readAll(await open())).names).toHaveLength(1);
  });

  test("failures are told at once, without retries of its own", async () => {
    const failed = async (error: Error): Promise<unknown> => {
      dynamo.fault = () => error;
      return open().catch((failure: { code: string }) => failure.code);
    };
    expect(await failed(serviceError("UnrecognizedClientException"))).toBe("CREDENTIALS");
    expect(await failed(networkError("ECONNREFUSED"))).toBe("UNREACHABLE");
    expect(await failed(serviceError("ResourceNotFoundException"))).toBe("TABLE_NOT_FOUND");
    expect(dynamo.calls.describeTable).toBe(3);
  });
});

describe("limits", () => {
  test("a shard is polled at most 5 times in any second, and every 200 ms when idle", async () => {
    const shard = stream.shard("a");
    stream.write(shard, 20_000);
    const pollsAtMs: number[] = [];
    dynamo.fault = (call) => {
      if (call === "getRecords") pollsAtMs.push(timing.nowMs());
      return undefined;
    };
    const reader = await open();
    await readAll(reader);
    for (const [index, atMs] of pollsAtMs.entries()) {
      expect((pollsAtMs[index + 5] ?? Number.POSITIVE_INFINITY) - atMs).toBeGreaterThanOrEqual(1_000);
    }
    // After a full answer the next poll follows as soon as the limit allows, here in bursts of five.
    expect((pollsAtMs[4] ?? 0) - (pollsAtMs[0] ?? 0)).toBeLessThan(10);
    expect((pollsAtMs.at(-1) ?? 0) - (pollsAtMs.at(-2) ?? 0)).toBe(200);
  });

  test("an emulator on this machine is read as fast as it answers", async () => {
    stream.write(stream.shard("a"), 20_000);
    const local = { ...dynamo, place: { endpoint: "http://127.0.0.1:8000" } };
    const reader = await streamSource(local, "Reviews", {}, timing).open(undefined);
    readers.push(reader);
    const beganMs = timing.nowMs();
    for (let read = 0; read < 20_000; )
      read += (await reader.next({ recordsMax: 5_000, waitMs: 1_000 })).records.length;
    expect(timing.nowMs() - beganMs).toBeLessThan(1_000);
  });

  test("a reader that is not asked stops fetching", async () => {
    stream.write(stream.shard("a"), 30_000);
    const reader = await open();
    await timing.pass(60_000);
    expect(dynamo.calls.getRecords).toBe(3);
    await reader.next({ recordsMax: 5_000, waitMs: 0 });
    await timing.pass(60_000);
    expect(dynamo.calls.getRecords).toBe(6);
  });

  test("a reader that is not asked stops fetching large records sooner", async () => {
    dynamo.recordBytes = 400_000;
    dynamo.recordsPerAnswer = 10;
    stream.write(stream.shard("a"), 2_000);
    await open();
    await timing.pass(60_000);
    expect(dynamo.calls.getRecords).toBe(2);
  });

  deepTest("all shards together stop at their common bound", async () => {
    dynamo.recordBytes = 400_000;
    dynamo.recordsPerAnswer = 10;
    for (let index = 0; index < 40; index++) stream.write(stream.shard(`shard-${index}`), 100);
    const reader = await open();
    await timing.pass(60_000);
    expect(dynamo.calls.getRecords).toBeLessThan(60);
    expect((await readAll(reader)).names).toHaveLength(4_000);
  });

  test("no shard starves behind a busy one", async () => {
    stream.write(stream.shard("busy"), 5_000);
    stream.write(stream.shard("quiet"), 1);
    const reader = await open();
    await timing.pass(2_000);
    const names: string[] = [];
    for (let batches = 0; batches < 2; batches++) {
      names.push(...(await reader.next({ recordsMax: 100, waitMs: 1_000 })).records.map(recordName));
    }
    expect(names.filter((name) => name.startsWith("quiet"))).toHaveLength(1);
  });

  test("listing stays below the service's 10 calls in a second while shards close in a row", async () => {
    const listedAtMs: number[] = [];
    dynamo.fault = (call) => {
      if (call === "describeStream") listedAtMs.push(timing.nowMs());
      return undefined;
    };
    let parent: string | undefined;
    for (let index = 0; index < 30; index++) {
      const shard = stream.shard(`shard-${index}`, parent);
      shard.closed = true;
      parent = shard.id;
    }
    await readAll(await open());
    for (const [index, atMs] of listedAtMs.entries()) {
      expect((listedAtMs[index + 10] ?? Number.POSITIVE_INFINITY) - atMs).toBeGreaterThanOrEqual(1_000);
    }
  });
});

describe("waiting and closing", () => {
  test("next returns when a record comes, and with nothing when the time is over", async () => {
    const shard = stream.shard("a");
    const reader = await open();
    const beganMs = timing.nowMs();
    expect((await reader.next({ recordsMax: 9, waitMs: 5_000 })).records).toEqual([]);
    expect(timing.nowMs() - beganMs).toBe(5_000);
    const waiting = reader.next({ recordsMax: 9, waitMs: 5_000 });
    stream.write(shard, 1);
    expect((await waiting).records).toHaveLength(1);
    expect(timing.nowMs() - beganMs).toBeLessThan(5_300);
  });

  test("close ends a next that is under way, and all calls", async () => {
    stream.shard("a");
    const reader = await open();
    const waiting = reader.next({ recordsMax: 9, waitMs: 3_600_000 });
    await timing.pass(1_000);
    await reader.close();
    await reader.close();
    expect((await waiting).records).toEqual([]);
    const calls = dynamo.calls.getRecords;
    await timing.pass(60_000);
    expect(dynamo.calls.getRecords).toBe(calls);
  });

  test("close ends a next that waits while the next stream is sought", async () => {
    stream.shard("a");
    const reader = await open(undefined, { outageSecondsMax: 1e6 });
    await readAll(reader);
    dynamo.streamsByArn.clear();
    dynamo.fault = (call) => (call === "describeTable" ? networkError("ECONNREFUSED") : undefined);
    const waiting = readAll(reader);
    await timing.pass(60_000);
    await reader.close();
    const calls = dynamo.calls.describeTable;
    expect((await waiting).names).toEqual([]);
    await timing.pass(60_000);
    expect(dynamo.calls.describeTable).toBeLessThanOrEqual(calls + 1);
  });

  test("a second next at the same time is refused", async () => {
    stream.shard("a");
    const reader = await open();
    const first = reader.next({ recordsMax: 9, waitMs: 100 });
    await expect(reader.next({ recordsMax: 9, waitMs: 100 })).rejects.toMatchObject({ code: "INTERNAL" });
    await first;
  });
});
