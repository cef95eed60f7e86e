/**
 * A lake table, opened: its schema, its commits and the listing of its change log are read once and handed on to whatever is
 * decided by them. A commit reads again what others may have changed since, and nothing else does.
 */
import { DynalakeError } from "../error.ts";
import { manifestPath } from "../format/lake-path.ts";
import type { Manifest } from "../format/manifest.ts";
import { namedSegments } from "../format/named-segments.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { type Column, parseStoredSchema, type Schema } from "../schema/schema.ts";
import { type ChangeListing, listChanges } from "./change-listing.ts";
import { type Commits, manifestAsOf, readCommits } from "./commits.ts";
import { readWrittenSchema } from "./schema-file.ts";

/** What the rows of a table are made of: those of now, or of a time. */
export interface TableState {
  readonly schema: Schema;
  readonly manifest: Manifest;
  readonly changes: ChangeListing;
}

/** A table as it is now. Its schema is that of its newest commit. */
export interface OpenTable extends TableState, Commits {}

/**
 * Opens a table: its schema is that of the newest commit, so that no crash separates it from the data, or that of schema.json if
 * nothing was committed yet. Undefined if the lake has no such table. What `known` has is not read again.
 */
export async function openTable(
  store: ObjectStore,
  table: string,
  known?: Commits,
): Promise<OpenTable | undefined> {
  const commits = await readCommits(store, table, known);
  const schema = committedSchema(table, commits.manifest) ?? (await readWrittenSchema(store, table));
  return schema && { ...commits, schema, changes: listChanges(store, table) };
}

/** Opens the table of a schema, which counts until a commit brings another one. What `known` has is not read again. */
export async function openTableOf(store: ObjectStore, schema: Schema, known?: Commits): Promise<OpenTable> {
  const { table } = schema;
  const commits = await readCommits(store, table, known);
  const committed = committedSchema(table, commits.manifest);
  return { ...commits, schema: committed ?? schema, changes: listChanges(store, table) };
}

/** Opens a table that has to be there; throws LAKE_NOT_FOUND. What `known` has is not read again. */
export async function requireTable(store: ObjectStore, table: string, known?: Commits): Promise<OpenTable> {
  const opened = await openTable(store, table, known);
  if (opened !== undefined) return opened;
  throw noSuchTable(table, await openTables(store));
}

/** Says which tables there are instead. */
export function noSuchTable(table: string, tables: readonly OpenTable[]): DynalakeError {
  const names = tables.map(({ schema }) => schema.table).join(", ");
  const known = names === "" ? "it has no tables" : `its tables are ${names}`;
  return new DynalakeError("LAKE_NOT_FOUND", `the lake has no table "${table}"; ${known}`);
}

/** Opens all tables of the lake, in the order of their names. */
export async function openTables(store: ObjectStore): Promise<readonly OpenTable[]> {
  const tables: OpenTable[] = [];
  for (const folder of await store.folders("")) {
    const opened = /^[a-z][a-z0-9_]*$/.test(folder) ? await openTable(store, folder) : undefined;
    if (opened !== undefined) tables.push(opened);
  }
  return tables;
}

/** Whether there is a commit or a change. A schema alone is what a first snapshot left that never ended: it binds nothing. */
export async function isFilled({
  manifest,
  changes,
}: Pick<OpenTable, "manifest" | "changes">): Promise<boolean> {
  return manifest.sequence > 0 || (await changes.days()).length > 0;
}

/** The table right after a commit of the caller's own. */
export function afterCommit(store: ObjectStore, opened: OpenTable, manifest: Manifest): OpenTable {
  const { table } = opened.schema;
  return {
    manifest,
    sequences: [...opened.sequences.filter((sequence) => sequence < manifest.sequence), manifest.sequence],
    schema: committedSchema(table, manifest) ?? opened.schema,
    changes: listChanges(store, table),
  };
}

/** The table as it was at a time; throws AS_OF_UNKNOWN. */
export async function tableAsOf(
  store: ObjectStore,
  opened: OpenTable,
  asOfSeconds: number | undefined,
): Promise<TableState> {
  if (asOfSeconds === undefined) return opened;
  return stateAt(opened, await manifestAsOf(store, opened.schema.table, opened, asOfSeconds));
}

/** The table at one of its commits. Before a commit that names a schema, it is the one before the first change of it. */
export function stateAt(opened: OpenTable, manifest: Manifest): TableState {
  const { changes, manifest: newest, schema } = opened;
  const { table } = schema;
  const before = (): Schema | undefined =>
    newest.recovery && parseStoredSchema(newest.recovery.before, manifestPath(table, newest.sequence));
  const then = committedSchema(table, manifest) ?? before() ?? schema;
  return throughNewest({ schema: then, manifest, changes }, opened);
}

/**
 * Changes of then that were delivered late lie in the columns of now alone. Where columns have widened since, the state of then is
 * read by these, with the newest types.
 */
function throughNewest(then: TableState, { schema: newest, manifest: { recovery } }: OpenTable): TableState {
  const current = new Map(newest.columns.map((column) => [column.attribute, column]));
  const columns = then.schema.columns.map((column) => {
    const now = current.get(column.attribute);
    const isOlder = now?.earlier.some(({ name }) => name === column.name) === true;
    return isOlder ? { ...(now as Column), label: column.label, hidden: column.hidden } : column;
  });
  // breakage: as-of-reads-the-newest-columns
  if (columns.every((column, i) => column === then.schema.columns[i])) return then;
  const { manifest } = then;
  const segments = namedSegments(manifest).map(({ id }) => id);
  const read = recovery && { before: recovery.before, columns: recovery.columns, segments };
  return { ...then, schema: { ...then.schema, columns }, manifest: { ...manifest, recovery: read } };
}

function committedSchema(table: string, { schema, sequence }: Manifest): Schema | undefined {
  return schema === null ? undefined : parseStoredSchema(schema, manifestPath(table, sequence));
}
