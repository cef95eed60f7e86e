/**
 * The lake's Glue tables as relations for statements: `<table>__changes`, partitioned by dt and hr, and `<table>__segments`,
 * partitioned by `_segment`. Every relation bounds its partitions with literals; otherwise Athena would check the partitions of
 * years.
 */

import {
  type ChangeObject,
  changesFolder,
  type Hour,
  hourOf,
  hourStartSeconds,
  splitPrefix,
} from "../core/format/lake-path.ts";
import type { Segment } from "../core/format/manifest.ts";
import { nameRanges } from "../core/format/segment-name.ts";
import { integer, literal, quoted } from "../core/ports/dialect.ts";
import type { ChangeSelection, DatedSegments, QueryEngine } from "../core/ports/query-engine.ts";
import { changeWireColumns, itemWireColumns } from "../core/row/wire-line.ts";
import type { Schema } from "../core/schema/schema.ts";
import type { NumberRange } from "../core/schema/staging-splits.ts";
import { athena } from "../core/sql/athena.ts";
import { emptySegments, emptyWireRows, nameList, segmentColumns } from "../core/sql/typed-columns.ts";
import { EXPORT_TIME } from "../core/sql/view.ts";
import { utf8Bytes } from "../core/values/utf8.ts";

type GlueRelations = Pick<QueryEngine, "changes" | "changeLog" | "segments" | "snapshots">;

export interface GluePlace {
  readonly database: string;
  readonly bucket: string;
}

/** At most this many objects are named one by one, and only if their names together are no longer than this. */
const OBJECTS_NAMED_MAX = 200;
const NAMES_BYTES_MAX = 32 * 1024;

const PARTITION_COLUMNS = [
  { name: "dt", type: "string" },
  { name: "hr", type: "string" },
] as const;

/** Relations for statements that run once, now: they read the objects that the selection lists. */
export function relationsOfNow(place: GluePlace): GlueRelations {
  return {
    changes: (schema, { objects, beforeHour }) => {
      const columns = changeWireColumns(schema);
      const first = firstHour(objects);
      if (first === undefined) return emptyWireRows(athena, columns);
      const hours = [sinceHour(first), ...(beforeHour === undefined ? [] : [before(beforeHour)])];
      const conditions = [...hours, ...namedObjects(place, schema, objects)].join(" AND ");
      return `(SELECT ${nameList(columns)} FROM ${changesTable(place, schema)} WHERE ${conditions})`;
    },
    changeLog: (schema, objects) => {
      const columns = [...changeWireColumns(schema), ...PARTITION_COLUMNS];
      const first = firstHour(objects);
      if (first === undefined) return emptyWireRows(athena, columns);
      return changeLogSince(place, schema, first.dt);
    },
    segments: (schema, segments) => segmentsRelation(place, schema, segments),
    snapshots: (schema, kept) => snapshotsRelation(place, schema, kept),
  };
}

/** Firehose keeps undelivered records for a day; no new object can appear in an hour older than this. */
const LATEST_DELIVERY_SECONDS = 48 * 3600;

/**
 * Relations for views, which stay in use: they must also read objects that do not exist yet. Existing objects are in the
 * listing; new ones appear only in hours since `LATEST_DELIVERY_SECONDS` ago.
 */
export function relationsOfViews(place: GluePlace, nowSeconds: number): GlueRelations {
  const earliest = (objects: readonly ChangeObject[]): Hour => {
    const coming = hourOf(nowSeconds - LATEST_DELIVERY_SECONDS);
    const first = firstHour(objects);
    return first === undefined || isBefore(coming, first) ? coming : first;
  };
  return {
    changes: (schema, selection: ChangeSelection) => {
      const listed = earliest(selection.objects);
      const since = isBefore(listed, selection.sinceHour) ? selection.sinceHour : listed;
      const columns = nameList(changeWireColumns(schema));
      return `(SELECT ${columns} FROM ${changesTable(place, schema)} WHERE ${sinceHour(since)})`;
    },
    changeLog: (schema, objects) => changeLogSince(place, schema, earliest(objects).dt),
    segments: (schema, segments) => segmentsRelation(place, schema, segments),
    snapshots: (schema, kept) => snapshotsRelation(place, schema, kept),
  };
}

