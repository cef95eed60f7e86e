import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { compactMajor, compactMinor } from "../../src/core/compaction/compact.ts";
import { DEFAULT_POLICY } from "../../src/core/compaction/compaction-policy.ts";
import { seed } from "../../src/core/compaction/seed.ts";
import { deliver } from "../../src/core/delivery/deliver.ts";
import { changesFolder, changesHourFolder, hourOf } from "../../src/core/format/lake-path.ts";
import { currentView } from "../../src/core/overlay/lake-view.ts";
import { rowCodec } from "../../src/core/row/row.ts";
import { itemLine, itemWireColumns, lineWriter } from "../../src/core/row/wire-line.ts";
import { parseSchema } from "../../src/core/schema/schema.ts";
import { latestManifest } from "../../src/core/table/commits.ts";
import { openTableOf } from "../../src/core/table/open-table.ts";
import { FILE_LIMITS, parquetSink } from "../../src/embedded/delivery/parquet-sink.ts";
import { wireFiles } from "../../src/embedded/duckdb/wire-files.ts";
import { type LakeFolder, openLakeFolder } from "../../src/embedded/folder/lake-folder.ts";
import { withFolder } from "../support/folders.ts";

/**
 * Deliveries held up for hours: Firehose later writes many hours into one object, in the partition of the hour of its oldest
 * record.
 */

const NOW = 1_800_000_000;
const HOUR = 3600;
const SCHEMA = parseSchema(
  { table: "t", key: { hash: "K" }, attributes: { K: { type: "int" }, V: { type: "string" } } },
  "a test",
);
const writer = lineWriter(rowCodec(SCHEMA));

interface World {
  readonly lake: LakeFolder;
  /** Writes one object, in the hour of `arrivedAt`. Changes are [key, sequence number, second, value]. */
  readonly delivered: (arrivedAt: number, changes: readonly Change[]) => Promise<void>;
  readonly snapshot: (exportTime: number, committedAt: number, items: Shown) => Promise<void>;
  readonly compacted: (at: number, scope?: "major") => Promise<void>;
  readonly shown: () => Promise<Shown>;
}

type Change = readonly [key: number, sequence: number, second: number, value: string];
type Shown = Readonly<Record<number, string>>;

async function withWorld(use: (world: World) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    const lake = await openLakeFolder(join(folder, "lake"), { threads: 1, memoryMegabytes: 200 });
    try {
      await use(worldOf(lake, folder));
    } finally {
      await lake.close();
    }
  });
}

function worldOf(lake: LakeFolder, folder: string): World {
  const { store, engine } = lake;
  let runs = 0;
  let objects = 0;
  const context = (at: number) => ({
    store,
    engine,
    schema: SCHEMA,
    policy: { ...DEFAULT_POLICY, settleSeconds: 300, deliveryDelaySeconds: 26 * HOUR },
    newRunId: () => `run-${++runs}`,
    nowSeconds: () => at,
  });
  return {
    lake,
    delivered: async (arrivedAtSeconds, changes) => {
      const sink = parquetSink(lake.root, SCHEMA, lake.session);
      const records = changes.map(recordOf);
      const before = new Set((await store.list(changesFolder("t"))).map(({ path }) => path));
      await deliver(
        { store, sink, writer, rowBytesMax: FILE_LIMITS.recordBytesMax },
        { records, source: "a test", arrivedAtSeconds },
      );
      // Like Firehose, names the object without revealing its contents.
      const made = (await store.list(changesFolder("t"))).filter(({ path }) => !before.has(path));
      const folder = join(lake.root, changesHourFolder("t", hourOf(arrivedAtSeconds)));
      await mkdir(folder, { recursive: true });
      for (const { path } of made) await rename(join(lake.root, path), join(folder, `object-${++objects}`));
    },
    snapshot: async (exportTimeSeconds, at, items) => {
      const file = join(folder, `snapshot-${at}.jsonl`);
      const lines = Object.entries(items).map(([K, V]) => itemLine(writer, { K: { N: K }, V: { S: V } }));
      await writeFile(file, lines.join(""));
      await seed({
        ...context(at),
        run: `snapshot-${at}`,
        staged: wireFiles(itemWireColumns(SCHEMA), [file]),
        items: lines.length,
        exportTimeSeconds,
        cutSeconds: exportTimeSeconds - 60,
        deliveryDelaySeconds: 26 * HOUR,
        snapshotsKept: 1,
      });
    },
    compacted: async (at, scope) => {
      await compactMinor(context(at));
      if (scope === "major") await compactMajor(context(at), "all");
    },
    shown: async () => {
      const view = await currentView(engine, await openTableOf(store, SCHEMA), undefined);
      const rows = await engine.rows(`SELECT k, v FROM (${view.sql})`);
      return Object.fromEntries(rows.map(({ k, v }) => [k, v]));
    },
  };
}

