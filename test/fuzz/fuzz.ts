/**
 * Hostile input to the real entry points. Whatever the input, a call ends with a result or an error with a code, and its message
 * never quotes an item. `npm run fuzz -- --runs N --seed S` tries N inputs in all. Inputs that once found a bug are kept
 * in corpus/ and always tried first.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "@jest/globals";
import fc from "fast-check";
import { Rejection } from "../../src/core/change/change.ts";
import { DynalakeError } from "../../src/core/error.ts";
import { UnreadableValue } from "../../src/core/values/attribute-value.ts";
import { CANARY } from "../arbitraries/hostile.ts";
import { effort } from "../support/effort.ts";

/** Inputs by kind, in a run with full effort. */
const INPUTS = {
  "recorded events": 2500,
  "bytes of recorded events": 1000,
  "lines of an export": 2500,
  "bytes of a data file": 400,
  "items to infer from": 300,
  manifests: 900,
  "gaps, positions, plans and addresses": 1200,
  "schema files": 1200,
  "manifests of an export": 1000,
  "exports on this machine": 60,
  "names and options": 300,
  "rows in the engine": 48,
  statements: 100,
} as const;

export type Kind = keyof typeof INPUTS;

const TOTAL = Object.values(INPUTS).reduce((sum, inputs) => sum + inputs, 0);
/** `npm run fuzz` sets the total number of inputs. */
const FACTOR = process.env.FUZZ_RUNS === undefined ? effort : Number(process.env.FUZZ_RUNS) / TOTAL;
/** A fixed seed for the tests, so that they are the same everywhere; `npm run fuzz` takes a new one each time. */
const SEED = Number(process.env.FUZZ_SEED ?? 1);

/** The least number of inputs in a run with full effort. */
export const INPUTS_MIN = 10_000;
export const inputsOfARun: number = TOTAL;

/** Far longer than any input takes: one that takes longer counts as hanging. */
const SECONDS_MAX = 60;

/** Judges the corpus of a kind, then the inputs of a run, `each` at a time. */
export async function fuzz<T>(
  kind: Kind,
  arbitrary: fc.Arbitrary<T>,
  judge: (input: T) => unknown,
  each = 1,
): Promise<void> {
  const wanted = Math.ceil(INPUTS[kind] * FACTOR);
  const numRuns = Math.ceil(wanted / each);
  let judged = 0;
  await fc.assert(
    fc.asyncProperty(arbitrary, async (input) => {
      const beganMs = performance.now();
      await judge(input);
      const seconds = (performance.now() - beganMs) / 1000;
      if (seconds > SECONDS_MAX) throw new Error(`this input took ${seconds} s: it as good as hangs`);
      judged += each;
    }),
    // Not shrunk, because that takes hours for large inputs. The seed reproduces the input.
    { numRuns, endOnFailure: true, seed: SEED },
  );
  expect(judged).toBeGreaterThanOrEqual(wanted);
}

export type Answer<T> =
  | { readonly value: T; readonly refused?: never }
  | { readonly value?: never; readonly refused: DynalakeError | Rejection | UnreadableValue };

/** The result of the entry point, or its DynalakeError. Any other error is a bug. */
export async function answerOf<T>(run: () => T | Promise<T>): Promise<Answer<T>> {
  try {
    return { value: await run() };
  } catch (error) {
    const told =
      error instanceof Rejection ||
      error instanceof UnreadableValue ||
      (error instanceof DynalakeError && error.code !== "INTERNAL");
    if (!told) throw new Error("an input was met with an error that has no code", { cause: error });
    return { refused: error };
  }
}

/** The same for an entry point that reads items: a message that quotes one is a bug too. */
export async function silentAnswerOf<T>(run: () => T | Promise<T>): Promise<Answer<T>> {
  const answer = await answerOf(run);
  if (answer.refused !== undefined) expectSilent(answer.refused.message);
  if (answer.refused instanceof DynalakeError) expectSilent(answer.refused.next);
  return answer;
}

/** Values contain the canary, and messages must not. */
export function expectSilent(told: string): void {
  if (told.includes(CANARY)) throw new Error(`an item is quoted: ${told.slice(0, 500)}`);
}

export interface CorpusFile {
  readonly name: string;
  readonly content: Buffer;
}

/** The inputs in a folder of the corpus, sorted by name. */
export async function corpus(folder: string): Promise<readonly CorpusFile[]> {
  const home = join(import.meta.dirname, "corpus", folder);
  const names = (await readdir(home)).sort();
  return Promise.all(names.map(async (name) => ({ name, content: await readFile(join(home, name)) })));
}
