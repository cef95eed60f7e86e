import { expect, test } from "@jest/globals";
import { lakeHealth } from "../../src/aws/steps/lake-health.ts";
import { initialManifest, manifestText } from "../../src/core/format/manifest.ts";
import { parseSchema } from "../../src/core/schema/schema.ts";
import { openTableOf } from "../../src/core/table/open-table.ts";
import { recordGap } from "../../src/core/table/recorded-gaps.ts";
import { MemoryStore } from "../support/memory-store.ts";

const NOW = 1_800_000_000;
const SCHEMA = parseSchema({ table: "t", key: { hash: "id" }, attributes: {} }, "a test");
const HEALTHY = {
  OpenGaps: 0,
  QuarantineObjects: 0,
  ErrorObjects: 0,
  WaitingObjects: 0,
  UndeliveredObjects: 0,
};

async function healthOf(store: MemoryStore) {
  return lakeHealth(store, await openTableOf(store, SCHEMA));
}

test("a lake to which nothing has happened has nothing that waits", async () => {
  expect(await healthOf(new MemoryStore())).toEqual(HEALTHY);
});

test.each([
  ["WaitingObjects", "t/waiting/rows/one.jsonl"],
  ["ErrorObjects", "t/errors/format-conversion-failed/rows"],
  ["QuarantineObjects", "t/quarantine/no-key/records.jsonl"],
])("%s counts what lies at %s", async (metric, path) => {
  const store = new MemoryStore();
  store.plant(path, "records");
  store.plant("u/errors/format-conversion-failed/rows", "of another table");
  expect(await healthOf(store)).toEqual({ ...HEALTHY, [metric]: 1, UndeliveredObjects: 1 });
});

test("a gap counts until a snapshot repairs it", async () => {
  const store = new MemoryStore();
  const gap = { reason: "trimmed", detail: "a shard", foundAtSeconds: NOW, lostUntilSeconds: NOW } as const;
  await recordGap(store, "t", "gap", gap);
  expect(await healthOf(store)).toMatchObject({ OpenGaps: 1 });
  for (const [floorSeconds, open] of [
    [NOW - 1, 1],
    [NOW, 0],
  ] as const) {
    const snapshot = { run: "s", exportTimeSeconds: NOW, cutSeconds: NOW, items: 0, segments: [] };
    const manifest = { ...initialManifest(1), sequence: 1, floorSeconds, snapshots: [snapshot] };
    store.plant("t/manifest/000000000001.json", manifestText(manifest));
    expect(await healthOf(store)).toMatchObject({ OpenGaps: open });
  }
});
