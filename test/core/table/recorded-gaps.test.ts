import { describe, expect, test } from "@jest/globals";
import { type Gap, initialManifest, type Manifest, openGaps } from "../../../src/core/format/manifest.ts";
import { commitManifest } from "../../../src/core/table/commit-manifest.ts";
import { latestManifest } from "../../../src/core/table/commits.ts";
import { knownGaps, readGaps, recordGap, recordGrowingGap } from "../../../src/core/table/recorded-gaps.ts";
import { saveStreamBeginning } from "../../../src/core/table/stream-beginning.ts";
import { MemoryStore } from "../../support/memory-store.ts";

describe("gaps", () => {
  test("are told in the order in which they were found, and one is never overwritten", async () => {
    const store = new MemoryStore();
    await recordGap(store, "reviews", "b", gapOf(10, "first"));
    await recordGap(store, "reviews", "a", gapOf(20, "second"));
    await recordGap(store, "reviews", "b", gapOf(30, "third"));
    expect((await readGaps(store, "reviews")).map(({ detail }) => detail)).toEqual(["first", "second"]);
  });

  test("one that grows is one: found when it was first, with what was lost at the latest", async () => {
    const store = new MemoryStore();
    const until = async (foundAtSeconds: number, lostUntilSeconds: number) => {
      const gap = { ...gapOf(foundAtSeconds, `found at ${foundAtSeconds}`), lostUntilSeconds };
      await recordGrowingGap(store, "reviews", "g", gap);
      return readGaps(store, "reviews");
    };
    const grown = { ...gapOf(10, "found at 10"), lostUntilSeconds: 7 };
    expect(await until(10, 5)).toEqual([{ ...grown, lostUntilSeconds: 5 }]);
    expect(await until(20, 7)).toEqual([grown]);
    const writes = () => store.calls.filter((call) => /^(create|replace) /.test(call)).length;
    const before = writes();
    expect(await until(30, 6)).toEqual([grown]);
    expect(writes()).toBe(before);
    await commitManifest(store, "reviews", { ...manifestOf(1, 100), gaps: [gapOf(10, "found at 10")] });
    expect((await latestManifest(store, "reviews")).gaps).toEqual([grown]);
  });

  test("are told apart by when they were found, their reason and their detail, and are each told once", async () => {
    const store = new MemoryStore();
    const gaps: readonly Gap[] = [
      gapOf(10, "shard a"),
      gapOf(10, "shard b"),
      { ...gapOf(10, "shard a"), reason: "shard-expired" },
      gapOf(20, "shard a"),
    ];
    for (const [i, gap] of gaps.entries()) await recordGap(store, "reviews", `gap-${i}`, gap);
    await commitManifest(store, "reviews", manifestOf(1, 100));
    const { gaps: first } = await latestManifest(store, "reviews");
    expect(first).toEqual(gaps);
    await commitManifest(store, "reviews", { ...manifestOf(2, 100), gaps: first });
    expect((await latestManifest(store, "reviews")).gaps).toEqual(gaps);
  });

  test("are told in the order in which they were found, those of the manifest and those of files alike", async () => {
    const store = new MemoryStore();
    await recordGap(store, "reviews", "a", gapOf(10, "in a file"));
    const manifest = { ...manifestOf(1, 100), gaps: [gapOf(20, "in the manifest")] };
    const told = (await knownGaps(store, "reviews", manifest)).map(({ detail }) => detail);
    expect(told).toEqual(["in a file", "in the manifest"]);
  });

  describe("between a snapshot and the beginning of the stream's reading", () => {
    const [CUT, READ_SINCE] = [10_000_000, 11_000_000];
    const beginning = {
      stream: { arn: "a stream", createdAtSeconds: 0, isFirst: true as const },
      readSinceSeconds: READ_SINCE,
    };
    const lost = { reason: "started-late", lostUntilSeconds: READ_SINCE - 23 * 3600 } as const;
    const snapshotOf = (cutSeconds: number, sequence = 1): Manifest => ({
      ...manifestOf(sequence, READ_SINCE + sequence),
      floorSeconds: cutSeconds,
      snapshots: [{ run: "s", exportTimeSeconds: cutSeconds, cutSeconds, items: 0, segments: [] }],
    });
    const known = async (store: MemoryStore) => {
      const manifest = await latestManifest(store, "reviews");
      const gaps = await knownGaps(store, "reviews", manifest);
      return { written: manifest.gaps, gaps, open: openGaps(manifest, gaps) };
    };

    test("one is committed with the snapshot of an older export, and repaired by a later snapshot", async () => {
      const store = new MemoryStore();
      await saveStreamBeginning(store, "reviews", beginning);
      await commitManifest(store, "reviews", snapshotOf(CUT));
      const { written, gaps, open } = await known(store);
      expect(written).toMatchObject([{ ...lost, foundAtSeconds: READ_SINCE + 1 }]);
      expect([gaps, open]).toEqual([written, written]);
      await commitManifest(store, "reviews", { ...snapshotOf(CUT, 2), gaps: written });
      expect((await known(store)).gaps).toEqual(written);
      await commitManifest(store, "reviews", { ...snapshotOf(READ_SINCE, 3), gaps: written });
      expect(await known(store)).toEqual({ written, gaps: written, open: [] });
    });

    test("one is told, too, where the reading began while the snapshot was committed", async () => {
      const store = new MemoryStore();
      store.meetOnce("create", /manifest/, "before", () => saveStreamBeginning(store, "reviews", beginning));
      await commitManifest(store, "reviews", snapshotOf(CUT));
      expect(await known(store)).toMatchObject({ written: [], open: [lost] });
      await commitManifest(store, "reviews", snapshotOf(CUT, 2));
      expect((await known(store)).written).toMatchObject([lost]);
    });

    test("one is not told twice where another covers it that is open", async () => {
      const store = new MemoryStore();
      await saveStreamBeginning(store, "reviews", beginning);
      const other = { ...gapOf(READ_SINCE, "another"), lostUntilSeconds: lost.lostUntilSeconds };
      await recordGap(store, "reviews", "g", other);
      await commitManifest(store, "reviews", snapshotOf(CUT));
      expect((await known(store)).written).toEqual([other]);
      await store.remove(["reviews/gaps/g.json"]);
      const shorter = { ...other, lostUntilSeconds: lost.lostUntilSeconds - 1 };
      await recordGap(store, "reviews", "g", shorter);
      expect((await known(store)).gaps).toHaveLength(2);
    });

    test("there is none before the first snapshot, nor where it is of after the beginning", async () => {
      const store = new MemoryStore();
      await saveStreamBeginning(store, "reviews", beginning);
      await commitManifest(store, "reviews", manifestOf(1, READ_SINCE));
      expect((await known(store)).gaps).toEqual([]);
      await commitManifest(store, "reviews", snapshotOf(lost.lostUntilSeconds, 2));
      expect((await known(store)).gaps).toEqual([]);
    });
  });

  test("one that cannot be read is damage, so that it is not forgotten", async () => {
    const store = new MemoryStore();
    store.plant("reviews/gaps/x.json", "{}");
    await expect(readGaps(store, "reviews")).rejects.toMatchObject({ code: "LAKE_DAMAGED" });
    await expect(commitManifest(store, "reviews", manifestOf(1, 100))).rejects.toMatchObject({
      code: "LAKE_DAMAGED",
    });
  });
});

function manifestOf(sequence: number, committedAtSeconds: number, run = "run"): Manifest {
  return { ...initialManifest(1), kind: "minor", sequence, committedAtSeconds, run };
}

function gapOf(foundAtSeconds: number, detail: string): Gap {
  return { reason: "trimmed", detail, foundAtSeconds, lostUntilSeconds: 0 };
}
