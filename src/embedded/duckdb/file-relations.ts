/** The lake's Parquet files as relations of DuckDB: the change log, and segments. */
import { join } from "node:path";
import { type ChangeObject, segmentFolder } from "../../core/format/lake-path.ts";
import type { Segment } from "../../core/format/manifest.ts";
import { standingObjects } from "../../core/overlay/change-log.ts";
import { integer, literal, quoted } from "../../core/ports/dialect.ts";
import type { DatedSegments, QueryEngine } from "../../core/ports/query-engine.ts";
import { changeWireColumns } from "../../core/row/wire-line.ts";
import type { Schema } from "../../core/schema/schema.ts";
import { duckdb } from "../../core/sql/duckdb.ts";
import { emptySegments, emptyWireRows, nameList, segmentColumns } from "../../core/sql/typed-columns.ts";
import { EXPORT_TIME } from "../../core/sql/view.ts";
import { filePattern } from "./file-pattern.ts";

type FileRelations = Pick<QueryEngine, "changes" | "changeLog" | "segments" | "snapshots">;

export function fileRelations(root: string): FileRelations {
  return {
    changes: (schema, selection) => {
      const standing = new Set(standingObjects(selection));
      const others = selection.objects.filter((object) => !standing.has(object));
      return changesIn(schema, filesOf(root, [...standing]), filesOf(root, others));
    },
    changeLog: (schema, objects) => {
      const partitions = [
        { name: "dt", type: "string" },
        { name: "hr", type: "string" },
      ] as const;
      const columns = [...changeWireColumns(schema), ...partitions];
      return byName(
        emptyWireRows(duckdb, columns),
        nameList(columns),
        scans(filesOf(root, objects), PARTITIONS),
      );
    },
    segments: (schema, segments) => {
      const files = segments.flatMap((segment) => segmentFiles(root, schema.table, segment));
      return segmentsOf(schema, scans(files));
    },
    snapshots: (schema, kept) => snapshotsOf(root, schema, kept),
  };
}

/**
 * A relation with the wire columns of the change log: the rows of the files in `standing`, and those rows of the files in `others` whose
 * keys are in the former: what is left of a window is sorted, and most changes of its skew allowance are of keys that do not stand.
 */
export function changesIn(schema: Schema, standing: readonly string[], others: readonly string[]): string {
  const columns = changeWireColumns(schema);
  const all = (rows: readonly string[]): string =>
    byName(emptyWireRows(duckdb, columns), nameList(columns), rows);
  const [first] = scans(standing);
  // breakage: allowance-of-standing-keys-read
  const allowed = scans(others).map(
    (rows) =>
      `SELECT * FROM (${rows}) WHERE _key IN (SELECT _key FROM (${first ?? ""}) WHERE _key IS NOT NULL)`,
  );
  return first === undefined ? all([]) : all([first, ...allowed]);
}

/** A relation with the columns of segments over the rows of these statements. */
export function segmentsOf(schema: Schema, scans: readonly string[]): string {
  return byName(emptySegments(duckdb, schema), nameList(segmentColumns(duckdb, schema)), scans);
}

/** The name of the engine's column for the path of a row's file, by which alone it leaves out files. */
const FILE_NAME = "filename";

/** Files of one form: the engine reads their columns from the first one, and opens others only where a statement needs their rows. */
function snapshotsOf(root: string, schema: Schema, kept: readonly DatedSegments[]): string {
  const columns = nameList([...segmentColumns(duckdb, schema), { name: EXPORT_TIME }]);
  const time = duckdb.typeName({ kind: "timestamp" });
  const empty = `(SELECT *, CAST(NULL AS ${time}) AS ${EXPORT_TIME} FROM ${emptySegments(duckdb, schema)})`;
  const files = ({ segments }: DatedSegments): readonly string[] =>
    segments.flatMap((segment) => segmentFiles(root, schema.table, segment)).map(filePattern);
  const filled = kept.filter(({ segments }) => segments.length > 0);
  const hasOwnName = schema.columns.some(({ name }) => name === FILE_NAME);
  if (hasOwnName || filled.length < 2) {
    const scans = filled.map((snapshot) => {
      const at = duckdb.timeTyped(integer(snapshot.exportTimeSeconds));
      return `SELECT *, ${at} AS ${EXPORT_TIME} FROM read_parquet([${files(snapshot).join(", ")}], hive_partitioning = false)`;
    });
    return byName(empty, columns, scans);
  }
  const runs = filled.map(({ run }) => literal(run)).join(", ");
  const times = filled.map(({ exportTimeSeconds }) => integer(exportTimeSeconds)).join(", ");
  const run = `regexp_extract(${FILE_NAME}, '([^\\\\/]+)[\\\\/][^\\\\/]+[\\\\/][^\\\\/]+$', 1)`;
  const at = duckdb.timeTyped(`MAP([${runs}], [${times}])[${run}]`);
  const list = filled.flatMap(files).join(", ");
  // breakage: snapshots-are-pruned-by-their-files
  const scan = `SELECT *, ${at} AS ${EXPORT_TIME} FROM read_parquet([${list}], hive_partitioning = false, filename = true)`;
  return byName(empty, columns, [scan]);
}

/** The files of objects of the change log. */
export function filesOf(root: string, objects: readonly ChangeObject[]): readonly string[] {
  return objects.map(({ path }) => join(root, path));
}

/** The files of a segment. Several are numbered. */
export function segmentFiles(
  root: string,
  table: string,
  { run, part, files }: Pick<Segment, "run" | "part" | "files">,
): readonly string[] {
  const folder = join(root, segmentFolder(table, run, part));
  if (files === undefined) return [join(folder, "rows.parquet")];
  return Array.from({ length: files }, (_, file) => join(folder, `rows-${file}.parquet`)); // breakage: all-files-of-a-segment
}

/** No column of an attribute can have this name, which has a space. */
const OBJECT_PATH = "object path";

/** The partition of an object by the end of its path: a folder called name=value above the lake is none. */
const PARTITIONS = ["dt", "hr"]
  .map(
    (name) =>
      `regexp_extract(${quoted(OBJECT_PATH)}, '${name}=([0-9-]+)[\\\\/](hr=[0-9]+[\\\\/])?[^\\\\/]*$', 1) AS ${name}`,
  )
  .join(", ");

/** A statement with the rows of the files, or none without files. A column that some of them lack is null there. */
export function scans(files: readonly string[], partitions?: string): readonly string[] {
  if (files.length === 0) return [];
  const list = files.map(filePattern).join(", ");
  const options = "union_by_name = true, hive_partitioning = false";
  if (partitions === undefined) return [`SELECT * FROM read_parquet([${list}], ${options})`];
  const path = `filename = ${literal(OBJECT_PATH)}`;
  return [`SELECT *, ${partitions} FROM read_parquet([${list}], ${options}, ${path})`];
}

/** The rows of all statements, by column name; columns that one lacks are null, others are left out. */
function byName(empty: string, columns: string, scans: readonly string[]): string {
  if (scans.length === 0) return empty;
  const union = [`SELECT * FROM ${empty}`, ...scans].join(" UNION ALL BY NAME ");
  return `(SELECT ${columns} FROM (${union}))`;
}
