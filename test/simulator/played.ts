/** How a history is played, whatever its world, and the outcome. */
import { type Random, randomOf } from "../support/random.ts";
import type { Counts } from "./counts.ts";
import type { Step } from "./history.ts";
import { Wrong } from "./world.ts";

export interface Played {
  readonly counts: Counts;
  /** What each step did. Steps that did nothing are left out. */
  readonly told: readonly Told[];
  readonly failure: Failure | undefined;
}

interface Told {
  readonly number: number;
  readonly text: string;
}

export interface Failure {
  readonly promise: string;
  readonly message: string;
  /** The step after which it was found; undefined if at the very end. */
  readonly number: number | undefined;
}

/** A world in which a history is played. Each of these throws `Wrong` where a promise is broken. */
export interface Stage<Kind extends string> {
  readonly counts: Counts;
  readonly begin: () => Promise<void>;
  /** Returns what it did, or undefined if there was nothing to do. */
  readonly step: (kind: Kind, random: Random) => Promise<string | undefined>;
  /** After each step that did something, with the rest of its randomness. */
  readonly check: (step: Step<Kind>, random: Random) => Promise<void>;
  /** Ends everything, after which the lake must equal its source. */
  readonly settle: () => Promise<void>;
}

export async function playOn<Kind extends string>(
  stage: Stage<Kind>,
  steps: readonly Step<Kind>[],
): Promise<Played> {
  const { counts } = stage;
  const told: Told[] = [];
  let number: number | undefined;
  try {
    await stage.begin();
    for (const step of steps) {
      number = step.number;
      const random = randomOf(step.seed);
      const text = await stage.step(step.kind, random);
      if (text === undefined) continue;
      told.push({ number, text });
      counts.add("steps that did something");
      await stage.check(step, random);
    }
    number = undefined;
    await stage.settle();
    return { counts, told, failure: undefined };
  } catch (error) {
    return { counts, told, failure: failureOf(error, number) };
  }
}

function failureOf(error: unknown, number: number | undefined): Failure {
  return error instanceof Wrong
    ? { promise: error.promise, message: error.message, number }
    : { promise: "no other error", message: String((error as Error).stack), number };
}
