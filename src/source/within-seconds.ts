/** A deadline for calls of the source. */
import { counted } from "../core/counted.ts";
import { DynalakeError } from "../core/error.ts";
import { systemTiming, type Timing } from "../sdk/timing.ts";
import { type FailedCall, placeText } from "./source-error.ts";

/** The longest that describing a table or a stream may take, retries included. */
export const ANSWER_SECONDS_MAX = 10;

/** Runs a call, and aborts it after `seconds`: it then fails with UNREACHABLE. */
export async function withinSeconds<T>(
  seconds: number,
  call: FailedCall,
  run: (signal: AbortSignal) => Promise<T>,
  timing: Timing = systemTiming,
): Promise<T> {
  const deadline = new AbortController();
  const ended = new AbortController();
  void timing.sleep(seconds * 1_000, ended.signal).then(() => {
    if (!ended.signal.aborted) deadline.abort();
  });
  try {
    return await run(deadline.signal);
  } catch (error) {
    if (!deadline.signal.aborted) throw error;
    const message = `cannot ${call.attempt} ${placeText(call.place)}: no answer within ${counted(seconds, "second")}`;
    throw new DynalakeError("UNREACHABLE", message, { cause: error });
  } finally {
    ended.abort();
  }
}
