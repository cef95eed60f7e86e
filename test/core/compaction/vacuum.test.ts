import { describe, expect, test } from "@jest/globals";
import {
  DEFAULT_RETENTION,
  type RetentionPolicy,
  type VacuumPass,
  type VacuumResult,
  vacuum,
} from "../../../src/core/compaction/vacuum.ts";
import { NEWEST_FORMAT } from "../../../src/core/format/lake-file.ts";
import {
  initialManifest,
  type Manifest,
  manifestText,
  type Segment,
} from "../../../src/core/format/manifest.ts";
import { manifestAsOf, readCommits } from "../../../src/core/table/commits.ts";
import * as fc from "../../support/fast-check.ts";
import { MemoryStore } from "../../support/memory-store.ts";

const NOW = 1_800_000_000;
const DAY = 24 * 3600;
const policy: RetentionPolicy = { retentionSeconds: 7 * DAY, graceSeconds: DAY };

test("the default keeps a week of manifests and never touches what is younger than a day", () => {
  expect(DEFAULT_RETENTION).toEqual(policy);
});

describe("what is removed", () => {
  test("files of a run that no manifest names, once they are old enough to belong to no run under way", async () => {
    const store = new MemoryStore();
    commit(store, 1, NOW - 100, [segmentOf("live", "b0000")]);
    file(store, "segments/live/b0000/rows.parquet", NOW - 30 * DAY);
    file(store, "segments/dead/b0000/rows.parquet", NOW - DAY - 1);
    file(store, "segments/young/b0000/rows.parquet", NOW - DAY);
    file(store, "staging/dead/000000.jsonl", NOW - DAY - 1);
    file(store, "staging/young/000000.jsonl", NOW - DAY + 1);
    expect(await vacuum(store, "t", policy, NOW)).toEqual({ manifests: 0, files: 2, bytes: 8 });
    expect(store.paths()).toEqual([
      "t/manifest/000000000001.json",
      "t/segments/live/b0000/rows.parquet",
      "t/segments/young/b0000/rows.parquet",
      "t/staging/young/000000.jsonl",
    ]);
  });

  test("not the files of a run that commits while they are listed, not even without grace", async () => {
    const store = new MemoryStore();
    commit(store, 1, NOW - 100, [segmentOf("live", "b0000")]);
    for (const run of ["live", "next"]) file(store, `segments/${run}/b0000/rows.parquet`, NOW - 90);
    store.meetOnce("list", /t\/segments\//, "before", () => {
      commit(store, 2, NOW, [segmentOf("next", "b0000")]);
    });
    await vacuum(store, "t", { retentionSeconds: 0, graceSeconds: 0 }, NOW + 1);
    expect(store.paths("t/segments/")).toContain("t/segments/next/b0000/rows.parquet");
  });

  test("parts of a run that no manifest names any more, beside parts of it that are live", async () => {
    const store = new MemoryStore();
    commit(store, 1, NOW - 30 * DAY, [segmentOf("run", "b0000"), segmentOf("run", "b0001")]);
    commit(store, 2, NOW - 20 * DAY, [segmentOf("run", "b0001"), segmentOf("next", "b0000")]);
    for (const path of ["run/b0000", "run/b0001", "next/b0000"])
      file(store, `segments/${path}/rows.parquet`, NOW - 30 * DAY);
    expect(await vacuum(store, "t", policy, NOW)).toMatchObject({ manifests: 1, files: 1 });
    expect(store.paths("t/segments/")).toEqual([
      "t/segments/next/b0000/rows.parquet",
      "t/segments/run/b0001/rows.parquet",
    ]);
  });

  test("never the change log, the schema, the position, gaps, quarantine, or another table", async () => {
    const store = new MemoryStore();
    const others = [
      "changes/dt=2020-01-01/hr=00/a_until-1.parquet",
      "schema.json",
      "position.json",
      "beginning.json",
      "source.json",
      "gaps/a.json",
      "quarantine/no-key/a.jsonl",
    ];
    for (const path of others) file(store, path, 0);
    store.plant("t2/segments/dead/b0000/rows.parquet", "rows", 0);
    expect(await vacuum(store, "t", { retentionSeconds: 0, graceSeconds: 0 }, NOW)).toMatchObject({
      files: 0,
    });
    expect(store.paths()).toHaveLength(others.length + 1);
  });

  test("a kept snapshot's segments stay, although the base has left them", async () => {
    const store = new MemoryStore();
    const kept = segmentOf("snapshot", "b0000");
    const snapshots = [{ run: "snapshot", exportTimeSeconds: 1, cutSeconds: 1, items: 1, segments: [kept] }];
    commit(store, 1, NOW - 100 * DAY, [segmentOf("major", "b0000")], { snapshots });
    file(store, "segments/snapshot/b0000/rows.parquet", 0);
    file(store, "segments/major/b0000/rows.parquet", 0);
    expect(await vacuum(store, "t", policy, NOW)).toEqual({ manifests: 0, files: 0, bytes: 0 });
  });
});

