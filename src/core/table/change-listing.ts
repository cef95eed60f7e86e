/** The objects of a table's change log, listed once, so that all decisions by the log see the same listing. */
import { type ChangeObject, changesFolder, type Hour, parseChangeObject } from "../format/lake-path.ts";
import type { ObjectStore } from "../ports/object-store.ts";

export interface ChangeListing {
  /** The days that have objects, in order: "2026-11-23". */
  days(): Promise<readonly string[]>;
  /** The objects of a day, in the order of their paths. */
  ofDay(day: string): Promise<readonly ChangeObject[]>;
  /** All objects in partitions from an hour on, in the order of their paths. */
  since(hour: Hour): Promise<readonly ChangeObject[]>;
}

/** Lists each day when it is first asked for, and never again. */
export function listChanges(store: ObjectStore, table: string): ChangeListing {
  const root = changesFolder(table);
  const listed = new Map<string, readonly ChangeObject[]>();
  let known: readonly string[] | undefined;
  const listing: ChangeListing = {
    days: async () => {
      known ??= (await store.folders(root)).flatMap((name) => /^dt=(\d{4}-\d\d-\d\d)$/.exec(name)?.[1] ?? []);
      return known;
    },
    ofDay: async (day) => {
      const objects =
        listed.get(day) ??
        (await store.list(`${root}dt=${day}/`)).flatMap(({ path }) => parseChangeObject(path) ?? []);
      listed.set(day, objects); // breakage: days-listed-once
      return objects;
    },
    since: async (hour) => {
      const objects: ChangeObject[] = [];
      for (const day of await listing.days()) {
        if (day < hour.dt) continue;
        const ofDay = await listing.ofDay(day);
        // breakage: hours-compared-within-day
        for (const object of ofDay) if (!(day === hour.dt && object.hour.hr < hour.hr)) objects.push(object);
      }
      return objects;
    },
  };
  return listing;
}
