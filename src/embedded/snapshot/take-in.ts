/** Takes an export into a lake table: its schema is chosen, then its items are staged and committed. */
import { existsSync } from "node:fs";
import { rmdir } from "node:fs/promises";
import { join } from "node:path";
import { sourceOfArn } from "../../core/change/named-source.ts";
import { changesFolder, schemaPath } from "../../core/format/lake-path.ts";
import { type Gap, openGaps } from "../../core/format/manifest.ts";
import type { SnapshotsKept } from "../../core/format/snapshots-kept.ts";
import type { Inference } from "../../core/infer/inference.ts";
import type { Drift } from "../../core/overlay/drift-finding.ts";
import { schemaOf } from "../../core/schema/schema-change.ts";
import { openTableOf } from "../../core/table/open-table.ts";
import { knownGaps } from "../../core/table/recorded-gaps.ts";
import { writeSchema } from "../../core/table/schema-file.ts";
import { rememberKnownSource } from "../../core/table/table-sources.ts";
import type { KeySchema } from "../../core/values/key.ts";
import { removeEmptyFolders } from "../../files/folder-store.ts";
import { newRunId } from "../../sdk/new-run-id.ts";
import { evolvingLake } from "../compaction/evolving-lake.ts";
import { followSnapshot } from "../compaction/follow-data.ts";
import type { ExportFolder } from "../exports/export-folder.ts";
import { observeTable } from "../exports/observation.ts";
import { SAMPLE_ITEMS, sampleExport } from "../exports/sample-export.ts";
import type { LakeFolder } from "../folder/lake-folder.ts";
import { lockLake } from "../folder/lake-lock.ts";
import type { GivenSchema } from "../schemas/given-schema.ts";
import { chooseSchema, type SchemaDemand } from "../schemas/schema-choice.ts";
import { followedNotes } from "../schemas/schema-effect.ts";
import { type SnapshotProgress, type SnapshotResult, snapshotFromExport } from "./snapshot-from-export.ts";
import { withStaging } from "./with-staging.ts";

export interface WishedTable {
  readonly given: GivenSchema | undefined;
  /** The lake table's name. */
  readonly name: string | undefined;
}

/** What a snapshot is asked for, wherever its items come from. */
export interface SnapshotWish extends WishedTable {
  readonly lake: LakeFolder;
  readonly key: KeySchema | undefined;
  readonly maskKey: Uint8Array | undefined;
  /** How many snapshots the table keeps from now on. Default: what it was asked to keep before. */
  readonly keep?: SnapshotsKept | undefined;
  readonly threads: number;
  readonly onProgress: (progress: TakingProgress) => void;
  readonly signal: AbortSignal;
}

export type TakingProgress =
  | SnapshotProgress
  | {
      readonly step: "scanning";
      readonly source: string;
      readonly items: number;
      readonly segmentsDone: number;
      readonly segments: number;
    };

export interface TakenSnapshot extends SnapshotResult {
  /** What SQL does not show of the table as the snapshot, and changes since, leave it. */
  readonly drift: readonly Drift[];
  /** Gaps that the snapshot does not repair. */
  readonly openGaps: readonly Gap[];
}

export interface ExportToTakeIn {
  readonly folder: ExportFolder;
  /** Its items are those of a moment not before this one. */
  readonly cutSeconds: number;
}

/** Everything of the demand but the source and its key. */
export function demandOf(
  { lake, given, name }: SnapshotWish,
  source: Pick<SchemaDemand, "source" | "key" | "keyTypes">,
): SchemaDemand {
  return { store: lake.store, given, name, replacesData: true, ...source };
}

/** A failure before the commit leaves the lake as it was, except for lines in quarantine. */
export async function takeIn(
  { lake, maskKey, keep, threads, onProgress, signal }: SnapshotWish,
  demand: SchemaDemand,
  { folder, cutSeconds }: ExportToTakeIn,
): Promise<TakenSnapshot> {
  const sample = async (key: KeySchema): Promise<Inference> => {
    const { found, see } = observeTable(key);
    await sampleExport(folder, see, SAMPLE_ITEMS);
    return found;
  };
  const { store } = lake;
  const choice = await chooseSchema({ ...demand, sample });
  const { schema, effect } = choice;
  signal.throwIfAborted();
  // A follower that began under the old schema would deliver columns that the new one does not have.
  let lock = effect.replaces ? await lockLake(lake.root) : undefined;
  const mayRetype = async (): Promise<boolean> => {
    if ((await lake.store.folders(changesFolder(schema.table))).length > 0) return false;
    lock ??= await lockLake(lake.root).catch(() => undefined);
    return lock !== undefined;
  };
  try {
    const result = await withoutTrace(lake, schema.table, () =>
      snapshotFromExport({
        lake,
        choice,
        mayRetype,
        export: folder,
        cutSeconds,
        maskKey,
        snapshotsKept: keep,
        threads,
        onProgress: (progress) => {
          signal.throwIfAborted();
          onProgress(progress);
        },
        signal,
      }),
    );
    const source = sourceOfArn(folder.summary.tableArn ?? "");
    if (source !== undefined) await rememberKnownSource(lake.store, schema.table, source);
    const { manifest } = result;
    const written = schemaOf(manifest.schema, result.choice.schema);
    const hasChanged =
      choice.origin === "given" || (choice.evolves === true && result.choice.schema !== schema);
    // breakage: edit-during-snapshot-stays
    if (hasChanged && isSame(result.schemaBefore, await store.read(schemaPath(schema.table))))
      await writeSchema(store, written);
    const gaps = await knownGaps(lake.store, schema.table, manifest);
    const known = { manifest, sequences: [] };
    const opened = await openTableOf(lake.store, written, known);
    const { widened, drift } = await followSnapshot(
      evolvingLake(lake),
      opened,
      result.choice.evolves === true,
    );
    const notes = [...(result.choice.notes ?? []), ...followedNotes(written, widened)];
    return {
      ...result,
      choice: { ...result.choice, notes },
      drift,
      openGaps: openGaps(manifest, gaps),
    };
  } finally {
    lock?.release();
  }
}

/** A failure removes a new lake's folder again, unless it holds something. */
export async function withoutTraceOfLake<T>({ root }: LakeFolder, run: () => Promise<T>): Promise<T> {
  const isNew = !existsSync(root);
  try {
    return await run();
  } catch (error) {
    if (isNew) await rmdir(root).catch(() => undefined);
    throw error;
  }
}

/** Whether the file is the one of before in the meantime. */
function isSame(before: Uint8Array | undefined, now: Uint8Array | undefined): boolean {
  if (before === undefined || now === undefined) return before === now;
  return before.length === now.length && before.every((byte, i) => byte === now[i]);
}

/** A failure removes the folders of a new table again, unless they hold something. */
async function withoutTrace<T>(lake: LakeFolder, table: string, run: () => Promise<T>): Promise<T> {
  const folder = join(lake.root, table);
  const isNew = !existsSync(folder);
  try {
    return await run();
  } catch (error) {
    if (isNew) await removeEmptyFolders(folder);
    throw error;
  }
}

/** Runs what makes an export in a staging folder of the table, which is removed in any case. A failure leaves no trace of a new table. */
export function inStaging<T>(
  lake: LakeFolder,
  table: string,
  run: (folder: string) => Promise<T>,
): Promise<T> {
  const place = { root: lake.root, table, run: newRunId() };
  return withoutTrace(lake, table, () => withStaging(place, run));
}
