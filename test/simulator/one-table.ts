/** A history of one lake table, of which everything is checked while it is played. */
import type { DuckdbSession } from "../../src/embedded/duckdb/duckdb-session.ts";
import { randomOf } from "../support/random.ts";
import { checkAsOf, checkHistory, checkItems, checkLosses, checkSnapshot, checkView } from "./checks.ts";
import { drawnHistory, type History, type Step } from "./history.ts";
import { type Played, playOn } from "./played.ts";
import { evolving, KINDS, type Settings, type StepKind, settingsOf } from "./settings.ts";
import { settle } from "./settling.ts";
import { steps } from "./steps.ts";
import { World } from "./world.ts";

export type OneTableHistory = History<Settings, StepKind>;

/** Evolving: attributes and types change over time. Such a history is played on DuckDB. */
export type HistoryKind = "plain" | "evolving";

const EVOLVING_SEEDS = 1_000_003;

export function historyOf(seed: number, length: number, kind: HistoryKind = "plain"): OneTableHistory {
  return drawnHistory(seed, length, KINDS, (random) => {
    const plain = settingsOf(random);
    return kind === "plain" ? plain : evolving(plain, randomOf(seed + EVOLVING_SEEDS));
  });
}

/** The share of steps after which everything is checked. */
const SAMPLE_SHARE = 0.05;

/** Observes a history while it is played. */
export interface Watcher {
  readonly begins?: (world: World) => void;
  readonly afterStep?: (world: World, step: Step<StepKind>) => Promise<void>;
  /** Called before what the world holds is freed. */
  readonly ends?: (world: World) => Promise<void>;
  /** For histories that evolve. */
  readonly session?: DuckdbSession;
}

export async function play(history: OneTableHistory, watcher: Watcher = {}): Promise<Played> {
  const world = new World(history.settings, watcher.session);
  watcher.begins?.(world);
  let version = -1;
  let commits = 0;
  try {
    return await playOn<StepKind>(
      {
        counts: world.counts,
        begin: () => world.begin(),
        step: async (kind, random) => {
          commits = world.commits.length;
          const text = await steps[kind](world, random);
          world.throwWrong();
          return text;
        },
        check: async (step, random) => {
          if (world.store.version !== version) await checkView(world);
          version = world.store.version;
          await watcher.afterStep?.(world, step);
          if (world.commits.length > commits || random.next() < SAMPLE_SHARE)
            await checkSample(world, random.next());
        },
        settle: async () => {
          await settle(world, randomOf(history.seed));
          world.throwWrong();
          await watcher.ends?.(world);
        },
      },
      history.steps,
    );
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
