/**
 * The compactions of a lake table, one at a time in this process: of two that plan from the same commit, one would have worked for
 * nothing. Another process may still commit first; then the work is planned and done again.
 */
import { DynalakeError } from "../../core/error.ts";
import type { LakeFolder } from "../folder/lake-folder.ts";

const TRIES = 5;

/** The end of the last one that waits or works, by lake and table. */
const lastEnds = new Map<string, Promise<void>>();

/**
 * Does `work` once all earlier ones of the table have ended, and again where it fails with CONFLICT. Rejects with the signal's
 * reason if that is aborted while it waits.
 */
export async function inTurn<T>(
  { root }: Pick<LakeFolder, "root">,
  table: string,
  work: (tries: number) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const place = `${root}\n${table}`;
  const earlier = lastEnds.get(place) ?? Promise.resolve();
  let end = (): void => undefined;
  const own = new Promise<void>((resolve) => {
    end = resolve;
  });
  const ends = earlier.then(() => own);
  lastEnds.set(place, ends); // breakage: compactions-take-turns
  void ends.then(() => {
    if (lastEnds.get(place) === ends) lastEnds.delete(place);
  });
  try {
    await endedOrAborted(earlier, signal);
    return await tried(work, signal);
  } finally {
    end();
  }
}

async function tried<T>(work: (tries: number) => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work(tries);
    } catch (error) {
      const isConflict = error instanceof DynalakeError && error.code === "CONFLICT";
      // breakage: conflicts-tried-again
      if (!isConflict || tries === TRIES || signal?.aborted === true) throw error;
    }
  }
}

async function endedOrAborted(earlier: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return earlier;
  signal.throwIfAborted();
  let onAbort = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    await Promise.race([earlier, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
