/** fast-check whose properties are tried as often as the tests' effort says. */
import * as fastCheck from "fast-check";
import { tries } from "./effort.ts";

export * from "fast-check";

/** What fast-check does by itself. */
const RUNS_BY_DEFAULT = 100;

/** As fast-check's own; `numRuns` is that of a run with all effort. */
export function assert<Ts>(property: fastCheck.IProperty<Ts>, parameters?: fastCheck.Parameters<Ts>): void;
export function assert<Ts>(
  property: fastCheck.IAsyncProperty<Ts>,
  parameters?: fastCheck.Parameters<Ts>,
): Promise<void>;
export function assert<Ts>(
  property: fastCheck.IRawProperty<Ts>,
  parameters: fastCheck.Parameters<Ts> = {},
): unknown {
  const numRuns = tries(parameters.numRuns ?? RUNS_BY_DEFAULT);
  return fastCheck.assert(property as fastCheck.IProperty<Ts>, { ...parameters, numRuns });
}