/**
 * The rows that a snapshot's run staged, with the wire columns of items: `<table>__staging`, partitioned by `_run`. Of some
 * splits, the objects of others are not opened.
 */
export function stagedItems(place: GluePlace, schema: Schema, run: string, splits?: NumberRange): string {
  const columns = nameList(itemWireColumns(schema));
  const table = glueTable(place.database, `${schema.table}__staging`);
  const conditions = [`_run = ${literal(run)}`];
  if (splits !== undefined) {
    const path = (split: number): string =>
      literal(`s3://${place.bucket}/${splitPrefix(schema.table, run, split)}`);
    conditions.push(`"$path" >= ${path(splits.from)}`, `"$path" < ${path(splits.below)}`);
  }
  return `(SELECT ${columns} FROM ${table} WHERE ${conditions.join(" AND ")})`;
}

/** The qualified, quoted name of a Glue table. */
export function glueTable(database: string, name: string): string {
  return `${quoted(database)}.${quoted(name)}`;
}

export function segmentsTableName(table: string): string {
  return `${table}__segments`;
}

function changesTable(place: GluePlace, schema: Schema): string {
  return glueTable(place.database, `${schema.table}__changes`);
}

function changeLogSince(place: GluePlace, schema: Schema, dt: string): string {
  const columns = nameList([...changeWireColumns(schema), ...PARTITION_COLUMNS]);
  return `(SELECT ${columns} FROM ${changesTable(place, schema)} WHERE dt >= ${literal(dt)})`;
}

function segmentsRelation(place: GluePlace, schema: Schema, segments: readonly Segment[]): string {
  if (segments.length === 0) return emptySegments(athena, schema);
  const columns = nameList(segmentColumns(athena, schema));
  const table = glueTable(place.database, segmentsTableName(schema.table));
  return `(SELECT ${columns} FROM ${table} WHERE ${segmentCondition(segments)})`;
}

/**
 * A segment's name tells its snapshot, and with it the time: Athena compares that with literals for each partition when it plans a
 * statement, and opens no file of other times. A branch for each snapshot would be too long for a view.
 */
function snapshotsRelation(place: GluePlace, schema: Schema, kept: readonly DatedSegments[]): string {
  const columns = nameList(segmentColumns(athena, schema));
  const table = glueTable(place.database, segmentsTableName(schema.table));
  const branches = [...byPrefixLength(kept)].map(([length, snapshots]) => {
    const segments = snapshots.flatMap((snapshot) => snapshot.segments);
    const time = athena.timeTyped(secondsOf(snapshots, length));
    return `SELECT ${columns}, ${time} AS ${EXPORT_TIME} FROM ${table} WHERE ${segmentCondition(segments)}`;
  });
  if (branches.length > 0) return `(${branches.join(" UNION ALL ")})`;
  const none = `CAST(NULL AS ${athena.typeName({ kind: "timestamp" })})`;
  return `(SELECT ${columns}, ${none} AS ${EXPORT_TIME} FROM ${emptySegments(athena, schema)})`;
}

/** What the names of a snapshot's segments have in common: all but the part. */
function namePrefix({ id, part }: Segment): string {
  return id.slice(0, -part.length);
}

/** Those whose prefixes are of the same length: among them, so many first letters of a name tell the snapshot. */
function byPrefixLength(kept: readonly DatedSegments[]): ReadonlyMap<number, readonly DatedSegments[]> {
  const groups = new Map<number, DatedSegments[]>();
  for (const snapshot of kept) {
    const own = new Map<number, Segment[]>();
    for (const segment of snapshot.segments) {
      const { length } = namePrefix(segment);
      pushTo(own, length, segment);
    }
    for (const [length, segments] of own) pushTo(groups, length, { ...snapshot, segments });
  }
  return groups;
}

