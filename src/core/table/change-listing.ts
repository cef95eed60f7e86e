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

/** What was listed of a day: its objects from an hour on. */
interface ListedDay {
  readonly sinceHr: string;
  readonly objects: readonly ChangeObject[];
}

/**
 * Lists each hour of a day when it is first asked for, and never again: a busy stream delivers several objects a second, and a
 * reader of now asks for the last hours.
 */
export function listChanges(store: ObjectStore, table: string): ChangeListing {
  const root = changesFolder(table);
  const listed = new Map<string, ListedDay>();
  let knownDays: readonly string[] | undefined;
  const ofDaySince = async (day: string, hr: string): Promise<readonly ChangeObject[]> => {
    const known = listed.get(day);
    if (known !== undefined && known.sinceHr <= hr) return known.objects; // breakage: days-listed-once
    const folder = `${root}dt=${day}/`;
    const names = await store.names(folder, `${folder}hr=${hr}`); // breakage: hours-listed-when-asked-for
    const found = names.flatMap((path) => parseChangeObject(path) ?? []);
    // It may have been listed meanwhile.
    const before = listed.get(day);
    if (before !== undefined && before.sinceHr <= hr) return before.objects;
    // breakage: listed-hours-stay
    const objects =
      before === undefined
        ? found
        : [...found.filter(({ hour }) => hour.hr < before.sinceHr), ...before.objects];
    listed.set(day, { sinceHr: hr, objects });
    return objects;
  };
  const listing: ChangeListing = {
    days: async () => {
      knownDays ??= (await store.folders(root)).flatMap(
        (name) => /^dt=(\d{4}-\d\d-\d\d)$/.exec(name)?.[1] ?? [],
      );
      return knownDays;
    },
    ofDay: (day) => ofDaySince(day, FIRST_HOUR),
    since: async (hour) => {
      const objects: ChangeObject[] = [];
      for (const day of await listing.days()) {
        if (day < hour.dt) continue;
        const ofDay = await ofDaySince(day, day === hour.dt ? hour.hr : FIRST_HOUR);
        // breakage: hours-compared-within-day
        for (const object of ofDay) if (!(day === hour.dt && object.hour.hr < hour.hr)) objects.push(object);
      }
      return objects;
    },
  };
  return listing;
}

const FIRST_HOUR = "00";
