/** Reads the registry of a deployment: what its lake, its sources and its lake tables consist of. */
import { DynalakeError } from "../core/error.ts";
import {
  lakeEntryPath,
  sourceEntryPath,
  sourcesFolder,
  tableEntriesFolder,
  tableEntryPath,
} from "../core/format/deployment-path.ts";
import type { ObjectStore } from "../core/ports/object-store.ts";
import { parseSchema, type Schema } from "../core/schema/schema.ts";
import { readLakeFile, requireLakeFile } from "../core/table/stored-file.ts";
import { isDeployed, type LakeEntry, type SourceEntry, type TableEntry } from "./contracts/registry.ts";
import { lakeEntryFile, sourceEntryFile, tableEntryFile } from "./contracts/registry-files.ts";

/** A lake table as it is deployed. */
export interface DeployedTable {
  readonly table: string;
  /** The schema that was deployed; the lake's may be older. */
  readonly schema: Schema;
  readonly entry: TableEntry;
}

export function readLakeEntry(store: ObjectStore): Promise<LakeEntry> {
  return requireLakeFile(store, lakeEntryFile, lakeEntryPath);
}

export function readSourceEntry(store: ObjectStore, source: string): Promise<SourceEntry | undefined> {
  return readLakeFile(store, sourceEntryFile, sourceEntryPath(source));
}

/** The ids of all mappings that read the source, now and before: their failed batches belong to it. */
export function mappingIdsOf({
  eventSourceMapping,
  formerMappings = [],
}: Pick<SourceEntry, "eventSourceMapping" | "formerMappings">): readonly string[] {
  return [eventSourceMapping, ...formerMappings];
}

/** A source that has to be there. Throws INPUT_INVALID. */
export async function requireSource(store: ObjectStore, source: string): Promise<SourceEntry> {
  const found = await readSourceEntry(store, source);
  if (found !== undefined) return found;
  throw new DynalakeError("INPUT_INVALID", `the lake has no source "${source}"`);
}

/** The source's lake tables that are deployed, in the order of their names. */
export async function deployedTablesOf(
  store: ObjectStore,
  source: string,
): Promise<readonly DeployedTable[]> {
  const paths = (await store.list(tableEntriesFolder(source))).map(({ path }) => path);
  const tables = await Promise.all(paths.map((path) => tableAt(store, path)));
  return tables.filter((table) => table !== undefined);
}

/** A lake table, of whichever source. Undefined if none has it deployed. */
export async function deployedTableNamed(
  store: ObjectStore,
  table: string,
): Promise<DeployedTable | undefined> {
  for (const source of await store.folders(sourcesFolder)) {
    const found = await tableAt(store, tableEntryPath(source, table));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A deployed lake table that has to be there. Throws INPUT_INVALID. */
export async function requireDeployedTable(store: ObjectStore, table: string): Promise<DeployedTable> {
  const found = await deployedTableNamed(store, table);
  if (found !== undefined) return found;
  throw new DynalakeError("INPUT_INVALID", `no lake table "${table}" is deployed in this lake`);
}

/** All sources of the lake that are deployed, each with its lake tables. */
export async function deployedSources(store: ObjectStore): Promise<readonly DeployedSource[]> {
  const sources = await Promise.all(
    (await store.folders(sourcesFolder)).map(async (name) => {
      const entry = await readSourceEntry(store, name);
      if (entry === undefined || entry.removedAtSeconds !== undefined) return undefined;
      return { entry, tables: await deployedTablesOf(store, name) };
    }),
  );
  return sources.filter((source) => source !== undefined);
}

export interface DeployedSource {
  readonly entry: SourceEntry;
  readonly tables: readonly DeployedTable[];
}

async function tableAt(store: ObjectStore, path: string): Promise<DeployedTable | undefined> {
  const entry = await readLakeFile(store, tableEntryFile, path);
  if (entry === undefined || !isDeployed(entry)) return undefined;
  const schema = parseSchema(entry.schema, "the deployed schema");
  return { table: schema.table, schema, entry };
}
