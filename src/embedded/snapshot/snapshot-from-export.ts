/** A snapshot from an export on this machine: transcode -> seed. */
import { rm, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DEFAULT_POLICY } from "../../core/compaction/compaction-policy.ts";
import { type SeedContext, seed } from "../../core/compaction/seed.ts";
import { DynalakeError } from "../../core/error.ts";
import { schemaPath, stagingRunFolder } from "../../core/format/lake-path.ts";
import type { Manifest } from "../../core/format/manifest.ts";
import { itemWireColumns } from "../../core/row/wire-line.ts";
import type { Schema } from "../../core/schema/schema.ts";
import { type NumberRange, splitsFor } from "../../core/schema/staging-splits.ts";
import { emptyWireRows } from "../../core/sql/typed-columns.ts";
import { holdsData } from "../../core/table/holds-data.ts";
import { type QuarantinedRecord, quarantineRecords } from "../../core/table/quarantine.ts";
import { writeSchema } from "../../core/table/schema-file.ts";
import { keyAttributes } from "../../core/values/key.ts";
import { fileError } from "../../files/file-error.ts";
import { makeFolder } from "../../files/folder-store.ts";
import { newRunId, nowSeconds } from "../../sdk/new-run-id.ts";
import { requireFewRejected, type Transcoded } from "../../transcode/transcode.ts";
import { wireFiles } from "../duckdb/wire-files.ts";
import type { ExportFolder } from "../exports/export-folder.ts";
import type { LakeFolder } from "../folder/lake-folder.ts";
import { type StagingPlace, stagedFiles } from "./staging-files.ts";
import { stageAll } from "./staging-pool.ts";

export interface SnapshotRequest {
  readonly lake: LakeFolder;
  readonly schema: Schema;
  readonly export: ExportFolder;
  readonly maskKey: Uint8Array | undefined;
  readonly threads: number;
  /** The export's items are those of a moment not before this one. */
  readonly cutSeconds: number;
  /** The schema replaces that of the table, whose change log is empty. Default: it can only add columns. */
  readonly replacesSchema?: boolean;
  readonly onProgress: (progress: SnapshotProgress) => void;
  readonly signal?: AbortSignal;
}

export interface SnapshotProgress {
  readonly step: "reading" | "writing";
  readonly items: number;
  readonly itemsTotal: number;
}

export interface SnapshotResult {
  readonly manifest: Manifest;
  readonly items: number;
  /** Items that belong to no lake table by the schema's `where`. */
  readonly skipped: number;
  readonly quarantined: number;
}

/** The engine writes one part of the base after the other; each split is a file that is open in each thread. */
const SPLIT_LIMITS = { bucketsAtOnce: 1, splitsMax: 256 };

/** How many full snapshots a lake keeps for `<table>_snapshots`. */
const SNAPSHOTS_KEPT = 1;

interface Staged extends Transcoded {
  /** How many threads wrote files. */
  readonly writers: number;
}

