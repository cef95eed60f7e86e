/** fast-check, whose number of runs depends on the effort of the tests. */
import * as fastCheck from "fast-check";
import { tries } from "./effort.ts";

export * from "fast-check";

/** The default of fast-check. */
const RUNS_BY_DEFAULT = 100;

/** Like that of fast-check. `numRuns` is the number of runs with full effort. */
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
