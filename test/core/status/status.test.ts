/** The health of a lake table and what it is made of. */
import { describe, expect, test } from "@jest/globals";
import { defined } from "../../../src/core/defined.ts";
import { initialManifest, type Manifest, manifestText } from "../../../src/core/format/manifest.ts";
import type { Drift } from "../../../src/core/overlay/drift-finding.ts";
import { parseSchema } from "../../../src/core/schema/schema.ts";
import { healthWith, tableStatus } from "../../../src/core/status/status.ts";
import { openTableOf } from "../../../src/core/table/open-table.ts";
import { saveReadingState } from "../../../src/core/table/reading-state.ts";
import { recordGap } from "../../../src/core/table/recorded-gaps.ts";
import { type RunHeartbeat, saveHeartbeat } from "../../../src/core/table/run-heartbeat.ts";
import { saveStreamBeginning } from "../../../src/core/table/stream-beginning.ts";
import { type StreamWatch, saveStreamWatch } from "../../../src/core/table/stream-watch.ts";
import { FakeEngine } from "../../support/fake-engine.ts";
import { MemoryStore } from "../../support/memory-store.ts";

const NOW = 1_800_000_000;
const HOUR = 3600;
const ARN = "arn:aws:dynamodb:eu-west-1:123456789012:table/t/stream/2026";
const schema = parseSchema({ table: "t", key: { hash: "K" }, attributes: {} }, "the test");
const BATCH = "aws/lambda/mapping/2026/11/26/one";
const UNCONVERTED = "t/errors/format-conversion-failed/one";
const QUARANTINED = "t/quarantine/no-key/one.jsonl";

async function statusOf(store: MemoryStore, mapping?: string, followedWithinSeconds?: number) {
  const mappingIds = mapping === undefined ? undefined : [mapping];
  const engine = new FakeEngine(store);
  engine.answer = () => [{ rows: 1n }];
  const context = { store, engine, ...defined({ mappingIds, followedWithinSeconds }) };
  return tableStatus(context, await openTableOf(store, schema), NOW);
}

/** A lake with a snapshot at this floor. */
function seeded(floorSeconds = NOW - HOUR): MemoryStore {
  const store = new MemoryStore();
  const snapshot = {
    run: "s",
    exportTimeSeconds: floorSeconds,
    cutSeconds: floorSeconds,
    items: 1,
    segments: [],
  };
  const manifest: Manifest = {
    ...initialManifest(1),
    sequence: 1,
    kind: "snapshot",
    floorSeconds,
    horizonSeconds: floorSeconds,
    snapshots: [snapshot],
  };
  store.plant("t/manifest/000000000001.json", manifestText(manifest));
  return store;
}

function gapUntil(lostUntilSeconds: number) {
  return { reason: "trimmed", detail: "a hole", foundAtSeconds: NOW - 10, lostUntilSeconds } as const;
}

async function watched(store: MemoryStore, watch: Partial<StreamWatch>): Promise<MemoryStore> {
  const usual = { streamArn: ARN, seenReadingSeconds: NOW, lookedSeconds: NOW, sinceSeconds: 0 };
  await saveStreamWatch(store, "t", { ...usual, ...watch });
  return store;
}

async function readAt(store: MemoryStore, savedAtSeconds: number): Promise<MemoryStore> {
  const position = { streamArn: ARN, shards: {} };
  const state = {
    position,
    savedAtSeconds,
    caughtUpAtSeconds: savedAtSeconds,
    newestChangeSeconds: undefined,
  };
  await saveReadingState(store, "t", state);
  return store;
}

describe("the health of a table", () => {
  test("is empty before anything is delivered, and healthy with a snapshot", async () => {
    expect((await statusOf(new MemoryStore())).health).toBe("empty");
    expect((await statusOf(seeded())).health).toBe("healthy");
  });

  test("tells records in quarantine, by their reasons", async () => {
    const store = seeded();
    store.plant(QUARANTINED, "");
    expect(await statusOf(store)).toMatchObject({ health: "quarantine", quarantine: { "no-key": 1 } });
  });

  test("tells what was put aside and is in no row, until it is removed", async () => {
    const store = seeded();
    store.plant(QUARANTINED, "");
    store.plant(BATCH, "{}");
    store.plant("aws/lambda/another/2026/11/26/one", "{}");
    expect(await statusOf(store, "mapping")).toMatchObject({
      health: "undelivered",
      undelivered: { failedBatches: 1, unconverted: 0, waiting: 0 },
    });
    await store.remove([BATCH]);
    store.plant(UNCONVERTED, "{}");
    expect(await statusOf(store)).toMatchObject({
      health: "undelivered",
      undelivered: { failedBatches: 0, unconverted: 1, waiting: 0 },
    });
    await store.remove([UNCONVERTED]);
    expect(await statusOf(store, "mapping")).toMatchObject({
      health: "quarantine",
      undelivered: { failedBatches: 0, unconverted: 0, waiting: 0 },
    });
  });

  test("is a gap until a snapshot has repaired it, which is told for ever", async () => {
    const gap = gapUntil(NOW - 2 * HOUR);
    const open = seeded(NOW - 3 * HOUR);
    open.plant(BATCH, "{}");
    await recordGap(open, "t", "g", gap);
    expect(await statusOf(open, "mapping")).toMatchObject({
      health: "gap",
      openGaps: [gap],
      repairedGaps: [],
    });
    const repaired = seeded(NOW - HOUR);
    await recordGap(repaired, "t", "g", gap);
    expect(await statusOf(repaired)).toMatchObject({ health: "healthy", openGaps: [], repairedGaps: [gap] });
  });

  test("is a gap where the snapshot is older than the stream's reading", async () => {
    const store = seeded(NOW - 3 * HOUR);
    const stream = { arn: ARN, createdAtSeconds: NOW - 2 * HOUR };
    await saveStreamBeginning(store, "t", { stream, readSinceSeconds: NOW - HOUR });
    expect(await statusOf(store)).toMatchObject({
      health: "gap",
      openGaps: [{ reason: "started-late", lostUntilSeconds: NOW - 2 * HOUR }],
    });
  });

  test("is unread once the stream may have dropped what a reader that stands still has not read", async () => {
    expect((await statusOf(await readAt(seeded(), NOW - 23 * HOUR))).health).toBe("healthy");
    expect((await statusOf(await readAt(seeded(), NOW - 23 * HOUR - 1))).health).toBe("unread");
  });

  test("is unread where a deployment was last seen not reading, or nobody has looked for a day", async () => {
    expect(await statusOf(await watched(seeded(), {}))).toMatchObject({
      health: "healthy",
      watch: { streamArn: ARN, seenReadingSeconds: NOW, lookedSeconds: NOW },
    });
    const off = await watched(seeded(), { seenReadingSeconds: NOW - 60, lookedSeconds: NOW });
    expect((await statusOf(off)).health).toBe("unread");
    const long = { seenReadingSeconds: NOW - 24 * HOUR, lookedSeconds: NOW - 24 * HOUR };
    expect((await statusOf(await watched(seeded(), long))).health).toBe("unread");
  });
});

