import { systemTiming } from "../../sdk/timing.ts";

/** Waits; false where it was ended by the signal. */
export async function pause(milliseconds: number, stop: AbortSignal): Promise<boolean> {
  await systemTiming.sleep(milliseconds, stop);
  return !stop.aborted;
}
