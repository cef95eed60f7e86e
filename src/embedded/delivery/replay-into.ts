/** Replays recordings into a lake table, by the same path as changes from a stream. */
import { realpath } from "node:fs/promises";
import { relative, sep } from "node:path";
import { setImmediate as otherWork } from "node:timers/promises";
import { Rejection, readChangeText } from "../../core/change/change.ts";
import { defined } from "../../core/defined.ts";
import type { HeldReading, RowReading } from "../../core/delivery/batch-rows.ts";
import { addQuarantined, addUndeliverable, HeldChanges } from "../../core/delivery/held-changes.ts";
import { KeptRows } from "../../core/delivery/kept-rows.ts";
import {
  addedTotals,
  foreseenReplay,
  NOTHING_REPLAYED,
  type Recording,
  type ReplayContext,
  type ReplayProgress,
  type ReplayTotals,
  recordBatches,
  replayRecording,
} from "../../core/delivery/recording.ts";
import { changesFolder, quarantineFolder } from "../../core/format/lake-path.ts";
import type { Inference } from "../../core/infer/inference.ts";
import { rowCodec } from "../../core/row/row.ts";
import { lineWriter } from "../../core/row/wire-line.ts";
import { singleTable } from "../../core/table/chosen-tables.ts";
import { holdsData } from "../../core/table/holds-data.ts";
import { isFilled, type OpenTable, requireTable } from "../../core/table/open-table.ts";
import { writeSchema } from "../../core/table/schema-file.ts";
import { rememberKnownSource } from "../../core/table/table-sources.ts";
import type { Item } from "../../core/values/attribute-value.ts";
import type { KeySchema } from "../../core/values/key.ts";
import { nowSeconds } from "../../sdk/new-run-id.ts";
import { foldLateChanges } from "../compaction/fold-late-changes.ts";
import type { Followed } from "../compaction/follow-data.ts";
import type { LakeFolder } from "../folder/lake-folder.ts";
import { lockLake } from "../folder/lake-lock.ts";
import type { GivenSchema } from "../schemas/given-schema.ts";
import { observedItems } from "../schemas/inference.ts";
import { chooseSchema, type SchemaChoice } from "../schemas/schema-choice.ts";
import { adoptSchema } from "../schemas/schema-effect.ts";
import { FILE_LIMITS, parquetSink } from "./parquet-sink.ts";
import { type RecordedSources, sourcesFor } from "./recorded-sources.ts";

export interface ReplayWish {
  readonly lake: LakeFolder;
  /** What messages call the lake. */
  readonly lakeName: string;
  /** The lake table; needed if the lake has several, or not this one yet. */
  readonly name: string | undefined;
  readonly given: GivenSchema | undefined;
  readonly key: KeySchema | undefined;
  readonly maskKey: Uint8Array | undefined;
  /** Changes are delivered although newer ones of their items are held. */
  readonly partial: boolean;
  /** Records count whatever source they name. */
  readonly anySource: boolean;
  readonly onProgress: (table: string, progress: ReplayProgress) => void;
  readonly onColumns: (table: string, added: readonly string[]) => void;
  /** Late changes are folded at once, and the table's columns follow them. */
  readonly onFollowed: (table: string, followed: Followed) => void;
  readonly signal: AbortSignal;
}

/** A recording, and the file of this machine that it was read from. */
export interface RecordingToReplay {
  readonly recording: Recording;
  readonly path: string | undefined;
}

export interface ReplayedInto {
  readonly table: string;
  readonly totals: ReplayTotals;
}

export async function replayInto(
  recordings: readonly RecordingToReplay[],
  wish: ReplayWish,
): Promise<ReplayedInto> {
  const { lake, signal } = wish;
  // What cannot be replayed is refused before anything is written.
  const chosen = await chosenFor(recordings, wish);
  lineWriter(rowCodec(chosen.schema, wish.maskKey));
  const { table } = chosen.schema;
  // As long as there are no changes, a snapshot may replace the schema. Nothing may be delivered by the old one after that.
  const hasChanges = (await lake.store.folders(changesFolder(table))).length > 0;
  const lock = hasChanges ? undefined : await lockLake(lake.root); // breakage: first-replay-locks-lake
  try {
    const choice = lock === undefined ? chosen : await chosenFor(recordings, wish);
    const { sources, told } = await sourcesOf(recordings, choice, wish);
    const opened = await openedWith(choice, wish);
    if (told !== undefined) await rememberKnownSource(lake.store, table, told);
    const { schema } = opened;
    const reading: ReplayContext = {
      floorSeconds: opened.manifest.floorSeconds,
      ...(sources && { otherSourceOf: (record) => sources.otherSourceOf(record) }),
      store: lake.store,
      sink: parquetSink(lake.root, schema, lake.session),
      writer: lineWriter(rowCodec(schema, wish.maskKey)),
      rowBytesMax: FILE_LIMITS.recordBytesMax,
      nowSeconds,
      onProgress: (progress) => {
        signal.throwIfAborted();
        wish.onProgress(table, progress);
      },
    };
    const { held, rows } = await firstReading(recordings, reading, wish);
    const context = { ...reading, ...defined({ held }) };
    let totals = NOTHING_REPLAYED;
    for (const { recording, path } of recordings) {
      const replayed = await replayRecording(context, recording, rows);
      totals = addedTotals(totals, replayed.totals);
      const isDone = replayed.totals.otherSources.length === 0; // breakage: other-sources-stay-in-quarantine
      if (path !== undefined && isDone) await leaveQuarantine(lake, table, path, replayed.kept);
    }
    await foldLateChanges(lake, schema, totals.oldestChangeSeconds, {
      known: opened,
      onFollowed: (followed) => wish.onFollowed(table, followed),
      signal,
    });
    return { table, totals };
  } finally {
    lock?.release();
  }
}

