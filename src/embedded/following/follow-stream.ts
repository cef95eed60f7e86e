/** Follows one stream into its lake table, from its opening to its end, whatever that is. */
import type { Follower } from "../../core/delivery/follow.ts";
import { systemTiming, type Timing } from "../../sdk/timing.ts";
import type { LateFolds } from "./late-folds.ts";

export interface StreamFollowing {
  readonly open: () => Promise<Follower>;
  readonly folds: LateFolds;
  /** What goes on beside it, and ends after it, the last first. */
  readonly beside: (follower: Follower) => Promise<readonly Beside[]>;
  /** Ends once everything is delivered that the stream had at this moment; undefined: never. */
  readonly onceSinceSeconds: number | undefined;
  /** What is being delivered is written down first. */
  readonly stop: AbortSignal;
  readonly timing?: Timing;
}

export interface Beside {
  end(): Promise<void>;
}

/** Between two deliveries, unless the next is full, so that a busy stream does not leave many small files. */
const DELIVERY_SPACING_MS = 200;

/** Returns whether the stream was read to its end. */
export async function followStream(following: StreamFollowing): Promise<boolean> {
  const { folds, stop } = following;
  const follower = await following.open();
  const beside = await following.beside(follower);
  const closeOnStop = (): void => void follower.close();
  stop.addEventListener("abort", closeOnStop, { once: true });
  try {
    return await stepUntil(follower, following);
  } finally {
    stop.removeEventListener("abort", closeOnStop);
    await follower.close();
    await folds.ended();
    for (const each of beside.toReversed()) await each.end();
  }
}

/**
 * Steps until it is stopped, or until everything is delivered that the stream had at a moment: a stream that is always written
 * to has no end. A compaction may have moved the horizon past what is delivered after it. Returns whether the end was reached.
 */
async function stepUntil(
  follower: Follower,
  { folds, onceSinceSeconds, stop, timing = systemTiming }: StreamFollowing,
): Promise<boolean> {
  while (!stop.aborted) {
    const { rows, oldestChangeSeconds } = await follower.step();
    folds.delivered(oldestChangeSeconds);
    if (onceSinceSeconds !== undefined && hasEnded(follower, rows, onceSinceSeconds)) {
      await folds.finish();
      return true;
    }
    if (rows > 0) await Promise.race([timing.sleep(DELIVERY_SPACING_MS, stop), follower.full()]);
  }
  return false;
}

function hasEnded(follower: Follower, rows: number, sinceSeconds: number): boolean {
  // breakage: once-ends-on-busy-stream
  return (rows === 0 && follower.caughtUp()) || follower.deliveredUntilSeconds() >= sinceSeconds;
}
