/** Makes files written by statements readable as segments: partitions of `<table>__segments`. */
import { batchesOf } from "../core/batches-of.ts";
import { DynalakeError } from "../core/error.ts";
import { segmentOfPath, segmentsFolder } from "../core/format/lake-path.ts";
import type { Manifest, Segment } from "../core/format/manifest.ts";
import { namedSegments } from "../core/format/named-segments.ts";
import { ALL_KEYS, nameOfPlace, segmentName } from "../core/format/segment-name.ts";
import { literal } from "../core/ports/dialect.ts";
import type { ObjectStore, StoredObject } from "../core/ports/object-store.ts";
import type { Stage } from "../core/ports/query-engine.ts";
import { type GluePlace, glueTable, segmentsTableName } from "./athena-relations.ts";
import type { GlueCatalog } from "./glue-catalog.ts";
import { type NewPartition, PARTITION_SHARES } from "./glue-partitions.ts";

export interface SegmentsContext extends GluePlace {
  readonly store: ObjectStore;
  readonly catalog: GlueCatalog;
  readonly rows: (sql: string) => Promise<readonly Readonly<Record<string, unknown>>[]>;
}

/**
 * Registers the segments that the statements of a run's stages wrote, and counts their rows. Idempotent. Fails with
 * ENGINE_FAILED if a statement was run twice.
 */
export async function collectSegments(
  context: SegmentsContext,
  table: string,
  stages: readonly Stage[],
): Promise<readonly Segment[]> {
  const [run] = new Set(stages.map((stage) => stage.run));
  if (run === undefined) return [];
  const files = await context.store.list(`${segmentsFolder(table)}${run}/`);
  requireWrittenOnce(files); // breakage: segments-written-once
  const filesOfPart = byPart(files);
  const written = stages.flatMap(({ kind, cut }) =>
    cut.parts.flatMap(({ part }) => {
      const own = filesOfPart.get(part);
      return own === undefined ? [] : [{ id: segmentName({ kind, run, part }), run, part, kind, files: own }];
    }),
  );
  // breakage: segments-registered
  await context.catalog.createPartitions(
    segmentsTableName(table),
    written.map((segment) => ({ value: segment.id, location: locationOf(context.bucket, segment.files) })),
  );
  const rowsOfSegment = written.length === 0 ? new Map() : await countRows(context, table, run);
  return written.map(({ files: own, ...segment }) => {
    const rows = rowsOfSegment.get(segment.id);
    // breakage: segments-have-rows
    if (rows === undefined)
      throw new DynalakeError("ENGINE_FAILED", `Athena finds no rows in the new segment ${segment.id}`);
    return { ...segment, rows, bytes: own.reduce((sum, file) => sum + file.bytes, 0) };
  });
}

/**
 * Registers segments that the manifest names but Glue lacks, because the stack was deleted and deployed again over the same
 * bucket: Athena would silently skip them. Those of kept snapshots, which `listed` reads, were forgotten with them: they come first, so
 * that another try finds them if this one dies. Returns the number. Fails with LAKE_DAMAGED if files are missing.
 */
export async function registerNamed(
  { store, catalog, bucket }: Pick<SegmentsContext, "store" | "catalog" | "bucket">,
  table: string,
  manifest: Pick<Manifest, "segments" | "snapshots">,
  listed: () => Promise<readonly Segment[]>,
): Promise<number> {
  const named = await forgotten(catalog, table, namedSegments(manifest));
  if (named.length === 0) return 0;
  // breakage: forgotten-snapshots-registered
  const missing = [...(await forgotten(catalog, table, await listed())), ...named];
  const partitions = new Map<string, NewPartition>();
  const filesOfRun = new Map<string, ReturnType<typeof byPart>>();
  for (const { id, run, part } of missing) {
    const files = filesOfRun.get(run) ?? byPart(await store.list(`${segmentsFolder(table)}${run}/`));
    filesOfRun.set(run, files);
    const own = files.get(part);
    if (own === undefined)
      throw new DynalakeError("LAKE_DAMAGED", `the files of segment ${id} are missing`, {
        next: "Take a new snapshot, which replaces all segments.",
      });
    partitions.set(id, { value: id, location: locationOf(bucket, own) });
  }
  await catalog.createPartitions(segmentsTableName(table), [...partitions.values()]);
  return partitions.size;
}

/** Those that Glue lacks. Others, which the manifest does not name, may be more than there is time for. */
async function forgotten(
  catalog: GlueCatalog,
  table: string,
  segments: readonly Segment[],
): Promise<readonly Segment[]> {
  const known = new Set(
    await catalog.registered(
      segmentsTableName(table),
      segments.map(({ id }) => id),
    ),
  );
  return segments.filter(({ id }) => !known.has(id));
}

/** The first unused statement number in the run's folder. */
export async function nextStatement(store: ObjectStore, table: string, run: string): Promise<number> {
  const folders = await store.folders(`${segmentsFolder(table)}${run}/`);
  return folders.reduce((next, name) => (/^\d+$/.test(name) ? Math.max(next, Number(name) + 1) : next), 0);
}