test("of the manifests none goes that a run under way may have begun from: their numbers are not free for it", async () => {
  const store = new MemoryStore();
  for (const [i, age] of [2 * DAY, DAY + 1, DAY, 10].entries()) commit(store, i + 1, NOW - age, []);
  expect(await vacuum(store, "t", { retentionSeconds: 0, graceSeconds: DAY }, NOW)).toMatchObject({
    manifests: 2,
  });
  expect(store.paths()).toEqual(["t/manifest/000000000003.json", "t/manifest/000000000004.json"]);
});

describe("the newest manifest", () => {
  test("stays however old it is, with its files", async () => {
    const store = new MemoryStore();
    commit(store, 1, 5, [segmentOf("run", "b0000")]);
    file(store, "segments/run/b0000/rows.parquet", 0);
    await vacuum(store, "t", { retentionSeconds: 0, graceSeconds: 0 }, NOW);
    expect(store.paths()).toEqual(["t/manifest/000000000001.json", "t/segments/run/b0000/rows.parquet"]);
  });

  test.each([3, 100])(
    "one of a newer format, or a damaged one, ends the vacuum before anything is removed: after %d",
    async (many) => {
      for (const text of [`{"format": ${NEWEST_FORMAT + 1}}`, "{"]) {
        const store = new MemoryStore();
        for (let sequence = 1; sequence < many; sequence++) commit(store, sequence, sequence, []);
        store.plant(`t/manifest/${String(many).padStart(12, "0")}.json`, text);
        file(store, "segments/dead/b0000/rows.parquet", 0);
        const before = store.paths();
        await expect(vacuum(store, "t", policy, NOW)).rejects.toMatchObject({
          code: text === "{" ? "LAKE_DAMAGED" : "LAKE_NEWER",
        });
        expect(store.paths()).toEqual(before);
      }
    },
  );
});

/** Commits, with the time before each and the segments it keeps. */
const histories = fc.array(
  fc.record({ pause: fc.nat(3 * DAY), keeps: fc.array(fc.boolean(), { minLength: 30, maxLength: 30 }) }),
  { minLength: 1, maxLength: 12 },
);

test("whatever was the newest at any moment of the window can still be read, with all of its files", async () => {
  await fc.assert(
    fc.asyncProperty(
      histories,
      fc.nat(10 * DAY),
      fc.nat(10 * DAY),
      async (history, retentionSeconds, age) => {
        const store = new MemoryStore();
        const manifests = plantHistory(store, history);
        const end = manifests.at(-1)?.committedAtSeconds ?? 0;
        const nowSeconds = end + age;
        // The window is that of the vacuum below, which comes a second later.
        const windowStart = nowSeconds + 1 - retentionSeconds;
        const moments = [
          windowStart,
          ...manifests.map((manifest) => manifest.committedAtSeconds),
          nowSeconds,
        ];
        const readable = moments.filter((moment) => moment >= Math.max(windowStart, firstCommit(manifests)));
        const before = await manifestsAt(store, readable);
        await vacuum(store, "t", { retentionSeconds, graceSeconds: 0 }, nowSeconds + 1);
        const after = await manifestsAt(store, readable);
        expect(after).toEqual(before);
        for (const { segments } of after) {
          for (const { run, part } of segments)
            expect(store.text(`t/segments/${run}/${part}/rows.parquet`)).toBeDefined();
        }
        const left = store.paths();
        expect(await vacuum(store, "t", { retentionSeconds, graceSeconds: 0 }, nowSeconds + 1)).toMatchObject(
          {
            manifests: 0,
            files: 0,
          },
        );
        expect(store.paths()).toEqual(left);
      },
    ),
  );
});

