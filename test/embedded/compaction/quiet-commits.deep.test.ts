/** Compactions beside each other, and those that would change nothing. */
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { compactMinorThenMajor } from "../../../src/core/compaction/compact.ts";
import { DEFAULT_POLICY } from "../../../src/core/compaction/compaction-policy.ts";
import { deliver } from "../../../src/core/delivery/deliver.ts";
import { initialManifest, type Manifest } from "../../../src/core/format/manifest.ts";
import { rowCodec } from "../../../src/core/row/row.ts";
import { lineWriter } from "../../../src/core/row/wire-line.ts";
import { parseSchema } from "../../../src/core/schema/schema.ts";
import { commitManifest } from "../../../src/core/table/commit-manifest.ts";
import { latestManifest } from "../../../src/core/table/commits.ts";
import { writeSchema } from "../../../src/core/table/schema-file.ts";
import { compactTable } from "../../../src/embedded/compaction/compact-table.ts";
import { foldLateChanges } from "../../../src/embedded/compaction/fold-late-changes.ts";
import { FILE_LIMITS, parquetSink } from "../../../src/embedded/delivery/parquet-sink.ts";
import { type LakeFolder, openLakeFolder } from "../../../src/embedded/folder/lake-folder.ts";
import { newRunId, nowSeconds } from "../../../src/sdk/new-run-id.ts";
import { withFolder } from "../../support/folders.ts";
import { itemLines } from "../../support/lake-rows.ts";

const SCHEMA = parseSchema(
  { table: "t", key: { hash: "Id" }, attributes: { Id: { type: "string" } } },
  "a test",
);
const DAY = 24 * 3600;

async function withLake(use: (lake: LakeFolder) => Promise<void>): Promise<void> {
  await withFolder(async (own) => {
    const lake = await openLakeFolder(join(own, "lake"));
    try {
      await writeSchema(lake.store, SCHEMA);
      await use(lake);
    } finally {
      await lake.close();
    }
  });
}

let sequence = 0;

async function change(lake: LakeFolder, id: string, timeSeconds: number): Promise<void> {
  const record = {
    eventName: "INSERT",
    dynamodb: {
      ApproximateCreationDateTime: timeSeconds,
      Keys: { Id: { S: id } },
      NewImage: { Id: { S: id } },
      SequenceNumber: String(++sequence),
    },
  };
  const context = {
    store: lake.store,
    sink: parquetSink(lake.root, SCHEMA, lake.session),
    writer: lineWriter(rowCodec(SCHEMA)),
    rowBytesMax: FILE_LIMITS.recordBytesMax,
  };
  await deliver(context, { records: [record], source: "a stream", arrivedAtSeconds: timeSeconds });
}

/** The kinds of compactions that committed. */
async function compactAt({ store, engine }: LakeFolder, atSeconds: number): Promise<readonly string[]> {
  const context = { store, engine, schema: SCHEMA, newRunId, policy: DEFAULT_POLICY };
  const runs = await compactMinorThenMajor({ ...context, nowSeconds: () => atSeconds }, "grown");
  return runs.map(({ kind }) => kind);
}

async function shown(lake: LakeFolder): Promise<readonly string[]> {
  const lines = await itemLines(lake, SCHEMA);
  return [...lines.matchAll(/"S":"(\w+)"/g)].map(([, id]) => id as string).sort();
}

test("a compaction that could only move the horizon commits nothing, and once a day it does", async () => {
  await withLake(async (lake) => {
    const now = nowSeconds() - 2 * DAY;
    await change(lake, "old", now - 100);
    expect(await compactAt(lake, now)).toEqual(["minor"]);
    const before = await latestManifest(lake.store, "t");
    await change(lake, "young", now - 10);
    for (const seconds of [0, 5, 15]) expect(await compactAt(lake, now + seconds)).toEqual([]);
    expect(await latestManifest(lake.store, "t")).toEqual(before);
    expect(await compactAt(lake, now + 21)).toEqual(["minor"]);
    const folded = await latestManifest(lake.store, "t");
    expect(folded.segments.length).toBe(before.segments.length + 1);

    const next = now + 21 + DAY;
    await change(lake, "next", next - 10);
    expect(await compactAt(lake, next - 1)).toEqual([]);
    expect(await compactAt(lake, next)).toEqual(["minor"]);
    const moved = await latestManifest(lake.store, "t");
    expect({ ...moved, horizonSeconds: 0 }).toMatchObject({ segments: folded.segments, horizonSeconds: 0 });
    expect(moved.horizonSeconds).toBe(next - 30);
    expect(await shown(lake)).toEqual(["next", "old", "young"]);
  });
});

test.each([
  ["at its floor, as it is after a snapshot", 0],
  ["after its floor", 500],
])(
  "changes from before the snapshot that come late need no commit where the horizon is %s",
  async (_, ahead) => {
    await withLake(async (lake) => {
      const floorSeconds = nowSeconds() - 1000;
      const seeded: Manifest = {
        ...initialManifest(1),
        sequence: 1,
        run: "seed",
        kind: "snapshot",
        floorSeconds,
        horizonSeconds: floorSeconds + ahead,
        committedAtSeconds: nowSeconds(),
      };
      await commitManifest(lake.store, "t", seeded);
      for (const [i, id] of ["a", "b", "c"].entries()) {
        await change(lake, id, floorSeconds - 60 + i);
        await foldLateChanges(lake, SCHEMA, floorSeconds - 60 + i);
      }
      expect(await latestManifest(lake.store, "t")).toMatchObject({ sequence: 1 });
      // A late one that counts is folded at once, wherever the horizon is.
      await change(lake, "d", floorSeconds + 1);
      await foldLateChanges(lake, SCHEMA, floorSeconds + 1);
      expect(await latestManifest(lake.store, "t")).toMatchObject({ sequence: ahead > 0 ? 2 : 1 });
      expect(await shown(lake)).toEqual(["d"]);
    });
  },
);

test("compactions of one process beside each other all succeed, and one that another process overtakes does, too", async () => {
  await withLake(async (lake) => {
    const other = await openLakeFolder(lake.root);
    try {
      await change(lake, "a", nowSeconds() - 100);
      const commits: string[] = [];
      const request = {
        scope: "all",
        settleSeconds: 0,
        onCommit: ({ kind }: { readonly kind: string }) => void commits.push(kind),
      } as const;
      const late = foldLateChanges(lake, SCHEMA, 0);
      await Promise.all([
        compactTable(lake, SCHEMA, request),
        compactTable(other, SCHEMA, request),
        compactTable(lake, SCHEMA, request),
        late,
      ]);
      expect(commits).toEqual(["minor", "major"]);

      await change(lake, "b", nowSeconds() - 50);
      let overtaken = false;
      const engine: LakeFolder["engine"] = {
        ...lake.engine,
        stage: async (stage) => {
          const staged = await lake.engine.stage(stage);
          if (!overtaken) await compactAt(other, nowSeconds());
          overtaken = true;
          return staged;
        },
      };
      await compactTable({ ...lake, engine }, SCHEMA, request);
      expect(overtaken).toBe(true);
      expect(await shown(lake)).toEqual(["a", "b"]);
    } finally {
      await other.close();
    }
  });
});