export interface RemovedPartitions {
  readonly partitions: number;
  /** Present if time was up: the share with which the next removal goes on. */
  readonly leftFrom?: number;
}

/**
 * Removes partitions without files: those of runs that never committed, and those that vacuum has emptied. Each page of
 * partitions is listed before its files, because files are written before their partition is registered. What a page skips,
 * since those before it lost partitions, goes with the next vacuum. `from` is the first share that is looked at.
 */
export async function removeEmptyPartitions(
  { store, catalog }: Pick<SegmentsContext, "store" | "catalog">,
  table: string,
  { from = 0, isOver = () => false }: { readonly from?: number; readonly isOver?: () => boolean } = {},
): Promise<RemovedPartitions> {
  let partitions = 0;
  for (let share = from; share < PARTITION_SHARES; share++) {
    for await (const page of catalog.partitionPages(segmentsTableName(table), share)) {
      const present = await presentOf(store, table, page);
      const empty = page.filter((id) => !present.has(id)); // breakage: partitions-with-files-kept
      await catalog.deletePartitions(segmentsTableName(table), empty);
      partitions += empty.length;
      if (isOver()) return { partitions, leftFrom: share }; // breakage: removal-of-partitions-ends-in-time
    }
  }
  return { partitions };
}

const RUNS_AT_ONCE_MAX = 16;

/** The names of all segments with files in the runs that these partitions can belong to. */
async function presentOf(
  store: ObjectStore,
  table: string,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  const stretches = new Set(ids.flatMap(stretchesOf));
  const runs = (await store.folders(segmentsFolder(table))).filter((run) => stretches.has(run));
  const present = new Set<string>();
  for (const batch of batchesOf(runs, RUNS_AT_ONCE_MAX)) {
    const listings = batch.map((run) => store.list(`${segmentsFolder(table)}${run}/`));
    for (const { path } of (await Promise.all(listings)).flat()) {
      const segment = segmentOfPath(path);
      if (segment === undefined) continue;
      present.add(nameOfPlace(segment));
      // Its name before format 2 of the lake.
      present.add(`${segment.run}-${segment.part}`);
    }
  }
  return present;
}

/** What can be the run in a partition's name. Runs and parts may contain "-", and older names have no first letter. */
function stretchesOf(id: string): readonly string[] {
  return [id, id.slice(id.indexOf("-") + 1)].flatMap((text) => {
    const pieces = text.split("-");
    return pieces.map((_, i) => pieces.slice(0, i + 1).join("-"));
  });
}

function byPart(files: readonly StoredObject[]): ReadonlyMap<string, readonly StoredObject[]> {
  const parts = new Map<string, StoredObject[]>();
  for (const file of files) {
    const part = segmentOfPath(file.path)?.part;
    if (part === undefined) continue;
    const own = parts.get(part);
    if (own === undefined) parts.set(part, [file]);
    else own.push(file);
  }
  return parts;
}

function locationOf(bucket: string, files: readonly StoredObject[]): string {
  const path = files[0]?.path ?? "";
  return `s3://${bucket}/${path.slice(0, path.lastIndexOf("/") + 1)}`;
}

/** The statement of a run and the query that wrote a file, whose name starts with its id: 20261123_101112_00042_ab3de_... */
export function queryOfFile(
  path: string,
): { readonly statement: string; readonly query: string } | undefined {
  const [, statement, query] = /\/(\d+)\/[^/]+\/(\d{8}_\d{6}_\d{5}_[a-z0-9]{5})_[^/]*$/.exec(path) ?? [];
  return statement === undefined || query === undefined ? undefined : { statement, query };
}

/** A statement that was repeated, after failing halfway or losing its answer, has written rows twice. */
function requireWrittenOnce(files: readonly StoredObject[]): void {
  const queryOfStatement = new Map<string, string>();
  for (const { path } of files) {
    const written = queryOfFile(path);
    if (written === undefined) continue;
    const { statement, query } = written;
    const known = queryOfStatement.get(statement) ?? query;
    queryOfStatement.set(statement, known);
    if (known === query) continue;
    throw new DynalakeError("ENGINE_FAILED", `statement ${statement} of a run ran twice: ${path}`, {
      next: "Nothing was committed. Start the snapshot or compaction again.",
    });
  }
}

/** Rows by segment, from the footers of their files. The range from "-" to "." has every base segment of the run and little else. */
async function countRows(
  context: SegmentsContext,
  table: string,
  run: string,
): Promise<ReadonlyMap<string, number>> {
  const segments = glueTable(context.database, segmentsTableName(table));
  const base = `_segment > ${literal(`b-${run}-`)} AND _segment < ${literal(`b-${run}.`)}`;
  const ids = `(${base}) OR _segment = ${literal(nameOfPlace({ run, part: ALL_KEYS }))}`;
  const counted = await context.rows(
    `SELECT _segment, count(*) AS rows FROM ${segments} WHERE ${ids} GROUP BY _segment`,
  );
  return new Map(counted.map((row) => [String(row._segment), Number(row.rows)]));
}