test("of the manifests only those expire whose successor is older than the window", async () => {
  const expired = async (windowStart: number, times: readonly number[]): Promise<number> => {
    const store = new MemoryStore();
    for (const [i, time] of times.entries()) commit(store, i + 1, time, []);
    const window = { retentionSeconds: 1000 - windowStart, graceSeconds: 0 };
    return (await vacuum(store, "t", window, 1000)).manifests;
  };
  const counts: number[] = [];
  for (const start of [5, 10, 19, 20, 21, 30, 40, 1000]) counts.push(await expired(start, [10, 20, 30, 40]));
  expect(counts).toEqual([0, 0, 0, 1, 1, 2, 3, 3]);
  expect(await expired(10, [])).toBe(0);
  // More than are read at once.
  const many = Array.from({ length: 100 }, (_, i) => i + 1);
  expect(await expired(50, many)).toBe(49);
});

test("a crash anywhere leaves every manifest that is there with its files, and the next vacuum ends the work", async () => {
  const calls = await vacuumUntilDeath(Number.POSITIVE_INFINITY);
  for (let call = 0; call < calls; call++) await vacuumUntilDeath(call);
});

describe("a vacuum without time for everything", () => {
  /** Runs by the days of their age; two manifests have expired, of which the first alone named the parts of "a". */
  const RUNS = { a: 30, b: 30, c: 30, dead: 30, e: 30, young: 0 };

  function crowded(): MemoryStore {
    const store = new MemoryStore();
    const parts = ["b0000", "b0001"];
    const of = (...runs: readonly string[]) =>
      runs.flatMap((run) => parts.map((part) => segmentOf(run, part)));
    commit(store, 1, NOW - 30 * DAY, of("a", "b"));
    commit(store, 2, NOW - 20 * DAY, of("b", "c"));
    commit(store, 3, NOW - 10 * DAY, of("b", "e"));
    for (const [run, days] of Object.entries(RUNS))
      for (const part of parts) file(store, `segments/${run}/${part}/rows.parquet`, NOW - days * DAY);
    file(store, "staging/dead/000000.jsonl", NOW - 30 * DAY);
    return store;
  }

  test("ends after a page, says where, and removes the same in the end, each file once", async () => {
    const whole = crowded();
    const all = await vacuum(whole, "t", policy, NOW);
    expect(all).toEqual({ manifests: 2, files: 7, bytes: 28 });
    const store = crowded();
    const passes: VacuumPass[] = [];
    for (
      let left: VacuumPass | undefined;
      left === undefined || left.leftAfter !== undefined;
      left = passes.at(-1)
    ) {
      const pass = await vacuum(store, "t", policy, NOW, {
        ...onePage(),
        after: left?.leftAfter,
        named: left?.leftNamed,
      });
      passes.push(pass);
      // A pass that only says so gets nowhere.
      if (passes.length > 20) throw new Error("the vacuum never ends");
      const removals = store.calls.filter((call) => call.startsWith("remove "));
      expect(removals).toHaveLength(sum(passes, "files") + sum(passes, "manifests"));
    }
    for (const key of ["manifests", "files", "bytes"] as const) expect(sum(passes, key)).toBe(all[key]);
    expect(store.paths()).toEqual(whole.paths());
  });

  test("goes on after the run that it is given, and leaves those before it alone", async () => {
    const store = crowded();
    const pass = await vacuum(store, "t", policy, NOW, { after: "c" });
    expect(pass).toEqual({ manifests: 2, files: 3, bytes: 12 });
    expect(store.calls).not.toContain("list t/segments/a/");
    expect(store.paths("t/segments/a/")).toHaveLength(2);
    expect(store.paths("t/staging/")).toEqual([]);
  });

  describe("of whose manifests there are many", () => {
    const COMMITS = 200;
    const EXPIRED = 40;

    /** Each commit adds a run; those of the last three are live, and the first ones have expired. */
    function longWindow(): MemoryStore {
      const store = new MemoryStore();
      for (let sequence = 1; sequence <= COMMITS; sequence++) {
        const runs = [sequence, sequence - 1, sequence - 2].filter((run) => run > 0);
        const atSeconds = sequence <= EXPIRED + 1 ? NOW - 8 * DAY : NOW - 6 * DAY + sequence;
        commit(
          store,
          sequence,
          atSeconds,
          runs.map((run) => segmentOf(`r${run}`, "b0000")),
        );
        file(store, `segments/r${sequence}/b0000/rows.parquet`, NOW - 9 * DAY);
      }
      return store;
    }

    const reads = (store: MemoryStore): number =>
      store.calls.filter((call) => call.startsWith("read t/manifest/")).length;

    test("goes on behind those that it has read, however little time a pass has", async () => {
      const whole = longWindow();
      expect(await vacuum(whole, "t", policy, NOW)).toMatchObject({ manifests: EXPIRED, files: EXPIRED - 2 });
      const store = longWindow();
      await inPasses(store, () => ({ isOver: () => true }));
      expect(store.paths()).toEqual(whole.paths());
      expect(reads(store)).toBeLessThan(1.2 * COMMITS);
    });

    test("removes none behind one that stays, although it has expired by then", async () => {
      const store = longWindow();
      const isOver = () => true;
      let [left, passes] = [await vacuum(store, "t", policy, NOW, { isOver }), 1];
      while (left.leftNamed === undefined) {
        left = await vacuum(store, "t", policy, NOW, { isOver });
        passes++;
      }
      const stay = store.paths("t/manifest/");
      const later = NOW + 30 * DAY;
      await vacuum(store, "t", policy, later, { after: left.leftAfter, named: left.leftNamed });
      expect(store.paths("t/manifest/")).toEqual(stay);
      // The next vacuum begins with the first of them.
      await vacuum(store, "t", policy, later);
      expect(store.paths("t/manifest/")).toHaveLength(1);
      expect(passes).toBeGreaterThan(1);
    });

    test("reads all where the one that it would go on behind is gone: the lake is another one by now", async () => {
      const store = longWindow();
      const named = { throughSequence: COMMITS + 1, parts: {}, keptRuns: [] };
      await vacuum(store, "t", policy, NOW, { named });
      expect(store.paths("t/segments/")).toHaveLength(COMMITS - EXPIRED + 2);
    });
  });

  test("dies anywhere in any of its passes: no manifest ever lacks a file, and the next passes end the work", async () => {
    const whole = crowded();
    await vacuum(whole, "t", policy, NOW);
    for (const moment of ["before", "after"] as const) {
      for (let [call, died] = [0, true]; died; call++) {
        const store = crowded();
        store.dieAt(call, moment);
        await inPasses(store).catch(() => undefined);
        died = store.dead;
        store.revive();
        for (const path of store.paths("t/manifest/")) {
          const { segments } = JSON.parse(store.text(path) as string) as Manifest;
          for (const { run, part } of segments)
            expect(store.text(`t/segments/${run}/${part}/rows.parquet`)).toBeDefined();
        }
        await inPasses(store);
        expect(store.paths()).toEqual(whole.paths());
      }
    }
  });
});

