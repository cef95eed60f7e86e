/** A run whose statements failed, or were stopped, is followed by another one: a plan with other folders and tokens. */
import type { ErrorCode } from "../src/core/error.ts";
import { CATCH_ALL, FAILED, FAILURE, type State } from "./states.ts";

/** Where a run that failed leads. */
export const ANOTHER_RUN = "AnotherRun?";

/** Athena's trouble, and statements for which a function had no time left: reading them again may go better. */
const ENGINE_FAILED: ErrorCode = "ENGINE_FAILED";

/** A planning that failed so has written nothing: it is repeated as it is. */
export const PLANNING_RETRY: readonly State[] = [
  { ErrorEquals: [ENGINE_FAILED], IntervalSeconds: 60, BackoffRate: 1, MaxAttempts: 1 },
];

/** A commit that could not count what was written has committed nothing. */
export function committing(commit: State): State {
  return {
    ...commit,
    Catch: [{ ...FAILURE, ErrorEquals: [ENGINE_FAILED], Next: ANOTHER_RUN }, ...CATCH_ALL],
  };
}

/**
 * `again` is where the plan has the event of the next one; it goes to `event`. Without it, the work has failed. A map only says that
 * too many of its statements have: the execution has the error of any other failure of Athena.
 */
export function anotherRun(again: `$.${string}`, event: `$.${string}`, plan: string): Record<string, State> {
  return {
    [ANOTHER_RUN]: {
      Type: "Choice",
      Choices: [{ Variable: again, IsPresent: true, Next: "AnotherRun" }],
      Default: "NoRunLeft",
    },
    NoRunLeft: {
      Type: "Pass",
      Parameters: { Error: ENGINE_FAILED, "Cause.$": "$.error.Cause" },
      ResultPath: "$.error", // breakage: failed-runs-are-told-once
      Next: FAILED,
    },
    AnotherRun: { Type: "Pass", InputPath: again, ResultPath: event, Next: plan },
  };
}