/** Takes the export in. Whatever fails before the commit leaves the lake as it was, but for lines in quarantine. */
export async function snapshotFromExport(request: SnapshotRequest): Promise<SnapshotResult> {
  const { lake, schema } = request;
  const run = newRunId();
  const staging = join(lake.root, stagingRunFolder(schema.table, run));
  const schemaBefore = await lake.store.read(schemaPath(schema.table));
  const isNew = !(await holdsData(lake.store, schema.table));
  try {
    await makeFolder(staging).catch((error: unknown) => {
      throw fileError(error, staging);
    });
    const { itemCount } = request.export.summary;
    const place = { folder: staging, splits: splitsFor(schema.partitioning, itemCount, SPLIT_LIMITS) };
    const transcoded = await stageWithProgress(request, place);
    requireSomeKey(request, transcoded);
    // Before the commit, so that no crash can leave a snapshot that does not say what it left out,
    const quarantined = quarantinedOf(request, transcoded);
    if (quarantined.length > 0) await quarantineRecords(lake.store, schema.table, quarantined);
    // or data without a schema.
    if (isNew) await writeSchema(lake.store, schema);
    const manifest = await seed({
      store: lake.store,
      engine: lake.engine,
      schema,
      run,
      ...stagedRows(request, place, transcoded),
      items: transcoded.items,
      exportTimeSeconds: request.export.summary.exportTimeSeconds,
      cutSeconds: request.cutSeconds,
      deliveryDelaySeconds: DEFAULT_POLICY.deliveryDelaySeconds,
      snapshotsKept: SNAPSHOTS_KEPT,
      replacesSchema: request.replacesSchema ?? false,
      nowSeconds,
    });
    return {
      manifest,
      items: transcoded.items,
      skipped: transcoded.skipped,
      quarantined: quarantined.length,
    };
  } catch (error) {
    if (isNew) await restoreSchema(lake, schema.table, schemaBefore).catch(() => undefined);
    throw error;
  } finally {
    await rm(staging, { recursive: true, force: true });
    await rmdir(dirname(staging)).catch(() => undefined);
  }
}

/** Where not one line has the key, it is the key that is wrong, and not the lines. */
function requireSomeKey({ schema }: SnapshotRequest, { items, skipped, rejected }: Transcoded): void {
  if (items + skipped > 0 || rejected.length === 0) return;
  if (!rejected.every(({ reason }) => reason === "no-key")) return;
  const names = keyAttributes(schema.key).map((name) => `"${name}"`);
  throw new DynalakeError("USAGE", `no item of the export has the key ${names.join(" and ")}`, {
    next: "Check --key, or the key in the schema file, against the table.",
  });
}

async function restoreSchema(lake: LakeFolder, table: string, before: Uint8Array | undefined): Promise<void> {
  if (await holdsData(lake.store, table)) return;
  if (before === undefined) await lake.store.remove([schemaPath(table)]);
  else await lake.store.replace(schemaPath(table), before);
}

async function stageWithProgress(request: SnapshotRequest, place: StagingPlace): Promise<Staged> {
  const itemsTotal = request.export.summary.itemCount;
  const sum = { items: 0, skipped: 0, rejected: [] as Transcoded["rejected"][number][] };
  let rejectedCharacters = 0;
  const writers = await stageAll({
    schema: request.schema,
    maskKey: request.maskKey,
    tasks: request.export.parts.map(({ file, itemCount, md5 }) => ({ source: file, itemCount, md5 })),
    place,
    threads: request.threads,
    ...(request.signal === undefined ? {} : { signal: request.signal }),
    onDone: (part) => {
      sum.items += part.items;
      sum.skipped += part.skipped;
      sum.rejected.push(...part.rejected);
      rejectedCharacters += part.rejected.reduce((characters, line) => characters + line.raw.length, 0);
      requireFewRejected(sum.rejected.length, rejectedCharacters);
      request.onProgress({ step: "reading", items: sum.items + sum.skipped, itemsTotal });
    },
  });
  request.onProgress({ step: "writing", items: sum.items, itemsTotal: sum.items });
  return { ...sum, writers };
}

function stagedRows(
  { lake, schema }: SnapshotRequest,
  place: StagingPlace,
  { items, writers }: Staged,
): Pick<SeedContext, "staged" | "splits"> {
  const columns = itemWireColumns(schema);
  if (items === 0) return { staged: emptyWireRows(lake.engine.dialect, columns) };
  const relation = (splits: NumberRange): string => wireFiles(columns, stagedFiles(place, writers, splits));
  return {
    staged: relation({ from: 0, below: place.splits }),
    splits: { count: place.splits, relation },
  };
}

function quarantinedOf(request: SnapshotRequest, transcoded: Transcoded): readonly QuarantinedRecord[] {
  const source = request.export.summary.tableArn ?? "an export";
  return transcoded.rejected.map((line) => ({ ...line, source, arrivedAtSeconds: nowSeconds() }));
}