/** Time for the manifests, and for one page of files after them. */
function onePage(): { readonly isOver: () => boolean } {
  let pages = 0;
  return { isOver: () => ++pages > 1 };
}

/** `pagesOf`: for what there is time in each pass. */
async function inPasses(store: MemoryStore, pagesOf = onePage): Promise<void> {
  let left: VacuumPass | undefined;
  for (let passes = 0; left === undefined || left.leftAfter !== undefined; passes++) {
    if (passes > 500) throw new Error("the vacuum never ends");
    const before = { after: left?.leftAfter, named: left?.leftNamed };
    left = await vacuum(store, "t", policy, NOW, { ...pagesOf(), ...before });
  }
}

function sum(results: readonly VacuumResult[], key: keyof VacuumResult): number {
  return results.reduce((total, result) => total + result[key], 0);
}

test("many files, of one run and of many, go in pages of a thousand", async () => {
  const store = new MemoryStore();
  commit(store, 1, NOW - 100, [segmentOf("live", "b0000")]);
  file(store, "segments/live/b0000/rows.parquet", NOW - 30 * DAY);
  for (let i = 0; i < 2500; i++) file(store, `segments/large/b0000/${i}.parquet`, NOW - 30 * DAY);
  for (let i = 0; i < 40; i++) file(store, `segments/run-${i}/b0000/rows.parquet`, NOW - 30 * DAY);
  let pages = 0;
  const time = { isOver: () => pages++ < 0 };
  expect(await vacuum(store, "t", policy, NOW, time)).toEqual({ manifests: 0, files: 2540, bytes: 10_160 });
  // A look at the manifests, three pages of the large run, one for each of the others, and the end.
  expect(pages).toBe(1 + 3 + 40 + 1);
  expect(store.paths("t/segments/")).toEqual(["t/segments/live/b0000/rows.parquet"]);
});

