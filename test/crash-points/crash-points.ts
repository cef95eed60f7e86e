/** Runs a write path again and again, with a fault at each point that it has, and looks at what is left every time. */
import { expect } from "@jest/globals";
import { DynalakeError } from "../../src/core/error.ts";
import { everyOf } from "../support/effort.ts";
import { type Call, type CrashPoint, crashPoints, Faults, NoAnswer } from "./faults.ts";
import {
  type Change,
  changeObjects,
  expectMended,
  history,
  historyOf,
  type Ports,
  type State,
  shown,
  type World,
} from "./world.ts";

export interface WritePath {
  /** The lake that the path finds; it is copied for each point. */
  readonly begin: () => Promise<World>;
  readonly run: (world: World, ports: Ports) => Promise<unknown>;
  /** The next normal run; default: the same once more. */
  readonly mend?: (world: World, ports: Ports) => Promise<unknown>;
  /** What readers may see, in the order in which they may see it: the old state first, the new one last. */
  readonly states: readonly State[];
  /** The changes that the log has before it, and those that the path adds. */
  readonly changes: readonly Change[];
  readonly added?: readonly Change[];
  /** Holds at every time, whatever happened. */
  readonly always?: (world: World) => Promise<void>;
  /** Holds once the next run has succeeded. */
  readonly mended?: (world: World) => Promise<void>;
}

/** Where two things meet there are very many: with all effort every third is tried. */
export function thinned<T>(many: readonly T[]): readonly T[] {
  return everyOf(3, many);
}

export interface Tried {
  readonly points: number;
  /** Pairs of points, of which the second is met by what follows the error of the first. */
  readonly pairs: number;
}

/** Tells how many were tried. */
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
  /** The lakes that were left by earlier points, with the states that they show: one that is left again is as good. */
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

/** Readers beside a run that meets no fault see one state after the other, each whole, and never an earlier one again. */
async function runWhole(path: WritePath, world: World): Promise<Faults> {
  const faults = new Faults();
  const seen: number[] = [];
  faults.beforeCall = async (call) => {
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
  // Both kinds of sinks: those that tell from where on they failed, and those that do not know.
  const ports = world.ports(faults, points[0]?.ending === "error");
  const ending = await faults.run(() => path.run(world, ports));
  if (points.at(-1)?.ending === "death") expect(ending).toEqual({ kind: "died" });
  if (ending.kind === "failed") requireKnown(ending.error);
  const lake = world.fingerprint();
  const known = left.get(lake);
  const state = known ?? (await expectOneOf(path, world));
  // What has told its success is there.
  if (ending.kind === "done") expect(state).toBe(path.states.length - 1);
  if (known !== undefined) return faults;
  left.set(lake, state);
  await path.always?.(world);
  world.nowSeconds += 10;
  await (path.mend ?? path.run)(world, world.ports());
  await expectEnd(path, world);
  return faults;
}

/** An error that came from the fault, as it is or as an adapter of ports tells it. */
function requireKnown(error: unknown): void {
  if (!(error instanceof NoAnswer || error instanceof DynalakeError)) throw error;
}

async function expectEnd(path: WritePath, world: World): Promise<void> {
  const { states, changes, added = [] } = path;
  const last = states.at(-1) as State;
  expect(await shown(world)).toEqual(last);
  expect(await history(world)).toEqual(historyOf([...changes, ...added]));
  await path.always?.(world);
  await path.mended?.(world);
  const log = changeObjects(world);
  await expectMended(world, last);
  expect(changeObjects(world)).toEqual(log);
}

/** Which of the path's states is shown, with the changes that the log had before it. */
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

/** Where it fails, the failure begins with the point. */
export async function told<T>(point: string, check: () => Promise<T>): Promise<T> {
  try {
    return await check();
  } catch (error) {
    if (error instanceof Error) error.message = `at ${point}:\n${error.message}`;
    throw error;
  }
}
