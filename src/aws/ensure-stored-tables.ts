/** Makes a lake table's stored tables in the Glue Data Catalog: creates those that are missing, and only ever adds columns. */
import type { Table, TableInput } from "@aws-sdk/client-glue";
import { DynalakeError } from "../core/error.ts";
import type { Schema } from "../core/schema/schema.ts";
import { systemTiming, type Timing } from "../sdk/timing.ts";
import { changeTable, type TablesCatalog } from "./change-table.ts";
import { storedTables } from "./stored-tables.ts";

/** Repeating it changes nothing. Throws SCHEMA_INVALID if a column is there with another type. */
export async function ensureStoredTables(
  catalog: TablesCatalog,
  bucket: string,
  schema: Schema,
  timing: Timing = systemTiming,
): Promise<void> {
  for (const wanted of storedTables(bucket, schema)) await ensureTable(catalog, wanted, timing);
}

/** Changes nothing. Throws SCHEMA_INVALID where `ensureStoredTables` does. */
export async function requireStorable(
  catalog: Pick<TablesCatalog, "table">,
  bucket: string,
  schema: Schema,
): Promise<void> {
  for (const wanted of storedTables(bucket, schema)) {
    const name = wanted.Name ?? "";
    withMissing(name, await catalog.table(name), wanted);
  }
}

/** Another writer may change a table meanwhile, such as a service that crawls it. */
async function ensureTable(catalog: TablesCatalog, wanted: TableInput, timing: Timing): Promise<void> {
  const name = wanted.Name ?? "";
  const change = (present: Table | undefined): TableInput | undefined => withMissing(name, present, wanted);
  await changeTable(catalog, name, change, { timing, contended: "ENGINE_FAILED" });
}

/** Undefined where the table has all columns. */
function withMissing(name: string, present: Table | undefined, wanted: TableInput): TableInput | undefined {
  if (present === undefined) return wanted;
  requirePlace(name, present, wanted);
  const more = missingColumns(name, present, wanted);
  return more.length === 0 ? undefined : withColumns(present, more);
}

/** A table of another lake, left behind in a database of this name, would show that lake's data. */
function requirePlace(name: string, present: Table, wanted: TableInput): void {
  const [there, here] = [present.StorageDescriptor?.Location, wanted.StorageDescriptor?.Location];
  if (there === here) return;
  throw new DynalakeError("SCHEMA_INVALID", `Glue table "${name}" is of another lake, at ${there}`, {
    next: "Remove it from the Glue database, then deploy again.",
  });
}

type Columns = NonNullable<NonNullable<TableInput["StorageDescriptor"]>["Columns"]>;

function missingColumns(name: string, present: Table, wanted: TableInput): Columns {
  const types = new Map(present.StorageDescriptor?.Columns?.map((column) => [column.Name, column.Type]));
  const columns = wanted.StorageDescriptor?.Columns ?? [];
  const misfit = columns.find((column) => types.has(column.Name) && types.get(column.Name) !== column.Type);
  if (misfit === undefined) return columns.filter((column) => !types.has(column.Name));
  throw new DynalakeError(
    "SCHEMA_INVALID",
    `column "${misfit.Name}" of Glue table "${name}" is ${types.get(misfit.Name)} and cannot become ${misfit.Type}`,
  );
}

/** The table as it is, with more columns at its end. */
function withColumns(present: Table, more: Columns): TableInput {
  const { Name, Description, TableType, Parameters, PartitionKeys, StorageDescriptor } = present;
  return {
    Name,
    ...(Description === undefined ? {} : { Description }),
    ...(TableType === undefined ? {} : { TableType }),
    ...(Parameters === undefined ? {} : { Parameters }),
    ...(PartitionKeys === undefined ? {} : { PartitionKeys }),
    StorageDescriptor: {
      ...StorageDescriptor,
      Columns: [...(StorageDescriptor?.Columns ?? []), ...more], // breakage: catalog-keeps-columns
    },
  };
}
