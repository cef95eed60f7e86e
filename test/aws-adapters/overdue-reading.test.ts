import { expect, test } from "@jest/globals";
import { overdueReading } from "../../src/aws/overdue-reading.ts";
import { initialManifest, manifestText } from "../../src/core/format/manifest.ts";
import { readGaps } from "../../src/core/table/recorded-gaps.ts";
import { MemoryStore } from "../support/memory-store.ts";

const HOUR = 3600;
const NOW = 1_800_000_000;

/** A lake with an old snapshot, and the function that receives its batches. */
function world(): {
  readonly store: MemoryStore;
  note: ReturnType<typeof overdueReading>;
  nowSeconds: number;
} {
  const store = new MemoryStore();
  const snapshot = { run: "s", exportTimeSeconds: 0, cutSeconds: 0, items: 0, segments: [] };
  const manifest = { ...initialManifest(1), sequence: 1, kind: "snapshot", snapshots: [snapshot] } as const;
  store.plant("t/manifest/000000000001.json", manifestText(manifest));
  const made = { store, nowSeconds: NOW, note: async (_: readonly unknown[]) => undefined as never };
  return Object.assign(made, {
    note: overdueReading({ store, table: "t", configuration: "one", nowSeconds: () => made.nowSeconds }),
  });
}

function record(agoSeconds: number, time: unknown = NOW - agoSeconds): unknown {
  return { eventName: "INSERT", dynamodb: { ApproximateCreationDateTime: time } };
}

test("a batch that comes in time costs nothing", async () => {
  const { store, note } = world();
  const records = [record(0), record(20 * HOUR), record(48 * HOUR), record(0, "no time"), {}, null];
  expect(await note(records)).toBeUndefined();
  expect(store.calls).toEqual([]);
});

test("of many late batches there is one hole, which grows by the hour", async () => {
  const lake = world();
  const late = [record(0), record(23.5 * HOUR)];
  expect(await lake.note(late)).toMatchObject({ reason: "trimmed", lostUntilSeconds: NOW - 22 * HOUR });
  const calls = lake.store.calls.length;
  expect(await lake.note(late)).toBeUndefined();
  expect(lake.store.calls.slice(calls).filter((call) => !/^(list|read) /.test(call))).toEqual([]);
  lake.nowSeconds += HOUR;
  expect(await lake.note([record(22.5 * HOUR)])).toMatchObject({ lostUntilSeconds: NOW - 21 * HOUR });
  expect(await readGaps(lake.store, "t")).toMatchObject([
    { foundAtSeconds: NOW, lostUntilSeconds: NOW - 21 * HOUR },
  ]);
});

test("a hole that cannot be written down is thrown, so that the batch comes again, and is tried again then", async () => {
  const { store, note } = world();
  store.failOnce("replace", /gaps/, "before");
  await expect(note([record(24 * HOUR)])).rejects.toThrow("no answer");
  expect(await note([record(24 * HOUR)])).toBeDefined();
  expect(await readGaps(store, "t")).toHaveLength(1);
});