function pushTo<T>(groups: Map<number, T[]>, of: number, one: T): void {
  const group = groups.get(of) ?? [];
  if (group.length === 0) groups.set(of, group);
  group.push(one);
}

/** The export's time of a row, by the first letters of its segment's name. An array or a map would be limited to 254 values. */
function secondsOf(snapshots: readonly DatedSegments[], length: number): string {
  const [first, ...others] = snapshots;
  if (first !== undefined && others.length === 0) return integer(first.exportTimeSeconds);
  const times = new Map(
    snapshots.flatMap(({ exportTimeSeconds, segments }) =>
      segments.map((segment) => [namePrefix(segment), integer(exportTimeSeconds)] as const),
    ),
  );
  const text = [...times].map(([prefix, seconds]) => `${prefix}=${seconds}`).join(",");
  // breakage: snapshots-are-pruned-by-their-names
  return `CAST(element_at(split_to_map(${literal(text)}, ',', '='), substr(_segment, 1, ${integer(length)})) AS bigint)`;
}

/** By ranges of names, as few as there can be: a statement has a limit, and so has what Athena asks Glue for. */
export function segmentCondition(segments: readonly Segment[]): string {
  const ranges = nameRanges(segments);
  const alone = ranges.filter(({ first, last }) => first === last).map(({ first }) => literal(first));
  const conditions = [
    ...(alone.length === 0 ? [] : [`_segment IN (${alone.join(", ")})`]),
    ...ranges
      .filter(({ first, last }) => first !== last)
      .map(({ first, last }) => `_segment BETWEEN ${literal(first)} AND ${literal(last)}`),
  ];
  return conditions.length === 1 ? conditions.join() : `(${conditions.join(" OR ")})`;
}

function sinceHour({ dt, hr }: Hour): string {
  return `(dt > ${literal(dt)} OR (dt = ${literal(dt)} AND hr >= ${literal(hr)}))`;
}

function before({ dt, hr }: Hour): string {
  return `(dt < ${literal(dt)} OR (dt = ${literal(dt)} AND hr < ${literal(hr)}))`;
}

/** Keys without characters that could be escaped differently. */
const PLAIN_PATH = /^[A-Za-z0-9_.=/-]+$/;

/**
 * The condition that only these objects are read, as long as they are few. Many are read by their hours alone, and with
 * them others of those hours. That is as right, since a compaction derives the state of each key from the whole
 * log: an object that is read although it was folded before gives a late key its present state again, and one that came
 * after the listing is folded early, and once more when it is listed. It only costs more. For the same reason a path that
 * does not begin as expected is read: should Athena write paths in another way, no change is lost.
 */
function namedObjects(place: GluePlace, schema: Schema, objects: readonly ChangeObject[]): readonly string[] {
  if (objects.length > OBJECTS_NAMED_MAX || objects.some(({ path }) => !PLAIN_PATH.test(path))) return [];
  const names = objects.map(({ path }) => literal(`s3://${place.bucket}/${path}`)).join(", ");
  if (utf8Bytes(names) > NAMES_BYTES_MAX) return [];
  const days = `s3://${place.bucket}/${changesFolder(schema.table)}dt`;
  // ">" is the character after "=", so every path that starts with `days` and "=" is between the two.
  const unexpected = `"$path" < ${literal(`${days}=`)} OR "$path" >= ${literal(`${days}>`)}`;
  return [`("$path" IN (${names}) OR ${unexpected})`];
}

function firstHour(objects: readonly ChangeObject[]): Hour | undefined {
  return objects.reduce<Hour | undefined>(
    (first, { hour }) => (first === undefined || isBefore(hour, first) ? hour : first),
    undefined,
  );
}

function isBefore(one: Hour, other: Hour): boolean {
  return hourStartSeconds(one) < hourStartSeconds(other);
}
