/** What an execution of a compaction costs beside its statements. */
import { PRICES } from "./prices.ts";

const TRANSITIONS = 25;
const RUN_GB_SECONDS = 20;
const RUN_FUNCTIONS = 6;

/** Its requests to S3, at the price of PUT and LIST. */
export const RUN_REQUESTS = 60;

/** The machine and its functions, in dollars. */
export function runDollars(): number {
  return (
    TRANSITIONS * PRICES.transition.dollars +
    RUN_FUNCTIONS * (PRICES.invocation.dollars + PRICES.trace.dollars) +
    RUN_GB_SECONDS * PRICES.computeSecond.dollars
  );
}
