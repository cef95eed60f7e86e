/** The vacuum of a deployed table whose function has no time for everything. */
import { expect, test } from "@jest/globals";
import { removeEmptyPartitions } from "../../src/aws/segments-table.ts";
import { type VacuumContext, type VacuumedInTime, vacuumStep } from "../../src/aws/steps/vacuum-step.ts";
import { initialManifest, manifestText } from "../../src/core/format/manifest.ts";
import {
  isToGoOn,
  readUnfinishedVacuum,
  saveUnfinishedVacuum,
  VACUUM_PASSES_MAX,
} from "../../src/core/table/unfinished-vacuum.ts";
import { MemoryStore } from "../support/memory-store.ts";

const NOW = 1_800_000_000;
const DAY = 24 * 3600;
const SHARES = 10;
const RUNS = 30;
const SINCE = { sinceSeconds: NOW - DAY };

/** Nothing of its runs is needed, and their partitions lie in all shares. */
class Crowded {
  readonly store = new MemoryStore();
  readonly partitions: Set<string> = new Set();

  constructor() {
    this.store.plant("t/manifest/000000000001.json", manifestText({ ...initialManifest(1), sequence: 1 }));
    const oldMs = (NOW - 30 * DAY) * 1000;
    for (let i = 0; i < RUNS; i++) {
      this.store.plant(`t/segments/run${i}/b0000/rows.parquet`, "rows", oldMs);
      this.partitions.add(`b-run${i}-b0000`);
    }
    this.store.plant("_exports/orders/AWSDynamoDB/old/data/a.json.gz", "items", oldMs);
  }

  /** `pages`: how many there is time for. */
  async pass(pages: number): Promise<VacuumedInTime> {
    let asked = 0;
    const context = {
      store: this.store,
      engine: { catalog: this.#catalog() },
      nowSeconds: () => NOW,
      isOver: () => ++asked >= pages,
    };
    const request = { table: "t", source: "orders", retentionHours: 168 };
    return vacuumStep(context as unknown as VacuumContext, request);
  }

  #catalog(): object {
    return {
      partitionPages: (_: string, share: number) => this.#pages(share),
      deletePartitions: async (_: string, values: readonly string[]) => {
        for (const value of values) this.partitions.delete(value);
      },
    };
  }

  /** Only partitions, from a share on, until the time is over after so many pages. */
  removePartitions(from: number, pages: number): ReturnType<typeof removeEmptyPartitions> {
    let asked = 0;
    return removeEmptyPartitions({ store: new MemoryStore(), catalog: this.#catalog() as never }, "t", {
      from,
      isOver: () => ++asked >= pages,
    });
  }

  async *#pages(share: number): AsyncGenerator<readonly string[]> {
    yield [...this.partitions].filter((id) => Number(/\d+/.exec(id)?.[0]) % SHARES === share);
  }

  left(): readonly string[] {
    return [...this.store.paths(), ...this.partitions];
  }
}

test("goes on pass by pass until nothing is left, and then leaves no record", async () => {
  const lake = new Crowded();
  const passes: VacuumedInTime[] = [];
  do {
    passes.push(await lake.pass(7));
    expect(isToGoOn(await readUnfinishedVacuum(lake.store, "t"))).toBe(passes.at(-1)?.isLeft === true);
  } while (passes.at(-1)?.isLeft === true && passes.length < 20);
  expect(lake.left()).toEqual(["t/manifest/000000000001.json"]);
  // Thirty runs, of which each pass has time for six, an export, and ten shares.
  expect(passes.reduce((sum, { files }) => sum + files, 0)).toBe(RUNS + 1);
  expect(passes.reduce((sum, { partitions }) => sum + partitions, 0)).toBe(RUNS);
  expect(passes.length).toBeGreaterThan(5);
});

test("with time for all it is done at once, and writes nothing", async () => {
  const lake = new Crowded();
  expect(await lake.pass(1000)).toEqual({ manifests: 0, files: RUNS + 1, bytes: 4 * RUNS, partitions: RUNS });
  expect(lake.store.calls.filter((call) => /^(replace|create)/.test(call))).toEqual([]);
});

test("one that has no time to read all manifests goes on behind those that it has read, and ends", async () => {
  const lake = new Crowded();
  const manifests = 400;
  for (let sequence = 2; sequence <= manifests; sequence++) {
    const path = `t/manifest/${String(sequence).padStart(12, "0")}.json`;
    lake.store.plant(path, manifestText({ ...initialManifest(1), sequence, committedAtSeconds: NOW }));
  }
  let [passes, isLeft] = [0, true];
  for (; isLeft && passes < 40; passes++) isLeft = (await lake.pass(5)).isLeft === true;
  expect(isLeft).toBe(false);
  const reads = lake.store.calls.filter((call) => call.startsWith("read t/manifest/"));
  expect(reads.length).toBeLessThan(1.2 * manifests);
  expect(lake.store.paths().filter((path) => path.includes("vacuum"))).toEqual([]);
});

test("with a damaged record it begins anew", async () => {
  const lake = new Crowded();
  await lake.store.replace("t/vacuum.json", Buffer.from("{"));
  expect(await lake.pass(1000)).toMatchObject({ files: RUNS + 1, partitions: RUNS });
});

test("a pass that dies is counted, keeps what is removed, and the next one goes on where the one before has ended", async () => {
  const lake = new Crowded();
  await lake.pass(7);
  const before = await readUnfinishedVacuum(lake.store, "t");
  expect(before).toMatchObject({ sinceSeconds: NOW, passes: 1 });
  lake.store.failOnce("remove", /run2\d/, "before");
  await expect(lake.pass(1000)).rejects.toThrow("no answer");
  expect(await readUnfinishedVacuum(lake.store, "t")).toEqual({ ...before, passes: 2 });
  expect(await lake.pass(1000)).not.toHaveProperty("isLeft");
  expect(lake.left()).toEqual(["t/manifest/000000000001.json"]);
});

test("ticks go on with it a bounded number of times; the next day's vacuum does so with new ones", async () => {
  const lake = new Crowded();
  await saveUnfinishedVacuum(lake.store, "t", { ...SINCE, passes: VACUUM_PASSES_MAX - 1, filesAfter: "" });
  await lake.pass(7);
  const ended = await readUnfinishedVacuum(lake.store, "t");
  expect(ended).toMatchObject({ ...SINCE, passes: VACUUM_PASSES_MAX });
  expect(isToGoOn(ended)).toBe(false);
  await lake.pass(7);
  const later = await readUnfinishedVacuum(lake.store, "t");
  expect(later).toMatchObject({ ...SINCE, passes: 1 });
  expect(String(later?.filesAfter) > String(ended?.filesAfter)).toBe(true);
});

test("partitions go share by share: when the time is over, the rest waits, and the next pass begins with the share that was amid", async () => {
  const lake = new Crowded();
  expect(await lake.removePartitions(0, 2)).toEqual({ partitions: 6, leftFrom: 1 });
  expect(lake.partitions.size).toBe(RUNS - 6);
  expect(await lake.removePartitions(1, 1000)).toEqual({ partitions: RUNS - 6 });
  expect(lake.partitions.size).toBe(0);
});
