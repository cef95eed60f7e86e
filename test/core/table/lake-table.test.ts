import { describe, expect, test } from "@jest/globals";
import {
  type Gap,
  initialManifest,
  type Manifest,
  manifestText,
  openGaps,
} from "../../../src/core/format/manifest.ts";
import { parseSchema } from "../../../src/core/schema/schema.ts";
import {
  commitManifest,
  knownGaps,
  lakeTables,
  latestManifest,
  manifestAsOf,
  manifestSequences,
  readGaps,
  readManifest,
  readSchema,
  recordGap,
  recordGrowingGap,
  requireSchema,
  writeSchema,
} from "../../../src/core/table/lake-table.ts";
import { saveStreamBeginning } from "../../../src/core/table/stream-beginning.ts";
import { registerObjectStoreTests } from "../../conformance/object-store.ts";
import * as fc from "../../support/fast-check.ts";
import { MemoryStore } from "../../support/memory-store.ts";

registerObjectStoreTests("in memory", (use) => use(new MemoryStore()));

const schema = parseSchema(
  { table: "reviews", key: { hash: "User" }, attributes: { User: { type: "string" } } },
  "a test",
);

describe("the tables of a lake", () => {
  test("are the folders that hold a schema", async () => {
    const store = new MemoryStore();
    await writeSchema(store, schema);
    store.plant("orders/position.json", "{}");
    store.plant("Upper/schema.json", "{}");
    store.plant("file", "");
    expect(await lakeTables(store)).toEqual(["reviews"]);
  });

  test("a schema comes back as it was written, whatever stood there before", async () => {
    const store = new MemoryStore();
    store.plant("reviews/schema.json", "{}");
    await writeSchema(store, schema);
    expect(await readSchema(store, "reviews")).toEqual(schema);
    expect(await readSchema(store, "orders")).toBeUndefined();
  });

  test("one that is missing is told with those that are there", async () => {
    const store = new MemoryStore();
    await expect(requireSchema(store, "orders")).rejects.toMatchObject({
      code: "LAKE_NOT_FOUND",
      message: expect.stringContaining("it has no tables"),
    });
    await writeSchema(store, schema);
    await expect(requireSchema(store, "orders")).rejects.toMatchObject({
      code: "LAKE_NOT_FOUND",
      message: expect.stringContaining("reviews"),
    });
  });

  test("a schema that is damaged is told with its path", async () => {
    const store = new MemoryStore();
    store.plant("reviews/schema.json", '{"table": "reviews"');
    await expect(readSchema(store, "reviews")).rejects.toMatchObject({
      code: "SCHEMA_INVALID",
      message: expect.stringContaining("reviews/schema.json"),
    });
  });
});

describe("the manifests", () => {
  test("the newest is the one with the highest number, and before the first one the whole log is overlaid", async () => {
    const store = new MemoryStore();
    expect(await latestManifest(store, "reviews")).toEqual(initialManifest(1));
    for (const sequence of [1, 2, 9, 10, 11]) plantManifest(store, manifestOf(sequence, sequence));
    store.plant("reviews/manifest/notes.txt", "");
    store.plant("reviews/manifest/99.json", "");
    expect(await manifestSequences(store, "reviews")).toEqual([1, 2, 9, 10, 11]);
    expect((await latestManifest(store, "reviews")).sequence).toBe(11);
    expect(await readManifest(store, "reviews", 3)).toBeUndefined();
  });

  test("one of a newer format stops every reader, and nothing older is taken in its place", async () => {
    const store = new MemoryStore();
    plantManifest(store, manifestOf(1, 100));
    store.plant("reviews/manifest/000000000002.json", '{"format": 2, "somethingElse": []}');
    await expect(latestManifest(store, "reviews")).rejects.toMatchObject({ code: "LAKE_NEWER" });
    await expect(manifestAsOf(store, "reviews", 200)).rejects.toMatchObject({ code: "LAKE_NEWER" });
  });

  test("one that vanishes while it is read is told as damage", async () => {
    const store = new MemoryStore();
    plantManifest(store, manifestOf(1, 100));
    store.meetOnce("read", /000000000001/, "before", () => void store.objects.clear());
    await expect(latestManifest(store, "reviews")).rejects.toMatchObject({ code: "LAKE_DAMAGED" });
  });

  test("as of a time it is the last one committed until then, and no other is needed to be read", async () => {
    const commits = fc.array(fc.nat(20), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(commits, fc.integer({ min: -5, max: 150 }), async (pauses, asOf) => {
        const store = new MemoryStore();
        const manifests = pauses.map((_, i) =>
          manifestOf(
            i + 1,
            pauses.slice(0, i + 1).reduce((a, b) => a + b, 1),
          ),
        );
        for (const manifest of manifests) plantManifest(store, manifest);
        const expected = manifests.filter((manifest) => manifest.committedAtSeconds <= asOf).at(-1);
        const found = await manifestAsOf(store, "reviews", asOf);
        expect(found).toEqual(expected ?? initialManifest(1));
      }),
    );
  });

  test.each<[string, Manifest]>([
    ["an older manifest was removed", manifestOf(7, 100)],
    ["the first commit is a snapshot", { ...manifestOf(1, 100), kind: "snapshot" }],
  ])("as of a time before all of them is unknown where %s, with the earliest time", async (_, manifest) => {
    const store = new MemoryStore();
    plantManifest(store, manifest);
    await expect(manifestAsOf(store, "reviews", 99)).rejects.toMatchObject({
      code: "AS_OF_UNKNOWN",
      message: expect.stringContaining("1970-01-01T00:01:40.000Z"),
    });
    expect(await manifestAsOf(store, "reviews", 100)).toEqual(manifest);
  });
});

