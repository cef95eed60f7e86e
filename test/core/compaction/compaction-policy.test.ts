import { describe, expect, test } from "@jest/globals";
import {
  type CompactionPolicy,
  type CompactionScope,
  DEFAULT_POLICY,
  decideMinor,
  isMajorDue,
  type MinorDecision,
  type MinorSituation,
  partsToRewrite,
  UNDERWAY_SECONDS,
} from "../../../src/core/compaction/compaction-policy.ts";
import { afterMajor, afterMinor, afterSnapshot } from "../../../src/core/compaction/next-manifest.ts";
import {
  type ChangeObject,
  changeObjectPath,
  hourOf,
  hourStartSeconds,
  parseChangeObject,
} from "../../../src/core/format/lake-path.ts";
import { initialManifest, type Manifest, type Segment } from "../../../src/core/format/manifest.ts";
import { ALL_KEYS } from "../../../src/core/format/segment-name.ts";
import * as fc from "../../support/fast-check.ts";

const NOW = 1_800_000_000;
const HOUR = 3600;
const policy: CompactionPolicy = { ...DEFAULT_POLICY, settleSeconds: 30 };

describe("a minor compaction", () => {
  test("is not done where there is no change at or after the horizon and no late one", () => {
    const manifest = manifestWith({ horizonSeconds: NOW - 100 });
    expect(plan({ manifest, objects: [] })).toBeUndefined();
    expect(plan({ manifest, objects: [objectOf("a", NOW - 50, NOW - 101)] })).toBeUndefined();
  });

  test("is not done where the horizon would not move", () => {
    const manifest = manifestWith({ horizonSeconds: NOW - 30 });
    expect(plan({ manifest, objects: [objectOf("a", NOW, NOW)] })).toBeUndefined();
  });

  test("is done for late changes alone, and the horizon never goes back for them", () => {
    const manifest = manifestWith({ horizonSeconds: NOW });
    const done = plan({ manifest, objects: [], oldestLateSeconds: NOW - 500 });
    expect(done).toMatchObject({ horizonSeconds: NOW, oldestLateSeconds: NOW - 500 });
  });

  test("moves the horizon to the settling time before now, and never beyond what was delivered", () => {
    const manifest = manifestWith({ horizonSeconds: NOW - 100 });
    const until = (newest: number): MinorDecision | undefined =>
      plan({ manifest, objects: [objectOf("a", NOW, newest)] });
    expect(until(NOW - 10)).toMatchObject({ horizonSeconds: NOW - 30, takesDeltas: false });
    expect(until(NOW - 60)).toMatchObject({ horizonSeconds: NOW - 59 });
  });

  test("moves the horizon of an idle table to where nothing can be on its way any more", () => {
    const manifest = manifestWith({ horizonSeconds: NOW - 30 * 24 * HOUR });
    const horizonSeconds = NOW - UNDERWAY_SECONDS;
    expect(plan({ manifest, objects: [] })).toMatchObject({ horizonSeconds });
    const old = objectOf("a", NOW - 29 * 24 * HOUR, NOW - 29 * 24 * HOUR);
    expect(plan({ manifest, objects: [old] })).toMatchObject({ horizonSeconds });
  });

  test("is done where an object does not tell its newest change", () => {
    const manifest = manifestWith({ horizonSeconds: NOW - 100 });
    const nameless = parseChangeObject(`t/changes/dt=${hourOf(NOW).dt}/hr=${hourOf(NOW).hr}/by-someone-else`);
    expect(plan({ manifest, objects: [nameless as ChangeObject] })).toBeDefined();
  });

  test("takes the earlier deltas in once they are as many as the policy allows", () => {
    const objects = [objectOf("a", NOW, NOW - 60)];
    const deltas = (many: number): Segment[] =>
      Array.from({ length: many }, (_, i) => segmentOf(`run-${i}`, ALL_KEYS, "delta", 1));
    const many = (segments: Segment[]): Manifest =>
      manifestWith({
        horizonSeconds: NOW - 100,
        segments: [segmentOf("y", "b0001", "base", 1), ...segments],
      });
    expect(plan({ manifest: many(deltas(15)), objects })).toMatchObject({ takesDeltas: false });
    expect(plan({ manifest: many(deltas(16)), objects })).toMatchObject({ takesDeltas: true });
  });

  test("its manifest has the new delta beside what was there, or in place of all earlier deltas", () => {
    const [base, delta] = [segmentOf("r1", "b0000", "base", 5), segmentOf("r2", "b0000", "delta", 5)];
    const staged = [segmentOf("r3", "b0000", "delta", 2)];
    const manifest = manifestWith({ horizonSeconds: NOW - 100, segments: [base, delta], sequence: 4 });
    const objects = [objectOf("a", NOW, NOW - 60)];
    const minor = plan({ manifest, objects }) as MinorDecision;
    const next = afterMinor(manifest, minor, { run: "r3", nowSeconds: NOW, staged });
    expect(next).toMatchObject({
      sequence: 5,
      run: "r3",
      kind: "minor",
      committedAtSeconds: NOW,
      horizonSeconds: NOW - 59,
      segments: [base, delta, ...staged],
      folded: [objects[0]?.id],
    });
    const taking = afterMinor(
      manifest,
      { ...minor, takesDeltas: true },
      { run: "r3", nowSeconds: NOW, staged },
    );
    expect(taking.segments).toEqual([base, ...staged]);
  });

  test("commits never go back in time, whatever the clock says", () => {
    const manifest = manifestWith({ horizonSeconds: NOW - 100, committedAtSeconds: NOW + 50 });
    const minor = plan({ manifest, objects: [objectOf("a", NOW, NOW)] }) as MinorDecision;
    const next = afterMinor(manifest, minor, { run: "r", nowSeconds: NOW, staged: [] });
    expect(next.committedAtSeconds).toBe(NOW + 50);
  });
});

