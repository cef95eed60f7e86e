/**
 * The base of a table that is cut by a column's values, with a scan for each part. The engine then leaves out, before it opens
 * them, the parts that the filters of a statement rule out: by the smallest and largest values that a single file has of its
 * columns, and by the value itself where all rows of a part have the same one.
 */
import { baseSegments, type Manifest, type Segment } from "../../core/format/manifest.ts";
import { NO_VALUE, valuePartitioning } from "../../core/overlay/table-parts.ts";
import { literal, quoted } from "../../core/ports/dialect.ts";
import type { QueryEngine } from "../../core/ports/query-engine.ts";
import type { Schema } from "../../core/schema/schema.ts";
import { duckdb } from "../../core/sql/duckdb.ts";
import type { DuckdbSession } from "./duckdb-session.ts";
import { filePattern } from "./file-pattern.ts";
import { scans, segmentFiles, segmentsOf } from "./file-relations.ts";

/** Each scan is planned on its own: beyond so many a query of all parts would take longer than what is saved. */
export const PART_SCANS_MAX = 200;

/** How statements that name the column read the base; undefined where a scan for each part has no use. */
export async function partScans(
  session: Pick<DuckdbSession, "rows">,
  root: string,
  { schema, manifest }: { readonly schema: Schema; readonly manifest: Manifest },
): Promise<QueryEngine["segments"] | undefined> {
  const base = baseSegments(manifest);
  const partitioning = valuePartitioning(schema);
  if (partitioning === undefined || base.length < 2 || base.length > PART_SCANS_MAX) return undefined;
  const { column, kind } = partitioning;
  const type = schema.columns.find(({ name }) => name === column)?.type;
  const filesOf = (segment: Segment): readonly string[] => segmentFiles(root, schema.table, segment);
  const parts = new Map(base.flatMap((segment) => filesOf(segment).map((file) => [file, segment.part])));
  const values = kind === "identity" ? await partValues(session, column, parts) : undefined;
  return (columns, segments) =>
    segmentsOf(
      columns,
      segments.flatMap(filesOf).flatMap((file) => {
        const value = values?.get(file);
        if (value === undefined || type === undefined) return scans([file]);
        const constant = `CAST(${value === null ? "NULL" : literal(value)} AS ${duckdb.typeName(type)}) AS ${quoted(column)}`;
        return scans([file]).map((rows) => `SELECT * REPLACE (${constant}) FROM (${rows})`);
      }),
    );
}

/**
 * The value that all rows of a file have, for parts by identity. The statistics of a file only propose it: the label of the
 * part, a hash, proves that it is the value by which its rows were cut.
 */
async function partValues(
  session: Pick<DuckdbSession, "rows">,
  column: string,
  parts: ReadonlyMap<string, string>,
): Promise<ReadonlyMap<string, string | null>> {
  const label = duckdb.partLabel("identity", "stats_min_value");
  const found = await session.rows(
    `SELECT file_name AS file, stats_min_value AS value, ${label} AS label FROM parquet_metadata([${[...parts.keys()].map(filePattern).join(", ")}]) WHERE path_in_schema = ${literal(column)} AND row_group_id = 0`,
  );
  const values = new Map<string, string | null>();
  for (const { file, value, label: proof } of found) {
    const part = parts.get(String(file));
    if (part === NO_VALUE) values.set(String(file), null);
    else if (part === proof && canBeLiteral(value)) values.set(String(file), String(value)); // breakage: part-value-proved
  }
  return values;
}

/** A statement ends at a NUL. */
function canBeLiteral(value: unknown): boolean {
  return !String(value).includes("\0"); // breakage: part-value-without-nul
}