describe("the commit point", () => {
  test("creates the next manifest once: the second who comes learns of a conflict and changes nothing", async () => {
    const store = new MemoryStore();
    expect(await commitManifest(store, "reviews", manifestOf(1, 100, "ours"))).toBe("committed");
    const committed = store.text("reviews/manifest/000000000001.json");
    expect(await commitManifest(store, "reviews", manifestOf(1, 200, "theirs"))).toBe("conflict");
    expect(store.text("reviews/manifest/000000000001.json")).toBe(committed);
  });

  test("of many who come at once exactly one commits", async () => {
    const store = new MemoryStore();
    const runs = Array.from({ length: 20 }, (_, i) => `run-${i}`);
    const outcomes = await Promise.all(
      runs.map((run) => commitManifest(store, "reviews", manifestOf(1, 100, run))),
    );
    expect(outcomes.filter((outcome) => outcome === "committed")).toHaveLength(1);
    expect((await latestManifest(store, "reviews")).run).toBe(runs[outcomes.indexOf("committed")]);
  });

  test("an answer that was lost after the creation is found out: it is committed", async () => {
    const store = new MemoryStore();
    store.failOnce("create", /manifest/, "after");
    expect(await commitManifest(store, "reviews", manifestOf(1, 100, "ours"))).toBe("committed");
  });

  test("the same run commits again, since its first answer was lost with its process: it is committed", async () => {
    const store = new MemoryStore();
    await commitManifest(store, "reviews", manifestOf(1, 100, "ours"));
    expect(await commitManifest(store, "reviews", manifestOf(1, 200, "ours"))).toBe("committed");
    expect((await latestManifest(store, "reviews")).committedAtSeconds).toBe(100);
  });

  test("an answer that was lost where another had come first is found out: it is a conflict", async () => {
    const store = new MemoryStore();
    plantManifest(store, manifestOf(1, 100, "theirs"));
    store.failOnce("create", /manifest/, "after");
    expect(await commitManifest(store, "reviews", manifestOf(1, 100, "ours"))).toBe("conflict");
  });

  test("a failure before the creation is thrown as it was", async () => {
    const store = new MemoryStore();
    const failure = new Error("no space");
    store.failOnce("create", /manifest/, "before", failure);
    await expect(commitManifest(store, "reviews", manifestOf(1, 100))).rejects.toBe(failure);
  });

  test("an outcome that cannot be found out is thrown, and is no conflict", async () => {
    const store = new MemoryStore();
    store.failOnce("create", /manifest/, "after");
    store.failOnce("read", /manifest/, "before", new Error("still no answer"));
    await expect(commitManifest(store, "reviews", manifestOf(1, 100))).rejects.toThrow("answer");
  });

  test("takes every gap that was ever found into the manifest, once, in order", async () => {
    const store = new MemoryStore();
    const [first, second] = [gapOf(10, "a"), gapOf(20, "b")];
    await recordGap(store, "reviews", "later", second);
    await recordGap(store, "reviews", "earlier", first);
    await commitManifest(store, "reviews", { ...manifestOf(1, 100), gaps: [first] });
    expect((await latestManifest(store, "reviews")).gaps).toEqual([first, second]);
  });
});

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

    test("one is committed with the snapshot of an older export, and mended by a later snapshot", async () => {
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

function plantManifest(store: MemoryStore, manifest: Manifest): void {
  store.plant(`reviews/manifest/${String(manifest.sequence).padStart(12, "0")}.json`, manifestText(manifest));
}

function gapOf(foundAtSeconds: number, detail: string): Gap {
  return { reason: "trimmed", detail, foundAtSeconds, lostUntilSeconds: 0 };
}
