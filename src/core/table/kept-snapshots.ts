/** The full snapshots that a table keeps, with the segments of each, from manifests and from the objects that list them. */
import { batchesOf } from "../batches-of.ts";
import { lakeFileBytes } from "../format/lake-file.ts";
import { snapshotListPath } from "../format/lake-path.ts";
import type { Manifest, Segment, SnapshotRecord } from "../format/manifest.ts";
import { formMark, formOfRecord, type ListedSnapshot, snapshotListFile } from "../format/snapshot-list.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { parseStoredSchema, type Schema } from "../schema/schema.ts";
import type { TableState } from "./open-table.ts";
import { requireLakeFile } from "./stored-file.ts";

export interface SnapshotFiles {
  readonly run: string;
  readonly exportTimeSeconds: number;
  readonly segments: readonly Segment[];
  /** What the files were written by, and the names of its columns that they may lack. */
  readonly written: Schema;
  readonly lacking: ReadonlySet<string>;
  /** Files of one mark have the same columns. */
  readonly form: string;
}

const READ_AT_ONCE_MAX = 32;

/** In the order of their times. Throws LAKE_DAMAGED if a list is missing. */
export async function keptSnapshots(
  store: ObjectStore,
  { schema, manifest }: TableState,
): Promise<readonly SnapshotFiles[]> {
  const { table } = schema;
  const schemas = new Map<string, Schema>();
  const kept: SnapshotFiles[] = [];
  for (const batch of batchesOf(manifest.snapshots, READ_AT_ONCE_MAX)) {
    const lists = await Promise.all(batch.map((record) => listOf(store, schema, manifest, record)));
    for (const [i, list] of lists.entries()) {
      const { run, exportTimeSeconds } = batch[i] as SnapshotRecord;
      const form = formMark(list);
      const known = schemas.get(form);
      const written = known ?? parseStoredSchema(list.schema, snapshotListPath(table, run));
      schemas.set(form, written);
      const { segments, lacking } = list;
      kept.push({ run, exportTimeSeconds, segments, written, lacking: new Set(lacking), form });
    }
  }
  return kept;
}

async function listOf(
  store: ObjectStore,
  schema: Schema,
  manifest: Manifest,
  record: SnapshotRecord,
): Promise<ListedSnapshot> {
  const { run, segments, listed } = record;
  if (listed === undefined)
    return { run, segments, ...formOfRecord(manifest.schema ?? schema.file, manifest, record) };
  return requireLakeFile(store, snapshotListFile, snapshotListPath(schema.table, run));
}

/** Lists a snapshot. One that is listed already stays as it is: its files do not change. */
export async function writeSnapshotList(
  store: ObjectStore,
  table: string,
  list: ListedSnapshot,
): Promise<void> {
  await store.create(snapshotListPath(table, list.run), lakeFileBytes(list));
}
