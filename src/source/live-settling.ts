/** Settles what differs from a source that goes on changing, by this machine's clock. */
import type { VerifyContext } from "../core/verify/verify.ts";
import { type SettleContext, settle } from "../core/verify/verify-settle.ts";
import { systemTiming } from "../sdk/timing.ts";

export interface LiveSettling extends Omit<SettleContext, "hidden" | "pauseSeconds" | "nowMs" | "wait"> {
  readonly signal: AbortSignal;
}

const PAUSE_SECONDS = 1;

export function liveSettling(settling: LiveSettling): VerifyContext["settle"] {
  const clock = {
    pauseSeconds: PAUSE_SECONDS,
    nowMs: () => systemTiming.nowMs(),
    wait: (seconds: number) => systemTiming.sleep(seconds * 1000, settling.signal),
  };
  return (candidates, hidden) => settle({ ...settling, ...clock, hidden }, candidates);
}
