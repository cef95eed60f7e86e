/**
 * Compares what a delivery stream has acknowledged with what is in the change log. Repeats and lost answers put more rows into the
 * log than were acknowledged: no equality holds, and only a deficit proves that rows were lost.
 */
import * as z from "zod/mini";
import { grouped } from "../counted.ts";
import { defined } from "../defined.ts";
import { DynalakeError } from "../error.ts";
import { countedPath } from "../format/deployment-path.ts";
import type { LakeFile } from "../format/lake-file.ts";
import { errorsFolder, hourOf, hourStartSeconds, quarantineFolder } from "../format/lake-path.ts";
import type { Gap } from "../format/manifest.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import type { QueryEngine } from "../ports/query-engine.ts";
import { WireRowText } from "../row/returned-row.ts";
import { acknowledgedDays, acknowledgedOfDay, type RowsByHour } from "../table/acknowledged-rows.ts";
import type { NamedGap } from "../table/gap.ts";
import type { OpenTable } from "../table/open-table.ts";
import { recordGrowingGap } from "../table/recorded-gaps.ts";
import { readLakeFile, replaceLakeFile } from "../table/stored-file.ts";
import { recordingOf } from "./recording.ts";

/** A day of changes, as it was compared. */
export interface CountedDay {
  /** 2026-11-23. */
  readonly day: string;
  readonly acknowledged: number;
  /** Acknowledged rows that are neither in the change log nor put aside. */
  readonly missing: number;
}

export interface CheckedDeliveries {
  /** Days up to this one were compared. */
  readonly until: string;
  /** The last day with acknowledged rows; undefined if there was none. */
  readonly last?: CountedDay | undefined;
}

const count = z.int().check(z.minimum(0));

const checkedFile: LakeFile<CheckedDeliveries> = {
  name: "record of compared deliveries",
  shape: z.object({
    until: z.string(),
    last: z.optional(z.object({ day: z.string(), acknowledged: count, missing: count })),
  }),
  next: "Delete it: the days are compared again.",
};

export function readCheckedDeliveries(
  store: ObjectStore,
  table: string,
): Promise<CheckedDeliveries | undefined> {
  return readLakeFile(store, checkedFile, countedPath(table));
}

/** Firehose delivers within a day; a day's last hour is whole so long after it. */
const DELIVERED_SECONDS = 26 * 3600;
const DAY_SECONDS = 24 * 3600;

export interface CheckContext {
  readonly store: ObjectStore;
  readonly engine: Pick<QueryEngine, "changeLog" | "rows">;
  readonly nowSeconds: () => number;
  readonly opened: Pick<OpenTable, "schema" | "changes">;
}

/** Compares the days that can be and were not yet, and records a gap for each with a deficit. Repeating it does no harm. */
export async function checkDeliveries(context: CheckContext): Promise<readonly CountedDay[]> {
  const { nowSeconds, opened, store } = context;
  const { table } = opened.schema;
  // breakage: deliveries-get-their-time
  const until = hourOf(nowSeconds() - DELIVERED_SECONDS - DAY_SECONDS).dt;
  const before = await readCheckedDeliveries(store, table);
  if (before !== undefined && before.until >= until) return [];
  const days = (await acknowledgedDays(store, table)).filter(
    (day) => day <= until && day > (before?.until ?? ""),
  );
  const counted: CountedDay[] = [];
  for (const day of days) {
    const last = await checkDay(context, day);
    counted.push(last);
    // After the day's gap, so that none is forgotten. A later day that fails does not repeat this one.
    await replaceLakeFile(store, countedPath(table), { until: day, last }); // breakage: counted-days-are-kept
  }
  if (days.at(-1) !== until)
    await replaceLakeFile(
      store,
      countedPath(table),
      defined({ until, last: counted.at(-1) ?? before?.last }),
    );
  return counted;
}

async function checkDay(context: CheckContext, day: string): Promise<CountedDay> {
  const { nowSeconds, opened, store } = context;
  const { table } = opened.schema;
  const acknowledged = await acknowledgedOfDay(store, table, day);
  const deficits = deficitsOf(acknowledged, await loggedRows(context, day));
  const left = deficits.size === 0 ? deficits : withoutPutAside(deficits, await putAside(store, table, day));
  const counted = { day, acknowledged: sum(acknowledged), missing: sum(left) };
  if (left.size === 0) return counted;
  const { gap, id } = gapOfDeficit(counted, Math.max(...left.keys()), nowSeconds());
  await recordGrowingGap(store, table, id, gap);
  return counted;
}

