/** Makes a lake table's stored tables in the Glue Data Catalog: creates those that are missing, and only ever adds columns. */
import type { Table, TableInput } from "@aws-sdk/client-glue";
import { DynalakeError } from "../../core/error.ts";
import type { Schema } from "../../core/schema/schema.ts";
import type { GlueCatalog } from "../glue-catalog.ts";
import { storedTables } from "./stored-tables.ts";

/** What of the catalog is used. */
export type StoredTablesCatalog = Pick<GlueCatalog, "table" | "createTable" | "updateTable">;

/** Another writer may change a table meanwhile, such as a service that crawls it. */
const TRIES_MAX = 5;

/** Repeating it changes nothing. Throws SCHEMA_INVALID if a column is there with another type. */
export async function ensureStoredTables(
  catalog: StoredTablesCatalog,
  bucket: string,
  schema: Schema,
): Promise<void> {
  for (const wanted of storedTables(bucket, schema)) await ensureTable(catalog, wanted);
}

async function ensureTable(catalog: StoredTablesCatalog, wanted: TableInput): Promise<void> {
  const name = wanted.Name ?? "";
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const present = await catalog.table(name);
    if (present === undefined) {
      if ((await catalog.createTable(wanted)) === "created") return;
      continue;
    }
    requirePlace(name, present, wanted);
    const more = missingColumns(name, present, wanted);
    if (more.length === 0) return;
    const outcome = await catalog.updateTable(withColumns(present, more), present.VersionId ?? "");
    if (outcome === "updated") return;
  }
  throw new DynalakeError("ENGINE_FAILED", `Glue table "${name}" is changed by another writer all the time`);
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
