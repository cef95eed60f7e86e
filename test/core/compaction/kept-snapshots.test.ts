import { expect, test } from "@jest/globals";
import { type SeedContext, seed } from "../../../src/core/compaction/seed.ts";
import { DEFAULT_RETENTION, vacuum } from "../../../src/core/compaction/vacuum.ts";
import { LAKE_FORMAT, SNAPSHOTS_FORMAT } from "../../../src/core/format/lake-file.ts";
import { type Manifest, manifestText } from "../../../src/core/format/manifest.ts";
import { keptOf } from "../../../src/core/format/snapshots-kept.ts";
import { snapshotsView } from "../../../src/core/overlay/lake-view.ts";
import { parseSchema, type SchemaFile } from "../../../src/core/schema/schema.ts";
import { keptSnapshotsFacts } from "../../../src/core/status/kept-snapshots-facts.ts";
import { latestManifest } from "../../../src/core/table/commits.ts";
import { keptSnapshots } from "../../../src/core/table/kept-snapshots.ts";
import { openTableOf } from "../../../src/core/table/open-table.ts";
import { FakeEngine } from "../../support/fake-engine.ts";
import { Died, MemoryStore } from "../../support/memory-store.ts";

const NOW = 1_800_000_000;
const DAY = 86_400;

function fileOf(columns: number, partitionBy = "bucket(2)"): SchemaFile {
  const others = Array.from({ length: columns }, (_, i) => [`a${i}`, { type: "bigint" }]);
  const attributes = { id: { type: "string" }, ...Object.fromEntries(others) };
  return { table: "t", key: { hash: "id" }, partitionBy, attributes };
}

interface World {
  readonly store: MemoryStore;
  readonly take: (day: number, more?: Partial<SeedContext>) => Promise<Manifest>;
}

function worldOf(file = fileOf(0)): World {
  const store = new MemoryStore();
  const engine = new FakeEngine(store);
  engine.answer = () => [{ repeated: 0n }];
  const schema = parseSchema(file, "a test");
  const take: World["take"] = (day, more = {}) => {
    const own = more.schema ?? schema;
    const atSeconds = NOW + day * DAY;
    store.nowMs = () => atSeconds * 1000;
    return seed({
      store,
      engine,
      schema: own,
      run: `day${day}`,
      staged: "staged",
      items: own.partitioning?.kind === "bucket" ? own.partitioning.count : 1,
      exportTimeSeconds: atSeconds,
      cutSeconds: atSeconds,
      deliveryDelaySeconds: 7200,
      nowSeconds: () => atSeconds,
      ...more,
    });
  };
  return { store, take };
}

const daysOf = ({ snapshots }: Manifest): readonly string[] => snapshots.map(({ run }) => run);
const lists = (store: MemoryStore): readonly string[] => store.paths("t/snapshots/");

test("a count, an age or all; the newest always stays", () => {
  const days = [1, 2, 9].map((day) => ({ exportTimeSeconds: day * DAY }));
  expect(keptOf(days, "all")).toEqual(days);
  expect(keptOf(days, 2)).toEqual(days.slice(1));
  expect(keptOf(days, { seconds: 7 * DAY })).toEqual(days.slice(1));
  expect(keptOf(days, { seconds: 1 })).toEqual(days.slice(2));
});

test("what people never asked for is one, and what they asked for stays until they ask again", async () => {
  const { store, take } = worldOf();
  await take(1);
  expect(await take(2)).toMatchObject({ format: LAKE_FORMAT, snapshots: [{ run: "day2" }] });
  expect(lists(store)).toEqual([]);
  await take(3, { snapshotsKept: 3 });
  expect(await take(4)).toMatchObject({ format: SNAPSHOTS_FORMAT, snapshotsKept: 3 });
  expect(daysOf(await take(5))).toEqual(["day3", "day4", "day5"]);
  // Older code reads the table again.
  expect(await take(6, { snapshotsKept: 1 })).toMatchObject({
    format: LAKE_FORMAT,
    snapshots: [{ run: "day6" }],
  });
});

test("a death before the commit leaves lists that a later try uses, or that vacuum removes", async () => {
  const { store, take } = worldOf();
  await take(1, { snapshotsKept: "all" });
  store.meetOnce("create", /manifest/, "before", () => {
    throw new Died();
  });
  await expect(take(2)).rejects.toThrow(Died);
  expect(lists(store)).toEqual(["t/snapshots/day1.json", "t/snapshots/day2.json"]);
  expect(daysOf(await latestManifest(store, "t"))).toEqual(["day1"]);
  await vacuum(store, "t", DEFAULT_RETENTION, NOW + 9 * DAY);
  // That of a kept snapshot may be needed by a commit under way.
  expect(lists(store)).toEqual(["t/snapshots/day1.json"]);
  await take(3);
  const kept = await keptSnapshots(store, await openTableOf(store, parseSchema(fileOf(0), "a test")));
  expect(kept.map(({ run, segments }) => [run, segments.length])).toEqual([
    ["day1", 2],
    ["day3", 2],
  ]);
});

test("vacuum leaves the files and lists of kept snapshots, however old they are, and no others", async () => {
  const { store, take } = worldOf();
  for (const day of [1, 2, 3, 4]) await take(day, { snapshotsKept: 3 });
  await vacuum(store, "t", { retentionSeconds: 0, graceSeconds: 0 }, NOW + 99 * DAY);
  expect(lists(store)).toEqual([2, 3, 4].map((day) => `t/snapshots/day${day}.json`));
  const runs = new Set(store.paths("t/segments/").map((path) => path.split("/")[2]));
  expect([...runs]).toEqual(["day2", "day3", "day4"]);
});

test("a list that is gone is damage", async () => {
  const { store, take } = worldOf();
  for (const day of [1, 2]) await take(day, { snapshotsKept: 2 });
  await store.remove(["t/snapshots/day1.json"]);
  const table = await openTableOf(store, parseSchema(fileOf(0), "a test"));
  await expect(keptSnapshots(store, table)).rejects.toMatchObject({ code: "LAKE_DAMAGED" });
});

test("another snapshot costs a manifest a line, and a view has a branch for each form of files", async () => {
  const { store, take } = worldOf(fileOf(0, "bucket(9)"));
  const sizes: number[] = [];
  for (let day = 1; day <= 40; day++) {
    const schema = parseSchema(fileOf(Math.floor(day / 20), "bucket(9)"), "a test");
    sizes.push(manifestText(await take(day, { snapshotsKept: "all", schema })).length);
  }
  expect((sizes.at(-1) as number) - (sizes.at(-11) as number)).toBeLessThan(10 * 300);
  const table = await openTableOf(store, parseSchema(fileOf(0), "a test"));
  const kept = await keptSnapshots(store, table);
  expect(kept.reduce((sum, { segments }) => sum + segments.length, 0)).toBe(360);
  const { sql } = snapshotsView(new FakeEngine(store), table.schema, kept);
  expect(sql.match(/\nUNION ALL\n/g)).toHaveLength(2);
  expect((await keptSnapshotsFacts(store, table)).snapshots).toHaveLength(40);
});
