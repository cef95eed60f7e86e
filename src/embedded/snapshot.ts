/** A snapshot from an export on this machine: transcode -> seed. */
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { DEFAULT_POLICY } from "../core/compaction-plan.ts";
import { stagingRunFolder } from "../core/lake-path.ts";
import { readSchema, writeSchema } from "../core/lake-table.ts";
import type { Manifest } from "../core/manifest.ts";
import { type QuarantinedRecord, quarantineRecords } from "../core/quarantine.ts";
import type { Schema } from "../core/schema.ts";
import { seed } from "../core/seed.ts";
import { emptyWireRows } from "../core/sql/columns.ts";
import { itemWireColumns } from "../core/wire-line.ts";
import type { ExportFolder, ExportPart } from "./export-folder.ts";
import { fileError } from "./file-error.ts";
import { type Lake, newRun, nowSeconds } from "./lake.ts";
import type { Transcoded, TranscodeTask } from "./transcode.ts";
import { transcodeAll } from "./transcode-pool.ts";
import { wireFiles } from "./wire-files.ts";

export interface SnapshotRequest {
  readonly lake: Lake;
  readonly schema: Schema;
  readonly export: ExportFolder;
  readonly maskKey: Uint8Array | undefined;
  readonly threads: number;
  /** The export's items are those of a moment not before this one. */
  readonly cutSeconds: number;
  readonly onProgress: (progress: SnapshotProgress) => void;
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

/** How many full snapshots a lake keeps for `<table>_snapshots`. */
const SNAPSHOTS_KEPT = 1;

/** Takes the export in. Whatever fails before the commit leaves the lake as it was. */
export async function snapshotFromExport(request: SnapshotRequest): Promise<SnapshotResult> {
  const { lake, schema } = request;
  const run = newRun();
  const staging = join(lake.root, stagingRunFolder(schema.table, run));
  try {
    await mkdir(staging, { recursive: true }).catch((error: unknown) => {
      throw fileError(error, staging);
    });
    const tasks = request.export.parts.map((part, i) => taskOf(part, staging, i));
    const transcoded = await transcodeWithProgress(request, tasks);
    const known = await readSchema(lake.store, schema.table);
    if (known === undefined) await writeSchema(lake.store, schema);
    const manifest = await seed({
      store: lake.store,
      engine: lake.engine,
      schema,
      run,
      staged: stagedRelation(request, tasks, transcoded.items),
      items: transcoded.items,
      exportTimeSeconds: request.export.summary.exportTimeSeconds,
      cutSeconds: request.cutSeconds,
      deliveryDelaySeconds: DEFAULT_POLICY.deliveryDelaySeconds,
      snapshotsKept: SNAPSHOTS_KEPT,
      nowSeconds,
    });
    const quarantined = quarantinedOf(request, transcoded);
    if (quarantined.length > 0) {
      await quarantineRecords(lake.store, schema.table, quarantined);
    }
    return {
      manifest,
      items: transcoded.items,
      skipped: transcoded.skipped,
      quarantined: quarantined.length,
    };
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

function taskOf(part: ExportPart, staging: string, index: number): TranscodeTask {
  const target = join(staging, `${String(index).padStart(6, "0")}.jsonl`);
  return { source: part.file, target, itemCount: part.itemCount, md5: part.md5 };
}

async function transcodeWithProgress(
  request: SnapshotRequest,
  tasks: readonly TranscodeTask[],
): Promise<Transcoded> {
  const itemsTotal = request.export.summary.itemCount;
  const sum = { items: 0, skipped: 0, rejected: [] as Transcoded["rejected"][number][] };
  await transcodeAll({
    schema: request.schema,
    maskKey: request.maskKey,
    tasks,
    threads: request.threads,
    onDone: (part) => {
      sum.items += part.items;
      sum.skipped += part.skipped;
      sum.rejected.push(...part.rejected);
      request.onProgress({ step: "reading", items: sum.items + sum.skipped, itemsTotal });
    },
  });
  request.onProgress({ step: "writing", items: sum.items, itemsTotal: sum.items });
  return sum;
}

function stagedRelation(request: SnapshotRequest, tasks: readonly TranscodeTask[], items: number): string {
  const columns = itemWireColumns(request.schema);
  if (items === 0) return emptyWireRows(request.lake.engine.dialect, columns);
  return wireFiles(
    columns,
    tasks.map((task) => task.target),
  );
}

function quarantinedOf(request: SnapshotRequest, transcoded: Transcoded): readonly QuarantinedRecord[] {
  const source = request.export.summary.tableArn ?? "an export";
  return transcoded.rejected.map((line) => ({ ...line, source, arrivedAtSeconds: nowSeconds() }));
}