describe("who follows a table, and how far behind", () => {
  const beat = async (store: MemoryStore, change: Partial<RunHeartbeat> = {}): Promise<MemoryStore> => {
    const usual = {
      process: 17,
      host: "a-host",
      startedAtSeconds: NOW - 500,
      seenAtSeconds: NOW - 1,
      endedAtSeconds: undefined,
      waitingRecords: 3,
      deliveredUntilSeconds: NOW - 1.5,
      newest: { changedAtSeconds: NOW - 4, deliveredAtSeconds: NOW - 3 },
    };
    await saveHeartbeat(store, "t", { ...usual, ...change });
    return store;
  };

  test("is never before the first run, and for a lake of an earlier version what its position says", async () => {
    const { stream, following } = await statusOf(seeded());
    expect({ stream, following }).toEqual({ stream: undefined, following: undefined });
    const earlier = await statusOf(await readAt(seeded(), NOW - 342));
    expect(earlier.stream?.behindSeconds).toBe(342);
    expect(earlier.following).toBeUndefined();
  });

  test("is by what was delivered, not by when the end of a stream was last seen", async () => {
    const { stream, following } = await statusOf(await beat(await readAt(seeded(), NOW - 121)));
    expect(stream?.behindSeconds).toBe(1);
    expect(following).toEqual({
      state: "running",
      process: 17,
      host: "a-host",
      startedAt: "2027-01-15T07:51:40.000Z",
      startedAtSeconds: NOW - 500,
      seenAt: "2027-01-15T07:59:59.000Z",
      seenAtSeconds: NOW - 1,
      waitingRecords: 3,
      newest: {
        changedAt: "2027-01-15T07:59:56.000Z",
        changedAtSeconds: NOW - 4,
        deliveredAt: "2027-01-15T07:59:57.000Z",
        deliveredAtSeconds: NOW - 3,
        afterSeconds: 1,
      },
    });
  });

  test("is a run that ended, or one that was lost: what waits then is unknown", async () => {
    const ended = await statusOf(await beat(seeded(), { endedAtSeconds: NOW - 1 }));
    expect(ended.following).toMatchObject({ state: "ended", waitingRecords: "unknown" });
    const still = await statusOf(await beat(seeded(), { seenAtSeconds: NOW - 30 }));
    expect(still.following).toMatchObject({ state: "running" });
    const lost = await statusOf(await beat(seeded(), { seenAtSeconds: NOW - 31 }));
    expect(lost.following).toMatchObject({ state: "lost", waitingRecords: "unknown" });
  });

  test("is a matter of health after the time that is asked for, and only then", async () => {
    const quiet = await beat(seeded(), { seenAtSeconds: NOW - 900, endedAtSeconds: NOW - 900 });
    expect((await statusOf(quiet)).health).toBe("healthy");
    expect((await statusOf(quiet, undefined, 900)).health).toBe("healthy");
    expect((await statusOf(quiet, undefined, 899)).health).toBe("unfollowed");
    expect((await statusOf(seeded(), undefined, 899)).health).toBe("unfollowed");
  });
});

test("drift that no column shows is a state of health; what has no column is only listed", () => {
  const found = { hidden: 3, values: 3, types: { S: 3 }, wholeDigits: 0, fractionDigits: 0 };
  const undeclared: Drift = { ...found, attribute: "note", column: undefined };
  const inColumn = (text?: string): Drift => ({
    ...found,
    attribute: "price",
    column: { name: "price", type: "bigint", text },
  });
  expect(healthWith("healthy", [undeclared, inColumn("price__text")])).toBe("healthy");
  expect(healthWith("healthy", [undeclared, inColumn()])).toBe("drift");
  expect(healthWith("gap", [inColumn()])).toBe("gap");
});