/** What `replayInto` would do. Writes nothing; a table that the lake does not have yet is refused. */
export async function foreseeReplay(
  recordings: readonly RecordingToReplay[],
  wish: ReplayWish,
): Promise<ReplayedInto> {
  const { lake, signal } = wish;
  const chosen = await chosenFor(recordings, wish);
  const { table } = chosen.schema;
  const { manifest, schema } = "manifest" in chosen ? chosen : await requireTable(lake.store, table);
  const { sources } = await sourcesOf(recordings, chosen, wish);
  const reading = {
    floorSeconds: manifest.floorSeconds,
    ...(sources && { otherSourceOf: (record: unknown) => sources.otherSourceOf(record) }),
    writer: lineWriter(rowCodec(schema, wish.maskKey)),
    rowBytesMax: FILE_LIMITS.recordBytesMax,
    nowSeconds,
  };
  const { held, rows } = await firstReading(recordings, reading, wish);
  const context = { ...reading, ...defined({ held }) };
  let totals = NOTHING_REPLAYED;
  for (const { recording } of recordings) {
    await otherWork();
    signal.throwIfAborted();
    totals = addedTotals(totals, foreseenReplay(context, recording, rows));
  }
  return { table, totals };
}

/** The sources that the changes may come from; with `anySource` all of them. */
async function sourcesOf(
  recordings: readonly RecordingToReplay[],
  choice: Chosen,
  { lake: { store }, anySource }: ReplayWish,
): Promise<RecordedSources> {
  if (anySource) return { sources: undefined, told: undefined };
  const { schema } = choice;
  const filled = "manifest" in choice ? await isFilled(choice) : await holdsData(store, schema.table);
  const given = recordings.map(({ recording }) => recording);
  return sourcesFor(given, { schema, isFilled: filled }, store);
}

interface FirstReading {
  /** What stays held while these are replayed, in other quarantine files and in these; undefined where nothing is. */
  readonly held: HeldReading | undefined;
  /** Rows of these, where nothing is held. */
  readonly rows: KeptRows | undefined;
}

async function firstReading(
  recordings: readonly RecordingToReplay[],
  context: RowReading & Pick<ReplayContext, "nowSeconds">,
  { lake, partial, signal }: ReplayWish,
): Promise<FirstReading> {
  const { key, table } = context.writer.codec.schema;
  const held = new HeldChanges(key);
  const paths = await Promise.all(
    recordings.map(({ path }) => (path === undefined ? undefined : pathIn(lake, path))),
  );
  const replayed = new Set(paths.filter((path) => path !== undefined));
  await addQuarantined(held, { store: lake.store, table }, replayed, () => signal.throwIfAborted());
  const rows = new KeptRows();
  for (const { recording } of recordings) {
    for (const [i, records] of recordBatches(recording).entries()) {
      await otherWork();
      signal.throwIfAborted();
      const batch = { records, source: recording.name, arrivedAtSeconds: context.nowSeconds() };
      rows.keep(recording.records, i, addUndeliverable(held, context, batch));
    }
  }
  // breakage: kept-rows-where-nothing-is-held
  if (held.size === 0) return { held: undefined, rows };
  const isNewerHeld = (hash: string, version: string): boolean => held.isNewerHeld(hash, version);
  return { held: { isNewerHeld, partial }, rows: undefined };
}

/** The path in the lake of a file of this machine; undefined where there is none. */
async function pathIn({ root }: LakeFolder, file: string): Promise<string | undefined> {
  const [real, realFile] = await Promise.all([realpath(root), realpath(file).catch(() => undefined)]);
  return realFile && relative(real, realFile).split(sep).join("/");
}

/** A quarantine file of this table is done once its records are delivered. What is still wrong is in `kept`. */
async function leaveQuarantine(
  lake: LakeFolder,
  table: string,
  file: string,
  kept: readonly string[],
): Promise<void> {
  const path = await pathIn(lake, file);
  // It was given twice, or another replay was faster.
  if (path === undefined) return;
  if (!path.startsWith(quarantineFolder(table)) || kept.includes(path)) return;
  await lake.store.remove([path]);
}

/** The lake's only table, or a choice of schema for the one that is named. */
type Chosen = OpenTable | SchemaChoice;

/** The schema is the lake's, a given one, or one inferred from the new images of the recordings. Writes nothing. */
async function chosenFor(recordings: readonly RecordingToReplay[], wish: ReplayWish): Promise<Chosen> {
  const { lake, name, given, key } = wish;
  const { store } = lake;
  if (name === undefined && given === undefined) return singleTable(store, wish.lakeName);
  const sample = async (known: KeySchema): Promise<Inference> =>
    observedItems(images(recordings, known), known);
  return chooseSchema({ store, given, name, key, source: undefined, sample });
}

/** The table with the chosen schema, which is written down as the lake's. */
async function openedWith(chosen: Chosen, { lake, onColumns }: ReplayWish): Promise<OpenTable> {
  if ("manifest" in chosen) return chosen;
  const { store } = lake;
  const { table } = chosen.schema;
  if (await holdsData(store, table)) {
    const added = await adoptSchema(store, chosen);
    if (added.length > 0) onColumns(table, added);
  } else if (chosen.origin !== "lake") await writeSchema(store, chosen.schema);
  return requireTable(store, table);
}

function* images(recordings: readonly RecordingToReplay[], key: KeySchema): Generator<Item> {
  for (const { recording } of recordings) {
    for (const record of recording.records) {
      if (typeof record !== "string") continue;
      try {
        yield readChangeText(record, { key, where: [] }, 0).item;
      } catch (error) {
        if (!(error instanceof Rejection)) throw error;
      }
    }
  }
}
