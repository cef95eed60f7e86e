import { expect, test } from "@jest/globals";
import { compactMajor, compactMinor } from "../../src/core/compaction/compact.ts";
import { changeSchema } from "../../src/core/compaction/schema-commit.ts";
import { seed } from "../../src/core/compaction/seed.ts";
import { vacuum } from "../../src/core/compaction/vacuum.ts";
import { DynalakeError } from "../../src/core/error.ts";
import { writeSchema } from "../../src/core/table/schema-file.ts";
import { atLeast, everyOf } from "../support/effort.ts";
import { thinned, told } from "./crash-points.ts";
import { type CrashPoint, crashPoints, Faults } from "./faults.ts";
import { Counts, sessionOfTests } from "./session.ts";
import {
  type Change,
  changeObjects,
  compaction,
  deliverAll,
  expectRepaired,
  FILLED,
  FILLED_CHANGES,
  filledWorld,
  history,
  historyOf,
  NOW,
  type Ports,
  type State,
  seeding,
  shown,
  TABLE,
  type World,
  worldSchema,
} from "./world.ts";

/** Two processes on one table: nothing is lost, whatever one of them does during any call of the other. */

const tried = new Counts();
const session = sessionOfTests(() => tried.told("meetings of two runs"));

type Work = (world: World, ports: Ports) => Promise<unknown>;

const LATE: Change = { key: 4, sequence: 17, value: undefined, timeSeconds: NOW - 3009 };
const NEW: Change = { key: 9, sequence: 31, value: "e9", timeSeconds: NOW + 1 };
const ALL_CHANGES = [...FILLED_CHANGES, LATE, NEW];
const SEEDED: State = { 1: "c3", 5: "s5", 10: "s10" };

const minor: Work = (world, ports) => compactMinor(compaction(world, ports));
const major: Work = (world, ports) => compactMajor(compaction(world, ports), "all");
const delivery: Work = (world, ports) => deliverAll(world, [NEW], ports);
const snapshot: Work = (world, ports) => seed(seeding(world, SEEDED, NOW + 500, ports));
const schema: Work = (world, { store, newRunId }) =>
  changeSchema(
    { store, newRunId, nowSeconds: () => world.nowSeconds },
    worldSchema(undefined, "now"),
    "a test",
  );
/** Removes files older than a day. Younger ones may belong to the other run. */
const cleaning: Work = (world, { store }) =>
  vacuum(store, TABLE, { retentionSeconds: 0, graceSeconds: 86_400 }, world.nowSeconds);

async function busy(world: World, ports: Ports): Promise<void> {
  for (const work of [delivery, minor, major, cleaning]) await work(world, ports);
}

/** A lake with a base, deltas, a late change and unfolded changes. */
async function begun(): Promise<World> {
  const world = await filledWorld(session(), worldSchema());
  await writeSchema(world.store, world.schema);
  await deliverAll(world, [LATE]);
  world.nowSeconds += 10;
  return world;
}

const without = ({ [LATE.key]: _, ...state }: State): State => state;
/** The states by what has been folded, delivered and seeded. */
const STATES: readonly State[] = [
  FILLED,
  without(FILLED),
  { ...FILLED, [NEW.key]: "e9" },
  { ...without(FILLED), [NEW.key]: "e9" },
  SEEDED,
];

const MEETINGS: Readonly<Record<string, readonly [Work, Work]>> = {
  "a minor compaction meets a major one": [minor, major],
  "a major compaction meets a minor one": [major, minor],
  "a major compaction meets another": [major, major],
  "a minor compaction meets a delivery": [minor, delivery],
  "a major compaction meets a snapshot": [major, snapshot],
  "a snapshot meets a snapshot": [snapshot, snapshot],
  "a minor compaction meets a change of the schema": [minor, schema],
  "a snapshot meets a change of the schema": [snapshot, schema],
  "a change of the schema meets a snapshot": [schema, snapshot],
  "a minor compaction meets a vacuum": [minor, cleaning],
  "a snapshot meets a vacuum": [snapshot, cleaning],
  "a minor compaction meets deliveries, compactions and a vacuum": [minor, busy],
  "a snapshot meets deliveries, compactions and a vacuum": [snapshot, busy],
  "a change of the schema meets deliveries, compactions and a vacuum": [schema, busy],
};

test.each(Object.entries(MEETINGS))("%s at each of its calls", async (name, [one, other]) => {
  tried.set(name, await tryAllMeetings(one, other, false));
});

/** In these, each of the two also dies, at every point. */
const FATAL_MEETINGS: typeof MEETINGS = {
  "a minor compaction meets another": [minor, minor],
  "a minor compaction meets a snapshot": [minor, snapshot],
  "a snapshot meets a minor compaction": [snapshot, minor],
  "a change of the schema meets a minor compaction": [schema, minor],
};

