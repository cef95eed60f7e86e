/** Two tables in one lake: names and keys that SQL could misread, and more parts than one statement can write. */
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { latestManifest } from "../../src/core/table/commits.ts";
import type { AwsEmulator } from "./support/emulator.ts";
import type { DeployedTable, StoredItem } from "./support/reviews.ts";
import { ODD, openWorld, WORLD_TABLES } from "./support/world.ts";

let emulator: AwsEmulator;
let odd: DeployedTable;
let wide: DeployedTable;

const WIDE_ITEMS = 400;

/** Keys that careless SQL, JavaScript numbers or strings would change. */
const HASHES = [
  "0",
  "-1.5",
  "12345678901234567890.123456789",
  "1E-130",
  "99999999999999999999999999999999999999",
];
const RANGES = [
  Buffer.of(0),
  Buffer.of(0, 0),
  Buffer.from("'\"`\\;--"),
  Buffer.from("größe 📏"),
  Buffer.alloc(255, 0xff),
];

function oddKey(n: number): StoredItem {
  return {
    [ODD.hash]: { N: HASHES[n % HASHES.length] as string },
    [ODD.range]: { B: RANGES[Math.floor(n / HASHES.length) % RANGES.length] as Buffer },
  };
}

function oddItem(n: number, text: string): StoredItem {
  return {
    ...oddKey(n),
    from: { S: text },
    "order by": { N: String(n) },
    "O'Brien": { S: `${text}'; DROP VIEW odd; --` },
    'say "hi"': { M: { "it's": { S: '"`\\' }, "": { S: "empty" }, ключ: { S: text } } },
    "`back`": { L: [{ S: "`" }, { S: "''" }, { S: "<%= x %>" }] },
    "größe 📏": { N: "-1.5e-7" },
    "'; DROP TABLE reviews; --": { BOOL: n % 2 === 0 },
    "not declared \u0000 \u2028": { SS: ["'", '"'] },
  };
}

const wideItem = (id: number, n: number): StoredItem => ({ Id: { S: `item ${id}` }, N: { N: String(n) } });
const all = <T>(count: number, make: (i: number) => T): readonly T[] =>
  Array.from({ length: count }, (_, i) => make(i));

beforeAll(async () => {
  const world = await openWorld("odd", "wide");
  emulator = world.emulator;
  odd = world.tables.odd;
  wide = world.tables.wide;
  await odd.put(...all(20, (n) => oddItem(n, "first")));
  await wide.putMany(all(WIDE_ITEMS, (i) => wideItem(i, 0)));
});

afterAll(() => {
  odd?.close();
  wide?.close();
});

async function bothBecomeEqual(): Promise<void> {
  await odd.becomesEqual();
  await wide.becomesEqual();
}

const snapshot = (table: DeployedTable) => table.run("snapshot");

/** The number of parts with segments of the kind in the newest commit. */
async function partsOf(kind: "base" | "delta"): Promise<number> {
  const { segments } = await latestManifest(wide.lake.store, "wide");
  return new Set(segments.filter((segment) => segment.kind === kind).map(({ part }) => part)).size;
}

async function partsOfNewestRun(): Promise<number> {
  const { segments, run } = await latestManifest(wide.lake.store, "wide");
  return segments.filter((segment) => segment.run === run).length;
}

test("snapshots of both at once, one with more parts than a statement writes", async () => {
  await Promise.all([odd.seeded(), wide.seeded()]);
  const ends = await Promise.all([snapshot(odd), snapshot(wide)]);
  expect(ends).toMatchObject(ends.map(() => ({ output: { outcome: "committed" } })));
  expect(await partsOf("base")).toBeGreaterThan(100);
  await bothBecomeEqual();
});

test("changes and compactions of both at once, of a few parts and of more than a statement writes", async () => {
  await wide.putMany(all(4, (i) => wideItem(i, 1)));
  await wide.remove({ Id: { S: "item 5" } });
  await odd.put(...all(4, (n) => oddItem(n, "second")), { ...oddKey(24), from: { NULL: true } });
  await odd.remove(oddKey(7), oddKey(8));
  await bothBecomeEqual();
  const first = await Promise.all([odd.compacted(), wide.compacted()]);
  expect(first).toMatchObject(first.map(() => ({ output: { done: ["minor", "major"] } })));
  expect(await partsOf("delta")).toBe(0);
  await bothBecomeEqual();

  await wide.putMany(all(WIDE_ITEMS, (i) => wideItem(i, 2)));
  await odd.put(...all(20, (n) => oddItem(n, "third")));
  await bothBecomeEqual();
  const second = await Promise.all([odd, wide].map((table) => table.compacted({ settleSeconds: 0 })));
  expect(second).toMatchObject(second.map(() => ({ output: { done: ["minor"] } })));
  expect(await partsOf("delta")).toBe(1);
  await bothBecomeEqual();
  const third = await Promise.all([odd.compacted(), wide.compacted()]);
  expect(third).toMatchObject(third.map(() => ({ output: { done: ["major"] } })));
  expect(await partsOf("delta")).toBe(0);
  expect(await partsOfNewestRun()).toBeGreaterThan(100);
  await bothBecomeEqual();
});

test("a failure of one leaves the other working", async () => {
  const { deliveryStream: stream } = odd.deployment;
  const machine = odd.machineArn("compaction").split(":").at(-1) as string;
  await emulator.faults.failState({ machine, table: "odd", state: "Commit", how: "abort" });
  await odd.put(oddItem(1, "fourth"));
  await odd.becomesEqual();
  await emulator.faults.holdDeliveries(stream);
  await odd.put(oddItem(2, "held back"));
  await wide.delivered(() => wide.put(wideItem(WIDE_ITEMS, 3)));
  const settled = { settleSeconds: 0 };
  const ends = await Promise.all([odd.compacted(settled), wide.compacted(settled)]);
  expect(ends).toMatchObject([{ status: "ABORTED" }, { output: { done: ["minor"] } }]);
  await wide.becomesEqual();
  await emulator.faults.release({ stream });
  expect(await odd.compacted(settled)).toMatchObject({ output: { done: ["minor"] } });
  await bothBecomeEqual();
});

test("neither has an object below the other, nor beside its own folder", async () => {
  const { store } = odd.lake;
  expect(odd.lake.bucket).toBe(wide.lake.bucket);
  for (const table of [odd, wide]) {
    const { table: name } = table.deployment;
    const own = await store.list(`${name}/`);
    expect(own.length).toBeGreaterThan(0);
    const other = table === odd ? "Wide" : "Odd";
    expect(own.filter(({ path }) => path.includes(`Dynalake${other}`))).toEqual([]);
  }
  const known = [
    "_acknowledged",
    "_athena",
    "_exports",
    "_maps",
    "_registry",
    "aws",
    // The doctor's own table.
    "dynalake_doctor",
    "reviews",
    ...Object.keys(WORLD_TABLES),
  ];
  expect((await store.folders("")).filter((name) => !known.includes(name))).toEqual([]);
});

test("nothing needed a permission that it does not have", async () => {
  for (const stack of ["DynalakeOdd", "DynalakeWide", "DynalakeLake"])
    expect(await emulator.denials(stack)).toEqual([]);
});
