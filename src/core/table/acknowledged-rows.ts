/**
 * The rows that a delivery stream of a deployment has acknowledged, counted by the hours of their changes, so that those which it
 * loses are missed. Each process that delivers has a file for each day, which it writes whole now and then: what it had not written
 * when it ended is missing in the count. So a count may be too low, and is never too high.
 */
import * as z from "zod/mini";
import { acknowledgedDayFolder, acknowledgedFolder, acknowledgedPath } from "../format/deployment-path.ts";
import type { LakeFile } from "../format/lake-file.ts";
import { hourOf, hourStartSeconds } from "../format/lake-path.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { readLakeFile, replaceLakeFile } from "./stored-file.ts";

/** Rows by the beginning of their hour, in seconds since the epoch. */
export type RowsByHour = ReadonlyMap<number, number>;

const rows = z.int().check(z.minimum(0));

const acknowledgedFile: LakeFile<{ readonly hours: Readonly<Record<string, number>> }> = {
  name: "count of acknowledged rows",
  shape: z.object({ hours: z.record(z.string().check(z.regex(/^\d+$/)), rows) }),
  next: "Delete it: rows that were lost are then not noticed.",
};

/** A request to the store is paid for: a process makes one in this time, for each table. */
export const SAVE_SECONDS = 300;

export interface AcknowledgedRows {
  count(table: string, rows: readonly { readonly changedAtSeconds: number }[]): void;
  /** Writes what was counted, unless it did so a moment ago. */
  save(): Promise<void>;
}

export interface Counting {
  readonly store: ObjectStore;
  /** Names the process. */
  readonly counter: string;
  readonly nowSeconds: () => number;
}

interface TableCounts {
  readonly hours: Map<number, number>;
  /** Days with rows that are not in their file yet. */
  readonly unsaved: Set<string>;
  savedAtSeconds: number;
}

export function acknowledgedRows({ counter, nowSeconds, store }: Counting): AcknowledgedRows {
  const tables = new Map<string, TableCounts>();
  return {
    count: (table, delivered) => {
      const counts = tables.get(table) ?? { hours: new Map(), unsaved: new Set(), savedAtSeconds: 0 };
      tables.set(table, counts);
      for (const { changedAtSeconds } of delivered) {
        const hour = hourStartSeconds(hourOf(changedAtSeconds));
        counts.hours.set(hour, (counts.hours.get(hour) ?? 0) + 1);
        counts.unsaved.add(hourOf(hour).dt);
      }
    },
    save: async () => {
      for (const [table, counts] of tables) {
        // breakage: counts-saved-now-and-then
        if (nowSeconds() < counts.savedAtSeconds + SAVE_SECONDS) continue;
        for (const dt of counts.unsaved) {
          const hours = [...counts.hours].filter(([hour]) => hourOf(hour).dt === dt);
          const content = { hours: Object.fromEntries(hours) };
          await replaceLakeFile(store, acknowledgedPath(table, dt, counter), content);
          counts.unsaved.delete(dt);
          counts.savedAtSeconds = nowSeconds();
        }
        for (const hour of counts.hours.keys())
          if (hour < nowSeconds() - KEPT_SECONDS && !counts.unsaved.has(hourOf(hour).dt))
            counts.hours.delete(hour);
      }
    },
  };
}

/** Longer than records stay in a stream: a file that is written again has all of its day. */
const KEPT_SECONDS = 3 * 24 * 3600;

/** The days with counts, in order: "2026-11-23". */
export async function acknowledgedDays(store: ObjectStore, table: string): Promise<readonly string[]> {
  const folders = await store.folders(acknowledgedFolder(table));
  return folders.flatMap((name) => /^dt=(\d{4}-\d\d-\d\d)$/.exec(name)?.[1] ?? []).sort();
}

/** What all processes have counted of a day. */
export async function acknowledgedOfDay(store: ObjectStore, table: string, dt: string): Promise<RowsByHour> {
  const sums = new Map<number, number>();
  for (const { path } of await store.list(acknowledgedDayFolder(table, dt))) {
    const counted = await readLakeFile(store, acknowledgedFile, path);
    for (const [hour, count] of Object.entries(counted?.hours ?? {}))
      sums.set(Number(hour), (sums.get(Number(hour)) ?? 0) + count);
  }
  return sums;
}