function recordOf([key, sequence, second, value]: Change): unknown {
  const Keys = { K: { N: String(key) } };
  return {
    eventName: "MODIFY",
    dynamodb: {
      Keys,
      SequenceNumber: String(sequence),
      ApproximateCreationDateTime: second,
      NewImage: { ...Keys, V: { S: value } },
    },
  };
}

describe("an object of many hours, in the hour of its oldest record,", () => {
  test("that comes behind others, is folded whole: what is late in it, and what is as new as they are", async () => {
    await withWorld(async ({ compacted, delivered, shown }) => {
      await delivered(NOW - 1000, [[1, 1, NOW - 1000, "others"]]);
      await compacted(NOW);
      // Spans five hours, the last of them newer than the horizon.
      await delivered(NOW - 5 * HOUR, [
        [2, 2, NOW - 5 * HOUR, "first"],
        [3, 3, NOW - 2000, "middle"],
        [4, 4, NOW - 900, "last"],
      ]);
      await compacted(NOW + 60);
      expect(await shown()).toEqual({ 1: "others", 2: "first", 3: "middle", 4: "last" });
      await compacted(NOW + 120, "major");
      expect(await shown()).toEqual({ 1: "others", 2: "first", 3: "middle", 4: "last" });
    });
  });

  test("whose newest changes are not settled yet shows them with the next compaction", async () => {
    await withWorld(async ({ compacted, delivered, shown }) => {
      await delivered(NOW - 1000, [[1, 1, NOW - 1000, "others"]]);
      await compacted(NOW);
      await delivered(NOW - 5 * HOUR, [
        [2, 2, NOW - 5 * HOUR, "first"],
        [4, 4, NOW - 100, "last"],
      ]);
      await compacted(NOW + 60);
      expect(await shown()).toMatchObject({ 1: "others", 2: "first" });
      await compacted(NOW + 900);
      expect(await shown()).toEqual({ 1: "others", 2: "first", 4: "last" });
    });
  });

  test("brings a key its newest state, where another change of it came late, too", async () => {
    await withWorld(async ({ compacted, delivered, shown }) => {
      await delivered(NOW - 1000, [[1, 1, NOW - 1000, "others"]]);
      await compacted(NOW);
      await delivered(NOW - 5 * HOUR, [[2, 9, NOW - 2000, "newest"]]);
      await delivered(NOW - 2100, [[2, 5, NOW - 2100, "older"]]);
      await compacted(NOW + 60);
      expect(await shown()).toEqual({ 1: "others", 2: "newest" });
    });
  });

  test("that was there before a snapshot was committed loses nothing that the export does not have", async () => {
    await withWorld(async ({ compacted, delivered, shown, snapshot }) => {
      await delivered(NOW - 5 * HOUR, [
        [1, 1, NOW - 5 * HOUR, "old"],
        [1, 2, NOW - 700, "exported"],
        [2, 3, NOW - 550, "made behind the export"],
      ]);
      await snapshot(NOW - 600, NOW, { 1: "exported" });
      await compacted(NOW + 60);
      expect(await shown()).toEqual({ 1: "exported", 2: "made behind the export" });
    });
  });

  test("that is in the base already, is not undone by an older change that comes late", async () => {
    await withWorld(async ({ compacted, delivered, shown }) => {
      await delivered(NOW - 1000, [[1, 1, NOW - 1000, "others"]]);
      await delivered(NOW - 5 * HOUR, [
        [2, 9, NOW - 2000, "newest"],
        [3, 10, NOW - 2000, "newest"],
      ]);
      await compacted(NOW, "major");
      await delivered(NOW, [
        [2, 5, NOW - 2100, "older"],
        [3, 6, NOW - 2050, "older"],
      ]);
      await compacted(NOW + 60);
      expect(await shown()).toEqual({ 1: "others", 2: "newest", 3: "newest" });
    });
  });

  test("is looked into once: the next compaction knows it", async () => {
    await withWorld(async ({ compacted, delivered, lake }) => {
      await delivered(NOW - 5 * HOUR, [
        [1, 1, NOW - 5 * HOUR, "old"],
        [2, 3, NOW - 550, "newer"],
      ]);
      await compacted(NOW);
      const { sequence } = await latestManifest(lake.store, "t");
      await compacted(NOW + 60);
      expect((await latestManifest(lake.store, "t")).sequence).toBe(sequence);
    });
  });
});
