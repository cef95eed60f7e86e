/** A snapshot from an export on this machine: transcode -> seed. */
import { DEFAULT_POLICY } from "../../core/compaction/compaction-policy.ts";
import { type SeedContext, seed } from "../../core/compaction/seed.ts";
import { DynalakeError } from "../../core/error.ts";
import { schemaPath } from "../../core/format/lake-path.ts";
import type { Manifest } from "../../core/format/manifest.ts";
import type { SnapshotsKept } from "../../core/format/snapshots-kept.ts";
import { itemWireColumns } from "../../core/row/wire-line.ts";
import type { Schema } from "../../core/schema/schema.ts";
import type { NumberRange } from "../../core/schema/staging-splits.ts";
import { emptyWireRows } from "../../core/sql/typed-columns.ts";
import { holdsData } from "../../core/table/holds-data.ts";
import { type QuarantinedRecord, quarantineRecords } from "../../core/table/quarantine.ts";
import { writeSchema } from "../../core/table/schema-file.ts";
import { keyAttributes } from "../../core/values/key.ts";
import { newRunId, nowSeconds } from "../../sdk/new-run-id.ts";
import type { Transcoded } from "../../transcode/transcode.ts";
import { wireFiles } from "../duckdb/wire-files.ts";
import type { ExportFolder } from "../exports/export-folder.ts";
import type { LakeFolder } from "../folder/lake-folder.ts";
import type { SchemaChoice } from "../schemas/schema-choice.ts";
import { type Staged, stageExport } from "./staged-export.ts";
import { stagedFiles } from "./staging-files.ts";
import { withStaging } from "./with-staging.ts";

export interface SnapshotRequest {
  readonly lake: LakeFolder;
  readonly choice: SchemaChoice;
  readonly export: ExportFolder;
  readonly maskKey: Uint8Array | undefined;
  readonly snapshotsKept?: SnapshotsKept | undefined;
  readonly threads: number;
  /** The export's items are those of a moment not before this one. */
  readonly cutSeconds: number;
  readonly onProgress: (progress: SnapshotProgress) => void;
  /** Whether the types of columns may change: no change was delivered, and none can be until the commit. */
  readonly mayRetype: () => Promise<boolean>;
  readonly signal: AbortSignal;
}

export interface SnapshotProgress {
  readonly step: "reading" | "writing";
  /** The lake table. */
  readonly table: string;
  readonly items: number;
  readonly itemsTotal: number;
}

export interface SnapshotResult {
  readonly manifest: Manifest;
  /** What the rows were written by: where it was inferred, what all items suggest. */
  readonly choice: SchemaChoice;
  readonly items: number;
  /** Items that belong to no lake table by the schema's `where`. */
  readonly skipped: number;
  readonly quarantined: number;
  /** What schema.json held when the items were about to be read. */
  readonly schemaBefore: Uint8Array | undefined;
}

/** Takes the export in. Whatever fails before the commit leaves the lake as it was, but for lines in quarantine. */
export async function snapshotFromExport(request: SnapshotRequest): Promise<SnapshotResult> {
  const { lake } = request;
  const { table } = request.choice.schema;
  const run = newRunId();
  const schemaBefore = await lake.store.read(schemaPath(table));
  const isNew = !(await holdsData(lake.store, table));
  try {
    return await withStaging({ root: lake.root, table, run }, (staging) =>
      takenIn(request, { run, staging, isNew, schemaBefore }),
    );
  } catch (error) {
    if (isNew) await restoreSchema(lake, table, schemaBefore).catch(() => undefined);
    throw error;
  }
}

interface TakeIn extends Pick<SnapshotResult, "schemaBefore"> {
  readonly run: string;
  /** The folder of staged files. */
  readonly staging: string;
  readonly isNew: boolean;
}

async function takenIn(
  request: SnapshotRequest,
  { run, staging, isNew, schemaBefore }: TakeIn,
): Promise<SnapshotResult> {
  const { lake } = request;
  const { table } = request.choice.schema;
  const itemsTotal = request.export.summary.itemCount;
  const onItems = (items: number): void => request.onProgress({ step: "reading", table, items, itemsTotal });
  const staged = await stageExport({ ...request, onItems }, staging);
  const { items, skipped, choice } = staged;
  const { schema } = choice;
  request.onProgress({ step: "writing", table, items, itemsTotal: items });
  requireSomeKey(schema, staged);
  // Before the commit, so that no crash can leave a snapshot that does not say what it left out,
  const quarantined = quarantinedOf(request, staged);
  if (quarantined.length > 0) await quarantineRecords(lake.store, table, quarantined);
  // or data without a schema.
  if (isNew) await writeSchema(lake.store, schema);
  const manifest = await seed({
    store: lake.store,
    engine: lake.engine,
    schema,
    run,
    ...stagedRows(lake, staged),
    items,
    exportTimeSeconds: request.export.summary.exportTimeSeconds,
    cutSeconds: request.cutSeconds,
    deliveryDelaySeconds: DEFAULT_POLICY.deliveryDelaySeconds,
    snapshotsKept: request.snapshotsKept,
    replacesSchema: choice.effect.replaces,
    nowSeconds,
  });
  return { manifest, choice, items, skipped, quarantined: quarantined.length, schemaBefore };
}

/** Where not one line has the key, it is the key that is wrong, and not the lines. */
function requireSomeKey({ key }: Schema, { items, skipped, rejected }: Transcoded): void {
  if (items + skipped > 0 || rejected.length === 0) return;
  if (!rejected.every(({ reason }) => reason === "no-key")) return;
  const names = keyAttributes(key).map((name) => `"${name}"`);
  throw new DynalakeError("USAGE", `no item of the export has the key ${names.join(" and ")}`, {
    next: "Check --key, or the key in the schema file, against the table.",
  });
}

async function restoreSchema(lake: LakeFolder, table: string, before: Uint8Array | undefined): Promise<void> {
  if (await holdsData(lake.store, table)) return;
  if (before === undefined) await lake.store.remove([schemaPath(table)]);
  else await lake.store.replace(schemaPath(table), before);
}

function stagedRows(
  { engine }: LakeFolder,
  { items, writers, place, choice }: Staged,
): Pick<SeedContext, "staged" | "splits"> {
  const columns = itemWireColumns(choice.schema);
  if (items === 0) return { staged: emptyWireRows(engine.dialect, columns) };
  const relation = (splits: NumberRange): string => wireFiles(columns, stagedFiles(place, writers, splits));
  return {
    staged: relation({ from: 0, below: place.splits }),
    splits: {
      count: place.splits,
      // An export may have many more items than belong to the table.
      together: Math.max(1, Math.floor((engine.rowsPerFileMax * place.splits) / items)),
      relation,
    },
  };
}

function quarantinedOf(request: SnapshotRequest, transcoded: Transcoded): readonly QuarantinedRecord[] {
  const source = request.export.summary.tableArn ?? "an export";
  return transcoded.rejected.map((line) => ({ ...line, source, arrivedAtSeconds: nowSeconds() }));
}