describe("the memory of folded objects", () => {
  test("an object is new until it is folded, and never again, however late within the allowed delay it appears", () => {
    const arrivals = fc.array(
      fc.record({ at: fc.nat(20 * HOUR), delay: fc.nat(policy.deliveryDelaySeconds - 1) }),
      { minLength: 1, maxLength: 20 },
    );
    const moments = fc.array(fc.nat(24 * HOUR), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(arrivals, moments, (arrived, compactions) => {
        const objects = arrived.map(({ at, delay }, i) => ({
          appearsAt: hourStartSeconds(hourOf(NOW + at)) + delay,
          object: objectOf(`o${i}`, NOW + at, NOW + at),
        }));
        const folds = new Map<string, number>();
        let manifest = manifestWith({});
        for (const moment of [...compactions.sort((a, b) => a - b), 30 * HOUR]) {
          const nowSeconds = NOW + moment;
          const there = objects.filter(({ appearsAt }) => appearsAt <= nowSeconds);
          // What `listChangeObjects` returns for partitions since `foldedSinceSeconds`.
          const listed = there
            .map(({ object }) => object)
            .filter(
              ({ hour }) => hourStartSeconds(hour) >= hourStartSeconds(hourOf(manifest.foldedSinceSeconds)),
            );
          const done = decideMinor(
            { manifest, objects: listed, oldestLateSeconds: 0, newestChangeSeconds: undefined, nowSeconds },
            policy,
          ) as MinorDecision;
          for (const { path } of done.newObjects) folds.set(path, (folds.get(path) ?? 0) + 1);
          for (const { object } of there) expect(folds.get(object.path)).toBe(1);
          manifest = afterMinor(manifest, done, { run: "r", nowSeconds, staged: [] });
          const remembered = objects.filter(({ object }) => manifest.folded.includes(object.id));
          for (const { object } of remembered)
            expect(hourStartSeconds(object.hour)).toBeGreaterThanOrEqual(manifest.foldedSinceSeconds);
        }
        expect(folds.size).toBe(objects.length);
        expect(manifest.folded).toEqual([]);
      }),
    );
  });
});

describe("a major compaction", () => {
  const base = (part: string, rows: number): Segment => segmentOf("r0", part, "base", rows);
  const delta = (rows: number, run = "r1"): Segment => segmentOf(run, ALL_KEYS, "delta", rows);

  const keys = (counts: Readonly<Record<string, number>>): ReadonlyMap<string, number> =>
    new Map(Object.entries(counts));
  const deltas = (many: number, rows = 1): Segment[] =>
    Array.from({ length: many }, (_, i) => delta(rows, `d${i}`));

  test("rewrites the parts of which the deltas have many keys, compared with their rows", () => {
    const segments = [
      ...[base("b0000", 20_000), base("b0001", 20_000), base("b0002", 100), base("b0004", 5)],
      delta(5_500),
    ];
    const counted = keys({ b0000: 2000, b0001: 2001, b0002: 999, b0003: 1000 });
    const manifest = manifestWith({ segments });
    expect(partsToRewrite(manifest, policy, "grown", counted)).toEqual(["b0001", "b0003"]);
    expect(partsToRewrite(manifest, policy, "all", counted)).toEqual(["b0000", "b0001", "b0002", "b0003"]);
  });

  test("is due where the deltas are many, or have many rows compared with the base", () => {
    const due = (segments: Segment[], scope: CompactionScope = "grown"): boolean =>
      isMajorDue(manifestWith({ segments: [base("b0000", 20_000), ...segments] }), policy, scope);
    expect(due(deltas(7))).toBe(false);
    expect(due(deltas(8))).toBe(true);
    expect(due(deltas(2, 1000))).toBe(false);
    expect(due(deltas(2, 1001))).toBe(true);
    expect(due(deltas(1), "all")).toBe(true);
    expect(due([])).toBe(false);
    // Of an earlier version, which cut each delta by buckets.
    const cut = Array.from({ length: 8 }, (_, i) => segmentOf("r1", `b000${i}`, "delta", 1));
    expect(due(cut)).toBe(false);
  });

  test("makes one delta of many where no part has grown, and leaves few as they are", () => {
    const of = (many: number): readonly string[] | undefined =>
      partsToRewrite(
        manifestWith({ segments: [base("b0000", 20_000), ...deltas(many)] }),
        policy,
        "grown",
        keys({ b0000: 8 }),
      );
    expect(of(7)).toBeUndefined();
    expect(of(8)).toEqual([]);
  });

  test("without deltas there is none", () => {
    expect(
      partsToRewrite(manifestWith({ segments: [base("b0000", 1)] }), policy, "all", keys({})),
    ).toBeUndefined();
    expect(partsToRewrite(manifestWith({}), policy, "all", keys({}))).toBeUndefined();
  });

  test("its manifest replaces the base of its parts and all deltas, and keeps all else, the horizon included", () => {
    const kept = base("b0001", 1);
    const segments = [base("b0000", 1), ...deltas(2), segmentOf("old", "b0001", "delta", 1), kept];
    const manifest = manifestWith({ segments, horizonSeconds: 77, folded: ["x"], foldedSinceSeconds: 5 });
    const staged = [segmentOf("r3", "b0000", "base", 2), delta(1, "r3")];
    const next = afterMajor(manifest, ["b0000"], { run: "r3", nowSeconds: NOW, staged });
    expect(next).toEqual({
      ...manifest,
      sequence: manifest.sequence + 1,
      run: "r3",
      kind: "major",
      committedAtSeconds: NOW,
      segments: [kept, ...staged],
    });
  });
});

