/** The lake's Parquet files as relations of DuckDB: the change log, and segments. */
import { join } from "node:path";
import { type ChangeObject, segmentFolder } from "../../core/format/lake-path.ts";
import type { Segment } from "../../core/format/manifest.ts";
import { literal, quoted } from "../../core/ports/dialect.ts";
import type { QueryEngine } from "../../core/ports/query-engine.ts";
import { changeWireColumns } from "../../core/row/wire-line.ts";
import type { Schema } from "../../core/schema/schema.ts";
import { duckdb } from "../../core/sql/duckdb.ts";
import { emptySegments, emptyWireRows, nameList, segmentColumns } from "../../core/sql/typed-columns.ts";
import { filePattern } from "./file-pattern.ts";

type FileRelations = Pick<QueryEngine, "changes" | "changeLog" | "segments">;

export function fileRelations(root: string): FileRelations {
  return {
    changes: (schema, { objects }) => {
      const columns = changeWireColumns(schema);
      return byName(emptyWireRows(duckdb, columns), nameList(columns), scans(filesOf(root, objects)));
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
      const files = segments.map((segment) => segmentFile(root, schema.table, segment));
      return segmentsOf(schema, scans(files));
    },
  };
}

/** A relation with the columns of segments over the rows of these statements. */
export function segmentsOf(schema: Schema, scans: readonly string[]): string {
  return byName(emptySegments(duckdb, schema), nameList(segmentColumns(duckdb, schema)), scans);
}

function filesOf(root: string, objects: readonly ChangeObject[]): readonly string[] {
  return objects.map(({ path }) => join(root, path));
}

/** The one file of a segment. */
export function segmentFile(root: string, table: string, segment: Pick<Segment, "run" | "part">): string {
  return join(root, segmentFolder(table, segment.run, segment.part), "rows.parquet");
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
