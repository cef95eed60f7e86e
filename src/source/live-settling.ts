/** Settles what differs from a source that keeps changing. */
import type { VerifyContext } from "../core/verify/verify.ts";
import { type SettleContext, settle } from "../core/verify/verify-settle.ts";
import type { Timing } from "../sdk/timing.ts";

export interface LiveSettling extends Omit<SettleContext, "hidden" | "pauseSeconds" | "nowMs" | "wait"> {
  readonly timing: Timing;
  readonly signal: AbortSignal;
}

const PAUSE_SECONDS = 1;

export function liveSettling(settling: LiveSettling): VerifyContext["settle"] {
  const { timing, signal } = settling;
  const clock = {
    pauseSeconds: PAUSE_SECONDS,
    nowMs: () => timing.nowMs(),
    wait: (seconds: number) => timing.sleep(seconds * 1000, signal),
  };
  return (candidates, hidden) => settle({ ...settling, ...clock, hidden }, candidates);
}
