/** Whether a run does its work: it holds the lake's lock, and has read each stream within the last minute. */
import type { ObjectStore } from "../core/ports/object-store.ts";
import { readReadingState } from "../core/table/reading-state.ts";
import type { TableTally } from "./run-tally.ts";

/** An idle stream is saved as read every few seconds; a long delivery may come between. */
const READ_WITHIN_SECONDS = 60;

/** Why the run is not ready; undefined if it is. A stream is only opened with the lock. Gaps are metrics, and do not count. */
export async function whyNotReady(
  store: ObjectStore,
  tallies: ReadonlyMap<string, TableTally>,
  nowSeconds: number,
): Promise<string | undefined> {
  if (tallies.size === 0) return "no stream is read yet";
  for (const [table, { isFollowed }] of tallies) {
    if (!isFollowed) return `the source of "${table}" is not read`; // breakage: unread-source-is-not-ready
    const saved = await readReadingState(store, table).catch(() => undefined);
    const readAtSeconds = saved?.savedAtSeconds ?? 0;
    // breakage: stale-reading-is-not-ready
    if (readAtSeconds < nowSeconds - READ_WITHIN_SECONDS)
      return `the stream of "${table}" was not read within the last minute`;
  }
  return undefined;
}
