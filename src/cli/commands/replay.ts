/** `dynalake replay FILE...`: feeds recorded events through the same path as the stream. */
import { realpath } from "node:fs/promises";
import { relative, sep } from "node:path";
import { Rejection, readChangeText } from "../../core/change/change.ts";
import type { DeliveryContext } from "../../core/delivery/deliver.ts";
import { changesFolder, quarantineFolder } from "../../core/format/lake-path.ts";
import type { ObjectStore } from "../../core/ports/object-store.ts";
import { rowCodec } from "../../core/row/row.ts";
import { lineWriter } from "../../core/row/wire-line.ts";
import type { Schema } from "../../core/schema/schema.ts";
import { oneSchema } from "../../core/table/chosen-schemas.ts";
import { holdsData } from "../../core/table/holds-data.ts";
import { requireSchema, writeSchema } from "../../core/table/lake-table.ts";
import type { Item } from "../../core/values/attribute-value.ts";
import type { KeySchema } from "../../core/values/key.ts";
import { foldLateChanges } from "../../embedded/compaction/fold-late-changes.ts";
import { FILE_LIMITS, parquetSink } from "../../embedded/delivery/parquet-sink.ts";
import { type LakeFolder, openLakeFolder } from "../../embedded/folder/lake-folder.ts";
import { type LakeLock, lockLake } from "../../embedded/folder/lake-lock.ts";
import { chooseSchema, parseKeyOption } from "../../embedded/schemas/schema-choice.ts";
import { adoptSchema } from "../../embedded/schemas/schema-effect.ts";
import { nowSeconds } from "../../sdk/run-name.ts";
import { type CommandContext, type ExitCode, givenFile } from "../command.ts";
import { type FolderTarget, type LakeOptions, lakeTarget } from "../lake-target.ts";
import { NOTHING, type Recording, readRecording, replayRecording, reportReplay, sum } from "../replaying.ts";

export interface ReplayOptions extends LakeOptions {
  readonly name?: string;
  readonly key?: string;
  readonly schema?: string;
  readonly json?: boolean;
}

export async function replayCommand(
  context: CommandContext,
  files: readonly string[],
  options: ReplayOptions,
): Promise<ExitCode> {
  const target = lakeTarget(options);
  if (target.kind === "folder") return replayInFolder(context, target, files, options);
  return (await import("../stack/replay.ts")).replayOnStack(context, target, files, options);
}

async function replayInFolder(
  context: CommandContext,
  { folder }: FolderTarget,
  files: readonly string[],
  options: ReplayOptions,
): Promise<ExitCode> {
  // All files are read and understood before anything is written.
  const recordings: Recording[] = [];
  for (const file of files) recordings.push(await readRecording(givenFile(context, file)));
  const lake = await openLakeFolder(context.absolute(folder));
  let lock: LakeLock | undefined;
  try {
    const { table } = await replaySchema(context, lake.store, options, recordings);
    // A snapshot may replace the schema as long as there are no changes, and nobody may deliver by the old one after that.
    const hasChanges = (await lake.store.folders(changesFolder(table))).length > 0;
    lock = hasChanges ? undefined : await lockLake(lake.root);
    const schema = await requireSchema(lake.store, table);
    const delivery: DeliveryContext = {
      store: lake.store,
      sink: parquetSink(lake.root, schema, lake.session),
      writer: lineWriter(rowCodec(schema, context.settings.maskKey)),
      rowBytesMax: FILE_LIMITS.recordBytesMax,
    };
    let totals = NOTHING;
    for (const recording of recordings) {
      const replayed = await replayRecording(context, delivery, recording, nowSeconds);
      totals = sum(totals, replayed.totals);
      await leaveQuarantine(lake, table, context.absolute(recording.file), replayed.kept);
    }
    await foldLateChanges(lake, schema, totals.oldestChangeSeconds);
    const quarantine = `${folder}/${table}/quarantine`;
    return await reportReplay(context, { json: options.json === true, table, quarantine }, totals);
  } finally {
    lock?.release();
    await lake.close();
  }
}

/** A quarantine file of this table is done once its records are delivered; what is still wrong lies in `kept`. */
async function leaveQuarantine(
  lake: LakeFolder,
  table: string,
  file: string,
  kept: readonly string[],
): Promise<void> {
  const [root, real] = await Promise.all([realpath(lake.root), realpath(file).catch(() => undefined)]);
  // It was named twice, or another replay was faster.
  if (real === undefined) return;
  const path = relative(root, real).split(sep).join("/");
  if (!path.startsWith(quarantineFolder(table)) || kept.includes(path)) return;
  await lake.store.remove([path]);
}

/** The lake's schema, a file's, or one inferred from the new images of the recordings, written down as the lake's. */
async function replaySchema(
  context: CommandContext,
  store: ObjectStore,
  options: ReplayOptions,
  recordings: readonly Recording[],
): Promise<Schema> {
  if (options.name === undefined && options.schema === undefined)
    return oneSchema(store, options.lake, undefined);
  const key = parseKeyOption(options.key);
  const sample = async (): Promise<{ items: Iterable<Item>; key: KeySchema | undefined }> => ({
    items: key === undefined ? [] : images(recordings, key),
    key,
  });
  const choice = await chooseSchema({
    store,
    file: options.schema === undefined ? undefined : givenFile(context, options.schema),
    name: options.name,
    key,
    source: undefined,
    sample,
  });
  const { table } = choice.schema;
  if (await holdsData(store, table)) await adoptSchema(context.terminal, store, choice);
  else if (choice.origin !== "lake") await writeSchema(store, choice.schema);
  return requireSchema(store, table);
}

function* images(recordings: readonly Recording[], key: KeySchema): Generator<Item> {
  for (const { records } of recordings) {
    for (const record of records) {
      if (typeof record !== "string") continue;
      try {
        yield readChangeText(record, key, 0).item;
      } catch (error) {
        if (!(error instanceof Rejection)) throw error;
      }
    }
  }
}