/** Vacuums a history whose older half has expired, dying at the given call. Returns the number of calls. */
async function vacuumUntilDeath(call: number): Promise<number> {
  const store = new MemoryStore();
  const history = Array.from({ length: 6 }, (_, i) => ({
    pause: 2 * DAY,
    keeps: Array.from({ length: 30 }, (_, at) => at % 6 >= i),
  }));
  const manifests = plantHistory(store, history);
  const nowSeconds = (manifests.at(-1)?.committedAtSeconds ?? 0) + 1;
  if (Number.isFinite(call)) store.dieAt(call, "after");
  const calls = store.calls.length;
  await vacuum(store, "t", { retentionSeconds: 4 * DAY, graceSeconds: 0 }, nowSeconds).catch(() => undefined);
  const made = store.calls.length - calls;
  store.revive();
  for (const path of store.paths("t/manifest/")) {
    const { segments } = JSON.parse(store.text(path) as string) as Manifest;
    for (const { run, part } of segments)
      expect(store.text(`t/segments/${run}/${part}/rows.parquet`)).toBeDefined();
  }
  await vacuum(store, "t", { retentionSeconds: 4 * DAY, graceSeconds: 0 }, nowSeconds);
  expect(store.paths("t/manifest/")).toHaveLength(3);
  return made;
}

/** Plants the commits and their files. Commit i adds segment i and drops those it does not keep. */
function plantHistory(
  store: MemoryStore,
  history: readonly { readonly pause: number; readonly keeps: readonly boolean[] }[],
): readonly Manifest[] {
  let [segments, committedAtSeconds]: [Segment[], number] = [[], NOW];
  return history.map(({ pause, keeps }, i) => {
    segments = [...segments.filter((_, at) => keeps[at]), segmentOf(`run-${i}`, "b0000")];
    committedAtSeconds += pause;
    file(store, `segments/run-${i}/b0000/rows.parquet`, committedAtSeconds);
    return commit(store, i + 1, committedAtSeconds, segments);
  });
}

function firstCommit(manifests: readonly Manifest[]): number {
  return manifests[0]?.committedAtSeconds ?? 0;
}

function segmentOf(run: string, part: string): Segment {
  return { id: `${run}-${part}`, run, part, kind: "base", rows: 1, bytes: 4 };
}

function manifestOf(sequence: number, committedAtSeconds: number, segments: readonly Segment[]): Manifest {
  return { ...initialManifest(1), kind: "minor", run: "r", sequence, committedAtSeconds, segments };
}

function commit(
  store: MemoryStore,
  sequence: number,
  committedAtSeconds: number,
  segments: readonly Segment[],
  change: Partial<Manifest> = {},
): Manifest {
  const manifest = { ...manifestOf(sequence, committedAtSeconds, segments), ...change };
  store.plant(`t/manifest/${String(sequence).padStart(12, "0")}.json`, manifestText(manifest));
  return manifest;
}

function file(store: MemoryStore, path: string, modifiedSeconds: number): void {
  store.plant(`t/${path}`, "rows", modifiedSeconds * 1000);
}

async function manifestsAt(store: MemoryStore, moments: readonly number[]): Promise<readonly Manifest[]> {
  const commits = await readCommits(store, "t");
  return Promise.all(moments.map((moment) => manifestAsOf(store, "t", commits, moment)));
}