test.each(Object.entries(FATAL_MEETINGS))(
  "%s at each of its calls, and one dies",
  async (name, [one, other]) => {
    tried.set(name, await tryAllMeetings(one, other, true));
  },
);

/** As in write-paths.test.ts: the number may grow. */
const MEETINGS_MIN = 241;

test("all meetings were tried", () => {
  expect(tried.sum()).toBeGreaterThanOrEqual(atLeast(MEETINGS_MIN));
});

/** At each call of `one`, `other` runs to its end, or dies at one of its calls that change something. */
async function tryAllMeetings(one: Work, other: Work, fatal: boolean): Promise<number> {
  const world = await begun();
  const [ones, others] = [await callsOf(world, one), await callsOf(world, other)];
  // A death before a call is the same as one after the previous call.
  const deaths = crashPoints(others.calls).filter(
    ({ ending, moment, call }) =>
      fatal && ending === "death" && moment !== "before" && (others.calls[call]?.moments.length ?? 0) > 1,
  );
  const seen: Seen = { states: new Map(), repaired: new Set() };
  let meetings = 0;
  const met = async (meeting: Meeting): Promise<void> => {
    const { death, dies, call } = meeting;
    const whole =
      death === undefined ? "it runs" : `it dies ${death.moment} ${others.calls[death.call]?.name}`;
    const copy = world.copy();
    const at = `call ${call}, ${ones.calls[call]?.name}: ${whole}${dies ? ", and the other one dies" : ""}`;
    await told(at, () => meet(copy, meeting, seen));
    await copy.engine.drop();
    meetings++;
  };
  for (const call of everyOf(1, [...ones.calls.keys()])) {
    const meeting = { one, other, call, death: undefined, dies: false };
    await met(meeting);
    if (fatal) await met({ ...meeting, dies: true });
    for (const death of thinned(deaths)) await met({ ...meeting, death });
  }
  return meetings;
}

async function callsOf(world: World, work: Work): Promise<Faults> {
  const copy = world.copy();
  const faults = new Faults();
  expect(await faults.run(() => work(copy, copy.ports(faults)))).toEqual({ kind: "done" });
  await copy.engine.drop();
  return faults;
}

interface Meeting {
  readonly one: Work;
  readonly other: Work;
  /** The call of `one` during which `other` runs. */
  readonly call: number;
  /** Where `other` dies, if it does. */
  readonly death: CrashPoint | undefined;
  /** Whether `one` dies right after `other`, or continues. */
  readonly dies: boolean;
}

/** The lakes of earlier meetings: a lake that is already here needs no second check. */
interface Seen {
  readonly states: Map<string, State>;
  readonly repaired: Set<string>;
}

async function meet(world: World, meeting: Meeting, seen: Seen): Promise<void> {
  const { one, other, call, death, dies } = meeting;
  const faults = new Faults(...(dies ? [{ call, moment: "before", ending: "death" } as const] : []));
  faults.beforeCall = async (at) => {
    if (at !== call) return;
    const others = new Faults(...(death === undefined ? [] : [death]));
    const ending = await others.run(() => other(world, world.ports(others)));
    expect(ending).toEqual({ kind: death === undefined ? "done" : "died" });
    await expectSound(world, seen);
  };
  const ending = await faults.run(() => one(world, world.ports(faults)));
  if (ending.kind === "failed") {
    if (!(ending.error instanceof DynalakeError)) throw ending.error;
    expect(ending.error.code).toBe("CONFLICT");
  }
  const state = await expectSound(world, seen);
  // A snapshot that reported success has been committed.
  if (one === snapshot && ending.kind === "done") expect(state).toEqual(SEEDED);
  const lake = world.fingerprint();
  if (seen.repaired.has(lake)) return;
  seen.repaired.add(lake);
  for (const work of [other, one]) {
    world.nowSeconds += 10;
    await work(world, world.ports());
  }
  const { nowSeconds } = world;
  await deliverAll(world, [NEW]);
  world.nowSeconds = nowSeconds + 10;
  await compactMinor(compaction(world));
  const wasSeeded = one === snapshot || other === snapshot;
  const log = changeObjects(world);
  await expectRepaired(world, wasSeeded ? SEEDED : { ...without(FILLED), [NEW.key]: "e9" });
  expect(await history(world)).toEqual(historyOf(ALL_CHANGES));
  expect(changeObjects(world)).toEqual(log);
}

async function expectSound(world: World, { states }: Seen): Promise<State> {
  const lake = world.fingerprint();
  const seen = states.get(lake);
  if (seen !== undefined) return seen;
  const state = await shown(world);
  expect(STATES).toContainEqual(state);
  const known = historyOf(ALL_CHANGES);
  const told = await history(world);
  for (const change of told) expect(known).toContain(change);
  for (const change of historyOf([...FILLED_CHANGES, LATE])) expect(told).toContain(change);
  states.set(lake, state);
  return state;
}
