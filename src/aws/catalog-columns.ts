/** The columns that a deployment has given the lake's Glue tables: what is written has to have a place there. */
import type { Table } from "@aws-sdk/client-glue";
import { DynalakeError } from "../core/error.ts";
import { changeWireColumns } from "../core/row/wire-line.ts";
import type { Schema } from "../core/schema/schema.ts";
import type { GlueCatalog } from "./glue-catalog.ts";

/** What of them is asked for. */
export type CatalogTables = Pick<GlueCatalog, "database" | "table">;

/**
 * Firehose drops what its Glue table has no column for, and says nothing: rows are only sent where the table has all of
 * theirs. Throws SCHEMA_INVALID.
 */
export async function requireDeliverable(catalog: CatalogTables, schema: Schema): Promise<void> {
  const name = `${schema.table}__changes`;
  const table = await catalog.table(name);
  const types = new Map(columnsOf(table).map((column) => [column.Name, column.Type]));
  const misfits = changeWireColumns(schema).filter((column) => types.get(column.name) !== column.type);
  if (misfits.length === 0) return; // breakage: firehose-columns-required
  const names = misfits.slice(0, 5).map((column) => `"${column.name}" as ${column.type}`);
  throw new DynalakeError(
    "SCHEMA_INVALID",
    `the Glue table "${name}" lacks columns that the lake has: ${names.join(", ")}`,
    {
      next: "Deploy the schema that the lake has (schema.json in the table's folder), with columns added at most. Until then changes wait: in the stream, and later among the failed batches.",
    },
  );
}

/**
 * When all of the columns are in every table that rows pass through, the second of the newest change there; undefined until
 * then, and where Glue does not say when a table was changed.
 */
export async function columnsSinceSeconds(
  catalog: CatalogTables,
  table: string,
  columns: readonly string[],
): Promise<number | undefined> {
  let sinceSeconds = 0;
  for (const suffix of ["changes", "segments", "staging"]) {
    const stored = await catalog.table(`${table}__${suffix}`);
    const names = new Set(columnsOf(stored).map((column) => column.Name));
    const changed = stored?.UpdateTime;
    if (changed === undefined || !columns.every((name) => names.has(name))) return undefined;
    sinceSeconds = Math.max(sinceSeconds, Math.ceil(changed.getTime() / 1000));
  }
  return sinceSeconds;
}

function columnsOf(table: Table | undefined) {
  return table?.StorageDescriptor?.Columns ?? [];
}
