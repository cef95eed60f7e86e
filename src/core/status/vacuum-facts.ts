/** A vacuum of a deployment that had no time for everything, for the engineer on call. */
import type { ObjectStore } from "../ports/object-store.ts";
import { isToGoOn, readUnfinishedVacuum } from "../table/unfinished-vacuum.ts";

export interface VacuumFacts {
  /** When it was begun, in seconds since the epoch. */
  readonly sinceSeconds: number;
  /** How often it was begun or gone on with, since then or on the last day that went on with it. */
  readonly passes: number;
  /** tick: a tick goes on with it, 16 minutes after the last pass or later. day: it has had all passes of a day. */
  readonly goesOn: "tick" | "day";
}

/** Undefined if the last vacuum has removed everything that it found. */
export async function vacuumFacts(store: ObjectStore, table: string): Promise<VacuumFacts | undefined> {
  const unfinished = await readUnfinishedVacuum(store, table);
  if (unfinished === undefined) return undefined;
  const { passes, sinceSeconds } = unfinished;
  return { sinceSeconds, passes, goesOn: isToGoOn(unfinished) ? "tick" : "day" };
}
