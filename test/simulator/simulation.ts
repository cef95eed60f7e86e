/** Plays many histories, one after the other, and counts what they have covered. */
import type { DuckdbSession } from "../../src/embedded/duckdb/duckdb-session.ts";
import { Counts } from "./counts.ts";
import { deployedHistory, playDeployed } from "./deployed/play.ts";
import { oneRunHistory, playOneRun } from "./one-run/play.ts";
import { historyOf, play } from "./one-table.ts";
import type { Played } from "./played.ts";
import { playSeveral, severalHistory } from "./several/play.ts";
import { type Steps, shrink } from "./shrinking.ts";

/** A kind of histories. */
export interface Game<H extends PlayedHistory = PlayedHistory> {
  /** How `npm run simulate` is told of it; ends in a space unless it is empty. */
  readonly option: string;
  readonly historyOf: (seed: number, length: number) => H;
  readonly play: (history: H) => Promise<Played>;
}

interface PlayedHistory extends Steps {
  readonly seed: number;
  readonly settings: object;
}

/** One lake table of a source. */
export const ONE_TABLE: Game = game({ option: "", historyOf, play });
/** Several of them, in a deployment. */
export const SEVERAL_TABLES: Game = game({
  option: "--several ",
  historyOf: severalHistory,
  play: playSeveral,
});

/** Several of them, in a folder that one `run` fills. */
export const ONE_RUN: Game = game({ option: "--one-run ", historyOf: oneRunHistory, play: playOneRun });

/** Attributes and types change over time. Such a history is played on DuckDB. */
export function evolvingTable(session: DuckdbSession): Game {
  return game({
    option: "--evolving ",
    historyOf: (seed, length) => historyOf(seed, length, "evolving"),
    play: (history) => play(history, { session }),
  });
}

/** The same of a deployed table, whose columns follow its data by the steps on AWS. */
export function deployedTable(session: DuckdbSession): Game {
  return game({
    option: "--deployed ",
    historyOf: deployedHistory,
    play: (history) => playDeployed(history, session),
  });
}

function game<H extends PlayedHistory>(of: Game<H>): Game {
  return of as unknown as Game;
}

export interface SimulationRequest {
  /** The least number of steps to play, */
  readonly steps: number;
  /** in histories with seeds from this one on, */
  readonly seed: number;
  /** each of this many steps. */
  readonly length: number;
  /** Plays only these steps, of one history. */
  readonly only?: ReadonlySet<number>;
  readonly game: Game;
  readonly shrinkSeconds: number;
  readonly onProgress?: (text: string) => void;
}

export interface Simulation {
  readonly histories: number;
  readonly steps: number;
  readonly seconds: number;
  readonly counts: Counts;
  readonly failed:
    | {
        readonly history: PlayedHistory;
        readonly option: string;
        readonly played: Played;
        readonly stepsBefore: number;
      }
    | undefined;
}

const PROGRESS_SECONDS = 10;

export async function simulate(request: SimulationRequest): Promise<Simulation> {
  const startedMs = performance.now();
  const seconds = (): number => (performance.now() - startedMs) / 1000;
  const counts = new Counts();
  const { game } = request;
  let steps = 0;
  let histories = 0;
  let toldAt = 0;
  while (steps < request.steps) {
    const history = chosen(game.historyOf(request.seed + histories, request.length), request.only);
    const played = await game.play(history);
    counts.addAll(played.counts);
    histories++;
    if (played.failure !== undefined) {
      const { number } = played.failure;
      const stepsBefore = steps + (number === undefined ? history.steps.length : number + 1);
      request.onProgress?.(
        `${played.failure.message}\nIn the history ${history.seed}. Looking for its shortest steps ...`,
      );
      const untilSeconds = seconds() + request.shrinkSeconds;
      const shrunk = await shrink(history, played, () => seconds() < untilSeconds, game.play);
      const failed = { history: shrunk.history, option: game.option, played: shrunk.played, stepsBefore };
      return { histories, steps: stepsBefore, seconds: seconds(), counts, failed };
    }
    steps += history.steps.length;
    if (request.only !== undefined) break;
    if (seconds() - toldAt < PROGRESS_SECONDS) continue;
    toldAt = seconds();
    request.onProgress?.(
      `${steps} steps, ${Math.round(steps / seconds())} a second, last history ${history.seed}`,
    );
  }
  return { histories, steps, seconds: seconds(), counts, failed: undefined };
}

function chosen(history: PlayedHistory, only: ReadonlySet<number> | undefined): PlayedHistory {
  if (only === undefined) return history;
  return { ...history, steps: history.steps.filter(({ number }) => only.has(number)) };
}

/** The result as text. */
export function report({ histories, steps, seconds, counts, failed }: Simulation): string {
  const lines = [`${steps} steps in ${histories} histories, ${Math.round(steps / seconds)} steps a second`];
  for (const [event, times] of counts.sorted()) lines.push(`  ${String(times).padStart(9)}  ${event}`);
  if (failed !== undefined) lines.push("", ...failureLines(failed));
  return `${lines.join("\n")}\n`;
}

function failureLines({
  history,
  option,
  played,
  stepsBefore,
}: NonNullable<Simulation["failed"]>): readonly string[] {
  const { weights: _, ...settings } = history.settings as { readonly weights?: unknown };
  const numbers = history.steps.map(({ number }) => number);
  return [
    `FAILED after ${stepsBefore} steps, in the history ${history.seed}: ${JSON.stringify(settings)}`,
    ...played.told.map(({ number, text }) => `  ${String(number).padStart(5)}  ${text}`),
    played.failure?.message ?? "",
    "Again:",
    `  npm run simulate -- ${option}--seed ${history.seed} --length ${Math.max(0, ...numbers) + 1} --only ${numbers.join(",")}`,
  ];
}
