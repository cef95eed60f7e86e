/** Plays many histories, one after the other, and counts what they have covered. */
import type { DuckdbSession } from "../../src/embedded/duckdb/duckdb-session.ts";
import { Counts } from "./counts.ts";
import { type History, type HistoryKind, historyOf, type Played, play } from "./history.ts";
import { shrink } from "./shrinking.ts";

export interface SimulationRequest {
  /** The least number of steps to play, */
  readonly steps: number;
  /** in histories with seeds from this one on, */
  readonly seed: number;
  /** each of this many steps. */
  readonly length: number;
  /** Plays only these steps, of one history. */
  readonly only?: ReadonlySet<number>;
  readonly kind?: HistoryKind;
  /** For histories that evolve. */
  readonly session?: DuckdbSession;
  readonly shrinkSeconds: number;
  readonly onProgress?: (text: string) => void;
}

export interface Simulation {
  readonly histories: number;
  readonly steps: number;
  readonly seconds: number;
  readonly counts: Counts;
  readonly failed:
    | { readonly history: History; readonly played: Played; readonly stepsBefore: number }
    | undefined;
}

const PROGRESS_SECONDS = 10;

export async function simulate(request: SimulationRequest): Promise<Simulation> {
  const startedMs = performance.now();
  const seconds = (): number => (performance.now() - startedMs) / 1000;
  const counts = new Counts();
  const watcher = request.session === undefined ? {} : { session: request.session };
  let steps = 0;
  let histories = 0;
  let toldAt = 0;
  while (steps < request.steps) {
    const history = chosen(historyOf(request.seed + histories, request.length, request.kind), request.only);
    const played = await play(history, watcher);
    counts.addAll(played.counts);
    histories++;
    if (played.failure !== undefined) {
      const { number } = played.failure;
      const stepsBefore = steps + (number === undefined ? history.steps.length : number + 1);
      request.onProgress?.(
        `${played.failure.message}\nIn the history ${history.seed}. Looking for its shortest steps ...`,
      );
      const untilSeconds = seconds() + request.shrinkSeconds;
      const shrunk = await shrink(history, played, () => seconds() < untilSeconds, watcher);
      const failed = { history: shrunk.history, played: shrunk.played, stepsBefore };
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

function chosen(history: History, only: ReadonlySet<number> | undefined): History {
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
  played,
  stepsBefore,
}: NonNullable<Simulation["failed"]>): readonly string[] {
  const { weights: _, ...settings } = history.settings;
  const numbers = history.steps.map(({ number }) => number);
  return [
    `FAILED after ${stepsBefore} steps, in the history ${history.seed}: ${JSON.stringify(settings)}`,
    ...played.told.map(({ number, text }) => `  ${String(number).padStart(5)}  ${text}`),
    played.failure?.message ?? "",
    "Again:",
    `  npm run simulate -- ${history.settings.evolve === undefined ? "" : "--evolving "}--seed ${history.seed} --length ${Math.max(0, ...numbers) + 1} --only ${numbers.join(",")}`,
  ];
}
