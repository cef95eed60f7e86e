/** What a stack's custom resources do: they write the registry, and make the tables of the Glue Data Catalog. */
import { lakeEntryPath, sourceEntryPath, tableEntryPath } from "../../core/format/deployment-path.ts";
import type { ObjectStore } from "../../core/ports/object-store.ts";
import { parseSchema } from "../../core/schema/schema.ts";
import { openTable } from "../../core/table/open-table.ts";
import { servedSince, servedUntil } from "../../core/table/served-intervals.ts";
import { readLakeFile, replaceLakeFile } from "../../core/table/stored-file.ts";
import type {
  LakeEntry,
  SourceConfiguration,
  SourceEntry,
  TableConfiguration,
  TableEntry,
} from "../contracts/registry.ts";
import { tableEntryFile } from "../contracts/registry-files.ts";
import { columnsOfFiles } from "../deployed-change.ts";
import { ensureStoredTables } from "../ensure-stored-tables.ts";
import type { ViewsCatalog } from "../glue-view.ts";
import { deployedTableNamed, mappingIdsOf, readSourceEntry } from "../registry.ts";
import { leaveTables } from "../tables-view.ts";

export interface RegisterContext {
  readonly store: ObjectStore;
  readonly bucket: string;
  readonly catalog: ViewsCatalog;
  readonly nowSeconds: () => number;
}

export function registerLake({ store }: RegisterContext, lake: LakeEntry): Promise<void> {
  return replaceLakeFile(store, lakeEntryPath, lake);
}

/** The data stays, and so do its tables. Throws SCHEMA_INVALID where the lake table rules the schema out. */
export async function registerGlueTables(
  { bucket, catalog, store }: RegisterContext,
  { schema }: Pick<TableConfiguration, "schema">,
): Promise<void> {
  const deployed = parseSchema(schema, "the deployed schema");
  const opened = await openTable(store, deployed.table);
  const stored = opened === undefined ? deployed : columnsOfFiles(opened, deployed); // breakage: other-types-are-columns-of-their-own
  await ensureStoredTables(catalog, bucket, stored);
}

/**
 * `configuration` names the resource that a stack has made: updates of it keep the name. A stream that is made anew is read by another
 * mapping; what the one before could not deliver stays to be replayed.
 */
export async function registerSource(
  { store }: RegisterContext,
  source: SourceConfiguration,
  configuration: string,
): Promise<void> {
  const earlier = await readSourceEntry(store, source.source);
  const read = earlier === undefined ? [] : mappingIdsOf(earlier);
  const formerMappings = read.filter((id) => id !== source.eventSourceMapping); // breakage: former-mappings-stay-known
  const entry: SourceEntry = {
    ...source,
    configuration,
    ...(formerMappings.length > 0 && { formerMappings }),
  };
  await replaceLakeFile(store, sourceEntryPath(source.source), entry);
}

export async function removeSource(
  { store, nowSeconds }: RegisterContext,
  { source }: Pick<SourceConfiguration, "source">,
  configuration: string,
): Promise<void> {
  const entry = await readSourceEntry(store, source);
  // A replaced resource goes after its successor has come.
  if (entry === undefined || entry.configuration !== configuration) return;
  const removed: SourceEntry = { ...entry, removedAtSeconds: nowSeconds() };
  await replaceLakeFile(store, sourceEntryPath(source), removed);
}

export async function registerTable(
  { store, nowSeconds }: RegisterContext,
  table: TableConfiguration,
  configuration: string,
): Promise<void> {
  const path = tableEntryPath(table.source, parseSchema(table.schema, "the deployed schema").table);
  const earlier = await readLakeFile(store, tableEntryFile, path);
  const source = await readSourceEntry(store, table.source);
  const isRead = source !== undefined && source.removedAtSeconds === undefined;
  const entry: TableEntry = {
    ...table,
    served: servedSince(earlier?.served ?? [], { configuration, isRead, nowSeconds: nowSeconds() }),
  };
  await replaceLakeFile(store, path, entry);
}

export async function removeTable(
  { catalog, store, nowSeconds }: RegisterContext,
  { schema, source }: Pick<TableConfiguration, "schema" | "source">,
  configuration: string,
): Promise<void> {
  const { table } = parseSchema(schema, "the deployed schema");
  const path = tableEntryPath(source, table);
  const entry = await readLakeFile(store, tableEntryFile, path);
  if (entry === undefined) return;
  const served = servedUntil(entry.served, configuration, nowSeconds());
  await replaceLakeFile(store, path, { ...entry, served });
  // A table that moves to another source has an entry there before this one goes.
  if ((await deployedTableNamed(store, table)) === undefined) await leaveTables(catalog, table); // breakage: removed-tables-leave-the-union
}
