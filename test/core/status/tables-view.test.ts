/** The moments of a table in `dynalake_tables`. */
import { describe, expect, test } from "@jest/globals";
import { initialManifest, type Manifest, manifestText } from "../../../src/core/format/manifest.ts";
import { parseSchema } from "../../../src/core/schema/schema.ts";
import { deployedMoments, tableMoments } from "../../../src/core/status/tables-view.ts";
import { wholenessOf } from "../../../src/core/status/wholeness.ts";
import { saveLastCompaction } from "../../../src/core/table/last-compaction.ts";
import { openTableOf } from "../../../src/core/table/open-table.ts";
import { saveReadingState } from "../../../src/core/table/reading-state.ts";
import { MemoryStore } from "../../support/memory-store.ts";

const EARLY = 1_800_000_000;
const LATE = EARLY + 3600;
const schema = parseSchema({ table: "t", key: { hash: "K" }, attributes: {} }, "the test");

/** Commits of these kinds, one a second from EARLY on; a snapshot has the changes before `cutSeconds`. */
function committed(kinds: readonly Manifest["kind"][], cutSeconds = EARLY): MemoryStore {
  const store = new MemoryStore();
  const snapshot = { run: "s", exportTimeSeconds: cutSeconds, cutSeconds, items: 1, segments: [] };
  for (const [i, kind] of kinds.entries()) {
    const manifest = {
      ...initialManifest(1),
      sequence: i + 1,
      kind,
      committedAtSeconds: EARLY + i,
      floorSeconds: cutSeconds,
      horizonSeconds: cutSeconds,
      snapshots: [snapshot],
    };
    store.plant(`t/manifest/${String(i + 1).padStart(12, "0")}.json`, manifestText(manifest));
  }
  return store;
}

async function momentsOf(store: MemoryStore) {
  return tableMoments(store, await openTableOf(store, schema));
}

async function caughtUpAt(store: MemoryStore, seconds: number): Promise<MemoryStore> {
  await saveReadingState(store, "t", {
    position: { streamArn: "arn:aws:dynamodb:eu-west-1:123456789012:table/t/stream/2026", shards: {} },
    savedAtSeconds: seconds,
    caughtUpAtSeconds: seconds,
    newestChangeSeconds: undefined,
  });
  return store;
}

describe("as_of", () => {
  test("is what the stream has delivered", async () => {
    expect((await momentsOf(await caughtUpAt(committed(["snapshot"]), LATE))).asOfSeconds).toBe(LATE);
  });

  test("is the snapshot's moment where that is later, or the stream was never read", async () => {
    const store = await caughtUpAt(committed(["snapshot"], LATE), EARLY);
    expect((await momentsOf(store)).asOfSeconds).toBe(LATE);
    expect((await momentsOf(committed(["snapshot"]))).asOfSeconds).toBe(EARLY);
  });
});

describe("last_compaction", () => {
  test("is the newest minor or major one, whatever was committed since", async () => {
    const store = committed(["snapshot", "minor", "major", "snapshot"]);
    expect((await momentsOf(store)).compactionSeconds).toBe(EARLY + 2);
  });

  test("is unknown where nothing was compacted", async () => {
    expect((await momentsOf(committed(["snapshot", "snapshot"]))).compactionSeconds).toBeUndefined();
  });
});

describe("of a deployed table", () => {
  async function deployed(store: MemoryStore, mappingId?: string) {
    const opened = await openTableOf(store, schema);
    const context = { store, ...(mappingId === undefined ? {} : { mappingIds: [mappingId] }) };
    return deployedMoments(store, opened, await wholenessOf(context, opened.manifest, "t"));
  }

  /** A lake whose horizon a compaction has moved to so long after the floor of its snapshot. */
  function compactedTo(seconds: number): MemoryStore {
    const store = committed(["snapshot", "minor"]);
    const path = "t/manifest/000000000002.json";
    const manifest = JSON.parse(store.text(path) ?? "{}");
    store.plant(path, JSON.stringify({ ...manifest, horizonSeconds: manifest.floorSeconds + seconds }));
    return store;
  }

  test("as_of is what compactions have found delivered, and after a snapshot the snapshot's moment", async () => {
    expect((await deployed(compactedTo(500))).asOfSeconds).toBe(EARLY + 500);
    const store = committed(["snapshot"]);
    const path = "t/manifest/000000000001.json";
    const manifest = JSON.parse(store.text(path) ?? "{}");
    const moved = { ...manifest, floorSeconds: EARLY + 180, horizonSeconds: EARLY + 180 };
    store.plant(path, JSON.stringify(moved));
    expect((await deployed(store)).asOfSeconds).toBe(EARLY);
  });

  test("newest_change is the newest that compactions have seen, and failed batches of its stream are put aside", async () => {
    const store = compactedTo(500);
    expect((await deployed(store)).newestChangeSeconds).toBeUndefined();
    await saveLastCompaction(store, "t", { atSeconds: LATE, newestChangeSeconds: EARLY + 499 });
    store.plant("aws/lambda/own/batch", "{}");
    expect(await deployed(store, "own")).toMatchObject({ newestChangeSeconds: EARLY + 499, putAside: 1 });
    expect(await deployed(store, "other")).toMatchObject({ putAside: 0 });
  });
});
