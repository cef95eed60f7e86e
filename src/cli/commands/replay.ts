/** `dynalake replay FILE...`: feeds recorded events through the same path as the stream. */
import { open, realpath } from "node:fs/promises";
import { relative, sep } from "node:path";
import type { Item } from "../../core/attribute-value.ts";
import { Rejection, readChangeText } from "../../core/change.ts";
import { type Delivery, type DeliveryContext, deliver } from "../../core/deliver.ts";
import { DynalakeError } from "../../core/error.ts";
import type { KeySchema } from "../../core/key.ts";
import { quarantineFolder } from "../../core/lake-path.ts";
import { requireSchema, writeSchema } from "../../core/lake-table.ts";
import type { ObjectStore } from "../../core/ports/object-store.ts";
import { type Recorded, readRecordedEvents } from "../../core/recorded-events.ts";
import { rowCodec } from "../../core/row.ts";
import type { Schema } from "../../core/schema.ts";
import { lineWriter } from "../../core/wire-line.ts";
import { systemCode } from "../../embedded/file-error.ts";
import { foldLateChanges } from "../../embedded/fold.ts";
import { holdsData, type Lake, nowSeconds, openLake } from "../../embedded/lake.ts";
import { FILE_LIMITS, parquetSink } from "../../embedded/parquet-sink.ts";
import { type CommandContext, EXIT, type ExitCode } from "../command.ts";
import { oneSchema } from "../lake-choice.ts";
import { chooseSchema, parseKeyOption } from "../schema-choice.ts";
import { adoptSchema } from "../schema-effect.ts";

export interface ReplayOptions {
  readonly lake: string;
  readonly name?: string;
  readonly key?: string;
  readonly schema?: string;
  readonly json?: boolean;
}

/** A recorded file is read whole; a larger one has to be split. */
const FILE_BYTES_MAX = 256 * 1024 * 1024;
const RECORDS_PER_DELIVERY = 10_000;

export async function replayCommand(
  context: CommandContext,
  files: readonly string[],
  options: ReplayOptions,
): Promise<ExitCode> {
  // All files are read and understood before anything is written.
  const recordings: Recording[] = [];
  for (const file of files)
    recordings.push({ file, records: readRecordedEvents(await readText(file), file) });
  const lake = await openLake(options.lake);
  try {
    const schema = await replaySchema(context, lake.store, options, recordings);
    const delivery: DeliveryContext = {
      store: lake.store,
      sink: parquetSink(lake.root, schema, lake.session),
      writer: lineWriter(rowCodec(schema, context.settings.maskKey)),
      rowBytesMax: FILE_LIMITS.recordBytesMax,
    };
    const totals: Totals = {
      rows: 0,
      quarantined: 0,
      skipped: 0,
      oldestChangeSeconds: Number.POSITIVE_INFINITY,
    };
    for (const { file, records } of recordings) {
      const kept: string[] = [];
      for (let from = 0; from < records.length; from += RECORDS_PER_DELIVERY) {
        const batch = records.slice(from, from + RECORDS_PER_DELIVERY);
        const done = await deliver(delivery, {
          records: batch,
          source: file,
          arrivedAtSeconds: nowSeconds(),
        });
        add(totals, done);
        kept.push(...done.quarantineObjects);
        context.terminal.progress(`${file}: ${from + batch.length} of ${records.length} records`);
      }
      await leaveQuarantine(lake, schema.table, file, kept);
    }
    await foldLateChanges(lake, schema, totals.oldestChangeSeconds);
    return await report(context, options, schema.table, totals);
  } finally {
    await lake.close();
  }
}

interface Recording {
  readonly file: string;
  readonly records: readonly Recorded[];
}

interface Totals {
  rows: number;
  quarantined: number;
  skipped: number;
  oldestChangeSeconds: number;
}

function add(totals: Totals, delivery: Delivery): void {
  totals.rows += delivery.rows;
  totals.quarantined += delivery.quarantined.length;
  totals.skipped += delivery.skipped;
  totals.oldestChangeSeconds = Math.min(
    totals.oldestChangeSeconds,
    delivery.oldestChangeSeconds ?? Number.POSITIVE_INFINITY,
  );
}

/** A quarantine file of this table is done once its records are delivered; what is still wrong lies in `kept`. */
async function leaveQuarantine(
  lake: Lake,
  table: string,
  file: string,
  kept: readonly string[],
): Promise<void> {
  const [root, real] = await Promise.all([realpath(lake.root), realpath(file)]);
  const path = relative(root, real).split(sep).join("/");
  if (!path.startsWith(quarantineFolder(table)) || kept.includes(path)) return;
  await lake.store.remove([path]);
}

async function readText(file: string): Promise<string> {
  const handle = await open(file, "r").catch((cause: unknown) => {
    throw new DynalakeError("INPUT_INVALID", `${file} cannot be read: ${systemCode(cause)}`, { cause });
  });
  try {
    const facts = await handle.stat();
    if (!facts.isFile()) throw new DynalakeError("INPUT_INVALID", `${file} is no file`);
    if (facts.size > FILE_BYTES_MAX) {
      throw new DynalakeError(
        "INPUT_INVALID",
        `${file} has ${facts.size} bytes, more than ${FILE_BYTES_MAX}`,
        {
          next: "Split the file into several: JSON lines of records can be cut at any line.",
        },
      );
    }
    return new TextDecoder("utf-8", { fatal: true }).decode(await handle.readFile());
  } catch (error) {
    if (error instanceof TypeError)
      throw new DynalakeError("INPUT_INVALID", `${file} is no UTF-8 text`, { cause: error });
    throw error;
  } finally {
    await handle.close();
  }
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
    file: options.schema,
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

async function report(
  context: CommandContext,
  options: ReplayOptions,
  table: string,
  totals: Totals,
): Promise<ExitCode> {
  const { terminal } = context;
  terminal.settle();
  const skipped = totals.skipped === 0 ? "" : `, ${totals.skipped} belong to other tables`;
  const sentence = `Replayed ${totals.rows} changes into "${table}"${skipped}\n`;
  await terminal.print(
    options.json === true
      ? `${JSON.stringify({ table, rows: totals.rows, quarantined: totals.quarantined, skipped: totals.skipped })}\n`
      : sentence,
  );
  if (totals.quarantined === 0) return EXIT.done;
  terminal.note(`${totals.quarantined} records are in quarantine: ${options.lake}/${table}/quarantine`);
  return EXIT.incomplete;
}
