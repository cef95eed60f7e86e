/**
 * The statements that write a run's segments. Each is an UNLOAD into its own folder, of no more parts than Athena can write at
 * once. Rows are unsorted: Athena would sort all rows of a statement on one node.
 *
 * A partitioned UNLOAD does not check that its folder is empty (AWS: Athena user guide, "UNLOAD"): run twice, it writes every
 * row twice. `collectSegments` fails if it sees that, but callers must not repeat a statement.
 */
import { batchesOf } from "../core/batches-of.ts";
import { partColumn, stageFolder } from "../core/format/lake-path.ts";
import { literal, quoted } from "../core/ports/dialect.ts";
import type { Stage } from "../core/ports/query-engine.ts";
import type { Schema } from "../core/schema/schema.ts";
import { athena } from "../core/sql/athena.ts";
import { nameList, segmentColumns } from "../core/sql/typed-columns.ts";
import { requireShort } from "./athena-client.ts";

/** The most partitions per CTAS or UNLOAD (AWS: Athena user guide, "UNLOAD"). */
export const PARTS_AT_ONCE_MAX = 100;

/** A state machine passes a statement as JSON, in a state of at most 256 KiB (AWS: Step Functions service quotas). */
const STATEMENT_JSON_BYTES_MAX = 250_000;

/** The statements for stages of one run. `first` is the first folder number that the run has not used. */
export function unloadStatements(
  bucket: string,
  schema: Schema,
  stages: readonly Stage[],
  first: number,
): readonly string[] {
  const statements: string[] = [];
  for (const stage of stages) {
    for (const parts of batchesOf(stage.cut.parts, PARTS_AT_ONCE_MAX)) {
      const folder = stageFolder(schema.table, stage.run, first + statements.length);
      const sql = unload(`s3://${bucket}/${folder}`, schema, stage, parts);
      requireShort(JSON.stringify(sql), STATEMENT_JSON_BYTES_MAX);
      statements.push(sql);
    }
  }
  return statements;
}

/** The statement that writes the rows of a query as Parquet to an address where nothing lies yet. */
export function unloadRowsTo(address: string, query: string): string {
  return `UNLOAD (${query})\nTO ${literal(address)}\nWITH (format = 'PARQUET', compression = 'ZSTD')`;
}

function unload(target: string, schema: Schema, stage: Stage, parts: Stage["cut"]["parts"]): string {
  const written = segmentColumns(athena, schema);
  const columns = nameList(written);
  const label = partColumn(written.map(({ name }) => name));
  const labels = parts.map(({ part }) => literal(part));
  const { partOf } = stage.cut;
  // Partition columns come last.
  const value = `CAST(${partOf ?? labels[0]} AS varchar) AS ${quoted(label)}`;
  const filter = partOf === undefined ? "" : ` WHERE ${partOf} IN (${labels.join(", ")})`;
  return `UNLOAD (SELECT ${columns}, ${value} FROM (${stage.rows})${filter})
TO ${literal(target)}
WITH (format = 'PARQUET', compression = 'ZSTD', partitioned_by = ARRAY[${literal(label)}])`;
}
