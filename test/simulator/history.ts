/** A history: the settings and steps that follow from a seed, and their outcome. */
import type { DuckdbSession } from "../../src/embedded/duckdb/duckdb-session.ts";
import { randomOf } from "../support/random.ts";
import { checkAsOf, checkHistory, checkItems, checkLosses, checkSnapshot, checkView } from "./checks.ts";
import type { Counts } from "./counts.ts";
import { evolving, type Settings, type StepKind, settingsOf, weighted } from "./settings.ts";
import { settle } from "./settling.ts";
import { steps } from "./steps.ts";
import { World, Wrong } from "./world.ts";

export interface Step {
  /** The number of the step in the history. */
  readonly number: number;
  readonly kind: StepKind;
  readonly seed: number;
}

export interface History {
  readonly seed: number;
  readonly settings: Settings;
  readonly steps: readonly Step[];
}

/** Evolving: attributes and types change over time. Such a history is played on DuckDB. */
export type HistoryKind = "plain" | "evolving";

const EVOLVING_SEEDS = 1_000_003;

export interface Played {
  readonly counts: Counts;
  /** What each step did. Steps that did nothing are left out. */
  readonly told: readonly Told[];
  readonly failure: Failure | undefined;
}

export interface Told {
  readonly number: number;
  readonly text: string;
}

export interface Failure {
  readonly promise: string;
  readonly message: string;
  /** The step after which it was found; undefined if at the very end. */
  readonly number: number | undefined;
}

/** What an error that ended a history says, after the step of this number. */
export function failureOf(error: unknown, number: number | undefined): Failure {
  return error instanceof Wrong
    ? { promise: error.promise, message: error.message, number }
    : { promise: "no other error", message: String((error as Error).stack), number };
}

/** A longer history with the same seed begins with the same steps. */
export function historyOf(seed: number, length: number, kind: HistoryKind = "plain"): History {
  const random = randomOf(seed);
  const plain = settingsOf(random);
  const settings = kind === "plain" ? plain : evolving(plain, randomOf(seed + EVOLVING_SEEDS));
  const all = Array.from({ length }, (_, number) => {
    const kind = weighted(settings.weights, random.next());
    return { number, kind, seed: random.integer(0, 2 ** 31) };
  });
  return { seed, settings, steps: all };
}

/** The share of steps after which everything is checked. */
const SAMPLE_SHARE = 0.05;

/** Observes a history while it is played. */
export interface Watcher {
  readonly begins?: (world: World) => void;
  readonly afterStep?: (world: World, step: Step) => Promise<void>;
  /** Called before what the world holds is freed. */
  readonly ends?: (world: World) => Promise<void>;
  /** For histories that evolve. */
  readonly session?: DuckdbSession;
}

export async function play(history: History, watcher: Watcher = {}): Promise<Played> {
  const world = new World(history.settings, watcher.session);
  watcher.begins?.(world);
  const told: Told[] = [];
  let number: number | undefined;
  try {
    await world.begin();
    let version = -1;
    for (const step of history.steps) {
      number = step.number;
      const random = randomOf(step.seed);
      const commits = world.commits.length;
      const text = await steps[step.kind](world, random);
      world.throwWrong();
      if (text === undefined) continue;
      told.push({ number, text });
      world.counts.add("steps that did something");
      if (world.store.version !== version) await checkView(world);
      version = world.store.version;
      await watcher.afterStep?.(world, step);
      if (world.commits.length > commits || random.next() < SAMPLE_SHARE)
        await checkSample(world, random.next());
    }
    number = undefined;
    await settle(world, randomOf(history.seed));
    world.throwWrong();
    await watcher.ends?.(world);
    return { counts: world.counts, told, failure: undefined };
  } catch (error) {
    return { counts: world.counts, told, failure: failureOf(error, number) };
  } finally {
    await world.end();
  }
}

async function checkSample(world: World, dice: number): Promise<void> {
  const random = randomOf(Math.floor(dice * 2 ** 31));
  await checkHistory(world);
  await checkItems(world);
  await checkSnapshot(world);
  await checkLosses(world, world.lostBeforeReading);
  const from = Math.max(world.keptSinceSeconds, world.settings.startSeconds);
  const commit = random.choice(world.commits);
  const times = [
    random.integer(from, world.nowSeconds),
    commit && commit.committedAtSeconds + random.integer(-1, 1),
  ];
  for (const time of times) if (time !== undefined && time >= from) await checkAsOf(world, time);
}
