/** What a doctor's answers come to, for comparison. */
import type { DoubtAnswer } from "../../src/core/doctor/answer.ts";

/** The verdicts by doubt. */
export function verdicts(answers: readonly DoubtAnswer[]): Readonly<Record<string, string>> {
  return Object.fromEntries(answers.map(({ doubt, verdict }) => [doubt, verdict]));
}
