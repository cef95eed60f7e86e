/** What replay does with recordings wherever the lake lies: they are read as text, and delivered in batches. */
import { open } from "node:fs/promises";
import { type Delivery, type DeliveryContext, deliver } from "../core/delivery/deliver.ts";
import { type Recorded, readRecordedEvents } from "../core/delivery/recorded-events.ts";
import { DynalakeError } from "../core/error.ts";
import { systemCode } from "../files/file-error.ts";
import { type CommandContext, EXIT, type ExitCode, type GivenFile } from "./command.ts";

export interface Recording {
  /** The path of a file, or the address of an object. */
  readonly file: string;
  readonly records: readonly Recorded[];
}

/** What became of the recordings so far. */
export interface Totals {
  readonly rows: number;
  readonly quarantined: number;
  readonly skipped: number;
  readonly oldestChangeSeconds: number;
}

export const NOTHING: Totals = {
  rows: 0,
  quarantined: 0,
  skipped: 0,
  oldestChangeSeconds: Number.POSITIVE_INFINITY,
};

export interface Replayed {
  readonly totals: Totals;
  /** The quarantine objects that hold what could not be delivered. */
  readonly kept: readonly string[];
}

/** A recorded file is read whole; a larger one has to be split. */
const FILE_BYTES_MAX = 256 * 1024 * 1024;
const RECORDS_PER_DELIVERY = 10_000;

/** Delivers a recording; doing it again does no harm. Throws INCOMPLETE at an interrupt, between two batches. */
export async function replayRecording(
  { terminal, interrupted }: CommandContext,
  delivery: DeliveryContext,
  recording: Recording,
  nowSeconds: () => number,
): Promise<Replayed> {
  const { file, records } = recording;
  const kept: string[] = [];
  let totals = NOTHING;
  for (let from = 0; from < records.length; from += RECORDS_PER_DELIVERY) {
    if (interrupted.aborted)
      throw new DynalakeError(
        "INCOMPLETE",
        `the replay was interrupted before all of ${file} was delivered`,
        {
          next: "Run the command again: what was delivered already counts once.",
        },
      );
    const batch = records.slice(from, from + RECORDS_PER_DELIVERY);
    const done = await deliver(delivery, { records: batch, source: file, arrivedAtSeconds: nowSeconds() });
    totals = sum(totals, totalsOf(done));
    kept.push(...done.quarantineObjects);
    terminal.progress(`${file}: ${from + batch.length} of ${records.length} records`);
  }
  return { totals, kept };
}

function totalsOf({ rows, quarantined, skipped, oldestChangeSeconds }: Delivery): Totals {
  return {
    rows,
    quarantined: quarantined.length,
    skipped,
    oldestChangeSeconds: oldestChangeSeconds ?? Number.POSITIVE_INFINITY,
  };
}

export function sum(one: Totals, other: Totals): Totals {
  return {
    rows: one.rows + other.rows,
    quarantined: one.quarantined + other.quarantined,
    skipped: one.skipped + other.skipped,
    oldestChangeSeconds: Math.min(one.oldestChangeSeconds, other.oldestChangeSeconds),
  };
}

/** A file of this machine as a recording; throws INPUT_INVALID. */
export async function readRecording({ name: file, path }: GivenFile): Promise<Recording> {
  const handle = await open(path, "r").catch((cause: unknown) => {
    throw new DynalakeError("INPUT_INVALID", `${file} cannot be read: ${systemCode(cause)}`, { cause });
  });
  try {
    const facts = await handle.stat();
    if (!facts.isFile()) throw new DynalakeError("INPUT_INVALID", `${file} is no file`);
    if (facts.size > FILE_BYTES_MAX) {
      throw new DynalakeError(
        "INPUT_INVALID",
        `${file} has ${facts.size} bytes, more than ${FILE_BYTES_MAX}`,
        { next: "Split the file into several: JSON lines of records can be cut at any line." },
      );
    }
    return recordingOf(file, await handle.readFile());
  } finally {
    await handle.close();
  }
}

/** What a file or an object holds, as a recording; throws INPUT_INVALID. */
export function recordingOf(file: string, content: Uint8Array): Recording {
  return { file, records: readRecordedEvents(decoded(file, content), file) };
}

function decoded(file: string, content: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(content);
  } catch (cause) {
    throw new DynalakeError("INPUT_INVALID", `${file} is no UTF-8 text`, { cause });
  }
}

export interface Report {
  readonly json: boolean;
  readonly table: string;
  /** Where the table's quarantine is. */
  readonly quarantine: string;
}

export async function reportReplay(
  { terminal }: CommandContext,
  { json, table, quarantine }: Report,
  totals: Totals,
): Promise<ExitCode> {
  const { rows, quarantined, skipped } = totals;
  terminal.settle();
  const others = skipped === 0 ? "" : `, ${skipped} belong to other tables`;
  await terminal.print(
    json
      ? `${JSON.stringify({ table, rows, quarantined, skipped })}\n`
      : `Replayed ${rows} changes into "${table}"${others}\n`,
  );
  if (quarantined === 0) return EXIT.done;
  terminal.note(`${quarantined} records are in quarantine: ${quarantine}`);
  return EXIT.incomplete;
}
