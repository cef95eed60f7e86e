/** Who follows a table, and how far behind, from a run's last sign of life. */
import type { ReadingState } from "../table/reading-state.ts";
import type { RunHeartbeat } from "../table/run-heartbeat.ts";
import type { FollowingRun } from "./status-facts.ts";

/** A run writes its heartbeat every two seconds; a busy machine gets more time. */
const ALIVE_SECONDS = 30;

export function followingOf(
  heartbeat: RunHeartbeat | undefined,
  nowSeconds: number,
): FollowingRun | undefined {
  if (heartbeat === undefined) return undefined;
  const { host, startedAtSeconds, seenAtSeconds, newest } = heartbeat;
  const state = stateOf(heartbeat, nowSeconds);
  return {
    state,
    process: heartbeat.process,
    host,
    startedAt: iso(startedAtSeconds),
    startedAtSeconds,
    seenAt: iso(seenAtSeconds),
    seenAtSeconds,
    waitingRecords: state === "running" ? heartbeat.waitingRecords : "unknown", // breakage: waiting-is-of-live-run
    newest: newest && {
      changedAt: iso(newest.changedAtSeconds),
      changedAtSeconds: newest.changedAtSeconds,
      deliveredAt: iso(newest.deliveredAtSeconds),
      deliveredAtSeconds: newest.deliveredAtSeconds,
      afterSeconds: Math.max(0, newest.deliveredAtSeconds - newest.changedAtSeconds),
    },
  };
}

function stateOf({ endedAtSeconds, seenAtSeconds }: RunHeartbeat, nowSeconds: number): FollowingRun["state"] {
  if (endedAtSeconds !== undefined) return "ended";
  return nowSeconds - seenAtSeconds <= ALIVE_SECONDS ? "running" : "lost";
}

function iso(epochSeconds: number): string {
  return new Date(epochSeconds * 1000).toISOString();
}

/** Undefined while a shard was not read yet. Lakes of earlier versions have no heartbeat. */
export function behindSeconds(
  state: ReadingState,
  heartbeat: RunHeartbeat | undefined,
  nowSeconds: number,
): number | undefined {
  const untilSeconds = heartbeat?.deliveredUntilSeconds ?? state.caughtUpAtSeconds;
  return untilSeconds === undefined ? undefined : Math.max(0, Math.floor(nowSeconds - untilSeconds));
}

/** Whether no run gave a sign of life for so long. */
export function isUnfollowed(
  heartbeat: RunHeartbeat | undefined,
  withinSeconds: number | undefined,
  nowSeconds: number,
): boolean {
  // breakage: unfollowed-after-asked-time
  return withinSeconds !== undefined && nowSeconds - (heartbeat?.seenAtSeconds ?? 0) > withinSeconds;
}