describe("a snapshot", () => {
  const staged = [segmentOf("snap", "b0000", "base", 3)];
  const facts = {
    exportTimeSeconds: NOW - 600,
    cutSeconds: NOW - 660,
    floorSeconds: NOW - 720,
    items: 3,
    buckets: 2,
    schema: { table: "t", key: { hash: "K" }, attributes: {} },
    objects: [objectOf("old", NOW - 5 * HOUR, NOW - 5 * HOUR), objectOf("new", NOW, NOW)],
    deliveryDelaySeconds: 2 * HOUR,
    snapshotsKept: 2,
  };
  const commit = { run: "snap", nowSeconds: NOW, staged };

  test("replaces base and deltas and overlays the log from its floor on again", () => {
    const before = manifestWith({
      horizonSeconds: NOW,
      segments: [segmentOf("a", "b0000", "base", 1), segmentOf("b", "b0000", "delta", 1)],
    });
    const next = afterSnapshot(before, facts, commit);
    expect(next).toMatchObject({
      kind: "snapshot",
      floorSeconds: NOW - 720,
      horizonSeconds: NOW - 720,
      buckets: 2,
      segments: staged,
      folded: [facts.objects[1]?.id],
    });
    expect(next.foldedSinceSeconds).toBe(hourStartSeconds(hourOf(NOW - 2 * HOUR)));
  });

  test("is remembered with its own segments; the oldest beyond those kept are forgotten", () => {
    let manifest = manifestWith({});
    for (const run of ["one", "two", "three"]) manifest = afterSnapshot(manifest, facts, { ...commit, run });
    expect(manifest.snapshots.map(({ run }) => run)).toEqual(["two", "three"]);
    expect(manifest.snapshots[1]).toEqual({
      run: "three",
      exportTimeSeconds: NOW - 600,
      cutSeconds: NOW - 660,
      items: 3,
      segments: staged,
    });
  });

  test("keeps the gaps: only their times tell whether it has repaired them", () => {
    const gaps = [{ reason: "trimmed", detail: "", foundAtSeconds: 1, lostUntilSeconds: 1 }] as const;
    expect(afterSnapshot(manifestWith({ gaps }), facts, commit).gaps).toEqual(gaps);
  });
});

/** The newest change is that of the objects' names, where nothing else is told. */
function plan(situation: Partial<MinorSituation>): MinorDecision | undefined {
  const newestChangeSeconds = Math.max(
    ...(situation.objects ?? []).map((object) => object.newestChangeSeconds ?? NOW),
  );
  const usual = { manifest: manifestWith({}), objects: [], oldestLateSeconds: undefined, nowSeconds: NOW };
  return decideMinor({ ...usual, newestChangeSeconds, ...situation }, policy);
}

function manifestWith(change: Partial<Manifest>): Manifest {
  return { ...initialManifest(1), sequence: 1, ...change };
}

function objectOf(id: string, arrivedAtSeconds: number, newestChangeSeconds: number): ChangeObject {
  return parseChangeObject(changeObjectPath("t", arrivedAtSeconds, newestChangeSeconds, id)) as ChangeObject;
}

function segmentOf(run: string, part: string, kind: Segment["kind"], rows: number): Segment {
  return { id: `${run}-${part}`, run, part, kind, rows, bytes: rows };
}
