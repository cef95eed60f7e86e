import { describe, expect, test } from "@jest/globals";
import { NEWEST_FORMAT } from "../../../src/core/format/lake-file.ts";
import { type Gap, initialManifest, type Manifest, manifestText } from "../../../src/core/format/manifest.ts";
import { commitManifest } from "../../../src/core/table/commit-manifest.ts";
import {
  latestManifest,
  manifestAsOf,
  manifestSequences,
  readCommits,
  readManifest,
} from "../../../src/core/table/commits.ts";
import { recordGap } from "../../../src/core/table/recorded-gaps.ts";
import { registerObjectStoreTests } from "../../conformance/object-store.ts";
import * as fc from "../../support/fast-check.ts";
import { MemoryStore } from "../../support/memory-store.ts";

registerObjectStoreTests("in memory", (use) => use(new MemoryStore()));

async function asOfTime(store: MemoryStore, asOfSeconds: number): Promise<Manifest> {
  return manifestAsOf(store, "reviews", await readCommits(store, "reviews"), asOfSeconds);
}

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
    store.plant(
      "reviews/manifest/000000000002.json",
      `{"format": ${NEWEST_FORMAT + 1}, "somethingElse": []}`,
    );
    await expect(latestManifest(store, "reviews")).rejects.toMatchObject({ code: "LAKE_NEWER" });
    await expect(asOfTime(store, 200)).rejects.toMatchObject({ code: "LAKE_NEWER" });
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
        const found = await asOfTime(store, asOf);
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
    await expect(asOfTime(store, 99)).rejects.toMatchObject({
      code: "AS_OF_UNKNOWN",
      message: expect.stringContaining("1970-01-01T00:01:40Z"),
    });
    expect(await asOfTime(store, 100)).toEqual(manifest);
  });
});

describe("the commit point", () => {
  test("creates the next manifest once: the second who comes learns of a conflict and changes nothing", async () => {
    const store = new MemoryStore();
    expect(await commitManifest(store, "reviews", manifestOf(1, 100, "ours"))).toEqual(
      manifestOf(1, 100, "ours"),
    );
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
    const committed = outcomes.filter((outcome) => outcome !== "conflict");
    expect(committed).toEqual([await latestManifest(store, "reviews")]);
  });

  test("an answer that was lost after the creation is found out: it is committed", async () => {
    const store = new MemoryStore();
    store.failOnce("create", /manifest/, "after");
    expect(await commitManifest(store, "reviews", manifestOf(1, 100, "ours"))).toEqual(
      manifestOf(1, 100, "ours"),
    );
  });

  test("the same run commits again, since its first answer was lost with its process: it is committed", async () => {
    const store = new MemoryStore();
    await commitManifest(store, "reviews", manifestOf(1, 100, "ours"));
    const again = await commitManifest(store, "reviews", manifestOf(1, 200, "ours"));
    expect(again).toEqual(manifestOf(1, 100, "ours"));
    expect(again).toEqual(await latestManifest(store, "reviews"));
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

function manifestOf(sequence: number, committedAtSeconds: number, run = "run"): Manifest {
  return { ...initialManifest(1), kind: "minor", sequence, committedAtSeconds, run };
}

function plantManifest(store: MemoryStore, manifest: Manifest): void {
  store.plant(`reviews/manifest/${String(manifest.sequence).padStart(12, "0")}.json`, manifestText(manifest));
}

function gapOf(foundAtSeconds: number, detail: string): Gap {
  return { reason: "trimmed", detail, foundAtSeconds, lostUntilSeconds: 0 };
}
