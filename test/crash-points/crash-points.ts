/** Runs a write path once for each of its points, with a fault there, and checks what is left each time. */
import { expect } from "@jest/globals";
import { DynalakeError } from "../../src/core/error.ts";
import { allEffort, everyOf } from "../support/effort.ts";
import { type Call, type CrashPoint, crashPoints, Faults, NoAnswer } from "./faults.ts";
import {
  type Change,
  changeObjects,
  expectRepaired,
  history,
  historyOf,
  type Ports,
  type State,
  shown,
  type World,
} from "./world.ts";

export interface WritePath {
  /** The lake before the path; it is copied for each point. */
  readonly begin: () => Promise<World>;
  readonly run: (world: World, ports: Ports) => Promise<unknown>;
  /** The normal run that follows; default: the same again. */
  readonly repair?: (world: World, ports: Ports) => Promise<unknown>;
  /** What readers may see, in this order: the old state first, the new one last. */
  readonly states: readonly State[];
  /** The changes that the log has before it, and those that the path adds. */
  readonly changes: readonly Change[];
  readonly added?: readonly Change[];
  /** Holds at all times. */
  readonly always?: (world: World) => Promise<void>;
  /** Holds once the next run has succeeded. */
  readonly repaired?: (world: World) => Promise<void>;
}

/** Where two things meet there are very many: with all effort every third is tried. */
export function thinned<T>(many: readonly T[]): readonly T[] {
  return everyOf(3, many);
}

/** With less than all effort, readers look before some of the calls. */
const READ_BEFORE_EVERY = allEffort ? 1 : 4;

export interface Tried {
  readonly points: number;
  /** Pairs of points, of which the second is reached after the error of the first. */
  readonly pairs: number;
}

/** Returns how many were tried. */
export async function tryAllPoints(path: WritePath): Promise<Tried> {
  const begun = await path.begin();
  const { calls } = await runWhole(path, begun.copy());
  const trial: Trial = { path, begun, left: new Map() };
  const points = everyOf(1, crashPoints(calls));
  let pairs = 0;
  for (const point of points) {
    const { calls: followed } = await tryPoints(trial, calls, point);
    if (point.ending === "death") continue;
    const seconds = thinned(crashPoints(followed, point.call + 1));
    for (const second of seconds) await tryPoints(trial, followed, point, second);
    pairs += seconds.length;
  }
  return { points: points.length, pairs };
}

interface Trial {
  readonly path: WritePath;
  readonly begun: World;
  /** The lakes that earlier points have left, with their states: a lake that is already here needs no second check. */
  readonly left: Map<string, number>;
}

async function tryPoints(
  trial: Trial,
  calls: readonly Call[],
  ...points: readonly CrashPoint[]
): Promise<Faults> {
  const at = points.map(
    ({ ending, moment, call }) => `${ending} ${moment} call ${call}, ${calls[call]?.name}`,
  );
  return told(at.join(", then "), () => tryWorld(trial, points));
}

/** During a run without faults, readers see one state after the other, each whole, and never go back to an earlier one. */
async function runWhole(path: WritePath, world: World): Promise<Faults> {
  const faults = new Faults();
  const seen: number[] = [];
  faults.beforeCall = async (call) => {
    if (call % READ_BEFORE_EVERY !== 0) return;
    await told(`a reader before call ${call}, ${faults.calls[call]?.name}`, async () => {
      seen.push(await expectOneOf(path, world));
      await path.always?.(world);
    });
  };
  expect(await faults.run(() => path.run(world, world.ports(faults)))).toEqual({ kind: "done" });
  seen.push(await expectOneOf(path, world));
  expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  expect([seen[0], seen.at(-1)]).toEqual([0, path.states.length - 1]);
  await told("no fault at all", () => expectEnd(path, world));
  return faults;
}

async function tryWorld(trial: Trial, points: readonly CrashPoint[]): Promise<Faults> {
  const world = trial.begun.copy();
  try {
    return await tryFaults(trial, world, points);
  } finally {
    await world.engine.drop();
  }
}

async function tryFaults(
  { path, left }: Trial,
  world: World,
  points: readonly CrashPoint[],
): Promise<Faults> {
  const faults = new Faults(...points);
  // Both kinds of sinks: those that report where they failed, and those that do not know.
  const ports = world.ports(faults, points[0]?.ending === "error");
  const ending = await faults.run(() => path.run(world, ports));
  if (points.at(-1)?.ending === "death") expect(ending).toEqual({ kind: "died" });
  if (ending.kind === "failed") requireKnown(ending.error);
  const lake = world.fingerprint();
  const known = left.get(lake);
  const state = known ?? (await expectOneOf(path, world));
  // A run that reported success has taken effect.
  if (ending.kind === "done") expect(state).toBe(path.states.length - 1);
  if (known !== undefined) return faults;
  left.set(lake, state);
  await path.always?.(world);
  world.nowSeconds += 10;
  await (path.repair ?? path.run)(world, world.ports());
  await expectEnd(path, world);
  return faults;
}

/** An error of the fault, either unchanged or as an adapter reports it. */
function requireKnown(error: unknown): void {
  if (!(error instanceof NoAnswer || error instanceof DynalakeError)) throw error;
}

async function expectEnd(path: WritePath, world: World): Promise<void> {
  const { states, changes, added = [] } = path;
  const last = states.at(-1) as State;
  expect(await shown(world)).toEqual(last);
  expect(await history(world)).toEqual(historyOf([...changes, ...added]));
  await path.always?.(world);
  await path.repaired?.(world);
  const log = changeObjects(world);
  await expectRepaired(world, last);
  expect(changeObjects(world)).toEqual(log);
}

/** The state that is shown, which must be one of the path's; the log must have its earlier changes. */
async function expectOneOf(path: WritePath, world: World): Promise<number> {
  const state = await shown(world);
  const found = path.states.findIndex((known) => sameState(known, state));
  if (found === -1) expect(state).toEqual(path.states.at(-1));
  const told = await history(world);
  for (const change of historyOf(path.changes)) expect(told).toContain(change);
  const known = historyOf([...path.changes, ...(path.added ?? [])]);
  for (const change of told) expect(known).toContain(change);
  return found;
}

function sameState(a: State, b: State): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[Number(key)] === b[Number(key)]);
}

/** A failure begins with the name of the point. */
export async function told<T>(point: string, check: () => Promise<T>): Promise<T> {
  try {
    return await check();
  } catch (error) {
    if (error instanceof Error) error.message = `at ${point}:\n${error.message}`;
    throw error;
  }
}