/** It ends with the last hour that lacks rows. */
function gapOfDeficit(
  { acknowledged, day, missing }: CountedDay,
  lastHour: number,
  nowSeconds: number,
): NamedGap {
  const gap: Gap = {
    reason: "rows-missing",
    detail: `of ${grouped(acknowledged)} rows of ${day} that Firehose acknowledged, ${grouped(missing)} are neither in the change log nor put aside`,
    foundAtSeconds: nowSeconds,
    lostUntilSeconds: lastHour + 3600,
  };
  return { id: `rows-missing-${day}`, gap };
}

/** Hours with fewer rows in the log than were acknowledged, and how many fewer. */
function deficitsOf(acknowledged: RowsByHour, logged: RowsByHour): RowsByHour {
  const lacking = [...acknowledged].map(([hour, rows]) => [hour, rows - (logged.get(hour) ?? 0)] as const);
  return new Map(lacking.filter(([, missing]) => missing > 0)); // breakage: only-deficits-count
}

async function loggedRows({ engine, opened }: CheckContext, day: string): Promise<RowsByHour> {
  const from = hourStartSeconds({ dt: day, hr: "00" });
  const log = engine.changeLog(opened.schema, await opened.changes.since(hourOf(from - 3600)));
  const hour = "_changed_at - _changed_at % 3600";
  const found = await engine.rows(
    `SELECT ${hour} AS hour, count(*) AS rows FROM ${log} WHERE _changed_at >= ${from} AND _changed_at < ${from + DAY_SECONDS} GROUP BY ${hour}`,
  );
  return new Map(found.map((row) => [Number(row.hour), Number(row.rows)]));
}

interface PutAside {
  readonly byHour: RowsByHour;
  /** Rows that do not say when their change was made: of any hour. */
  readonly unplaced: number;
}

function withoutPutAside(deficits: RowsByHour, { byHour, unplaced }: PutAside): RowsByHour {
  const left = deficitsOf(deficits, byHour); // breakage: rows-put-aside-are-not-missing
  return sum(left) <= unplaced ? new Map() : left;
}

/** Of more files than this, the rows are not counted. */
const FILES_MAX = 200;
/** There may be as many rows as are missing, or more. */
const TOO_MANY: PutAside = { byHour: new Map(), unplaced: Number.POSITIVE_INFINITY };

/** What Firehose could not convert, and what of it a replay found not to be rows. */
async function putAside(store: ObjectStore, table: string, day: string): Promise<PutAside> {
  const sinceMs = hourStartSeconds({ dt: day, hr: "00" }) * 1000;
  const listed = await Promise.all(
    [errorsFolder(table), `${quarantineFolder(table)}not-a-row/`].map((folder) => store.list(folder)),
  );
  const files = listed.flat().filter(({ modifiedMs }) => modifiedMs >= sinceMs);
  if (files.length > FILES_MAX) return TOO_MANY;
  const byHour = new Map<number, number>();
  let unplaced = 0;
  for (const { path } of files) {
    const times = changeTimes(path, await store.read(path));
    if (times === undefined) return TOO_MANY; // breakage: unreadable-files-may-hold-all
    for (const seconds of times) {
      const hour = seconds === undefined ? undefined : hourStartSeconds(hourOf(seconds));
      if (hour === undefined) unplaced++;
      else byHour.set(hour, (byHour.get(hour) ?? 0) + 1);
    }
  }
  return { byHour, unplaced };
}

/** When the rows in a file were changed, as far as they say so; undefined for a file that cannot be read. */
function changeTimes(
  path: string,
  content: Uint8Array | undefined,
): readonly (number | undefined)[] | undefined {
  if (content === undefined) return [];
  try {
    return recordingOf(path, content).records.map((record) =>
      record instanceof WireRowText ? changedAt(record.text) : undefined,
    );
  } catch (error) {
    if (!(error instanceof DynalakeError) || error.code !== "INPUT_INVALID") throw error;
    return undefined;
  }
}

function changedAt(text: string): number | undefined {
  const [, seconds] = /"_changed_at":(\d{1,12})[,}]/.exec(text) ?? [];
  return seconds === undefined ? undefined : Number(seconds);
}

function sum(rows: RowsByHour): number {
  return [...rows.values()].reduce((total, each) => total + each, 0);
}
