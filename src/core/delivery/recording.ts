/** Recordings of stream records: read as text, and delivered in batches. */
import { batchesOf } from "../batches-of.ts";
import { DynalakeError } from "../error.ts";
import { type BatchRows, batchRows, type RowReading } from "./batch-rows.ts";
import { type Delivery, type DeliveryContext, deliverRows } from "./deliver.ts";
import type { KeptRows } from "./kept-rows.ts";
import { addedSources, type OtherSource } from "./other-sources.ts";
import { type Recorded, readRecordedEvents } from "./recorded-events.ts";

export interface Recording {
  /** A file's path, an object's address, or any other name: for messages, and for what goes to quarantine. */
  readonly name: string;
  readonly records: readonly Recorded[];
}

/** What has become of recordings. */
export interface ReplayTotals {
  readonly rows: number;
  readonly quarantined: number;
  /** Records of items that belong to other tables. */
  readonly skipped: number;
  /** Of `rows`: changes that are older than the snapshot and so change nothing that SQL shows of now. */
  readonly olderThanSnapshot: number;
  /** Of `rows`: changes of items of which a newer one is held. */
  readonly olderThanHeld: number;
  /** Records of other source tables, which were left alone. */
  readonly otherSources: readonly OtherSource[];
  /** Infinity if no change was delivered. */
  readonly oldestChangeSeconds: number;
}

export const NOTHING_REPLAYED: ReplayTotals = {
  rows: 0,
  quarantined: 0,
  skipped: 0,
  olderThanSnapshot: 0,
  olderThanHeld: 0,
  otherSources: [],
  oldestChangeSeconds: Number.POSITIVE_INFINITY,
};

export interface ReplayContext extends DeliveryContext {
  readonly nowSeconds: () => number;
  /** Called before each batch and at the end. What it throws ends the replay there. */
  readonly onProgress: (progress: ReplayProgress) => void;
}

export interface ReplayProgress {
  /** The recording's name. */
  readonly recording: string;
  /** Its records that are delivered or in quarantine. */
  readonly done: number;
  readonly total: number;
}

export interface Replayed {
  readonly totals: ReplayTotals;
  /** The quarantine objects that hold what could not be delivered. */
  readonly kept: readonly string[];
}

const RECORDS_PER_DELIVERY = 10_000;

/** What a file or an object holds, as a recording. Throws INPUT_INVALID. */
export function recordingOf(name: string, content: Uint8Array): Recording {
  return { name, records: readRecordedEvents(decoded(name, content), name) };
}

function decoded(name: string, content: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(content);
  } catch (cause) {
    throw new DynalakeError("INPUT_INVALID", `${name} is not UTF-8 text`, { cause });
  }
}

/** A recording's records as they are delivered: so many at once. */
export function recordBatches({ records }: Recording): readonly (readonly Recorded[])[] {
  return batchesOf(records, RECORDS_PER_DELIVERY);
}

/** Delivers a recording. Doing it again does no harm. `kept` has rows of its records as `context` reads them. */
export async function replayRecording(
  context: ReplayContext,
  recording: Recording,
  kept?: KeptRows,
): Promise<Replayed> {
  const { name, records } = recording;
  const quarantineObjects: string[] = [];
  let totals = NOTHING_REPLAYED;
  const report = (done: number): void => context.onProgress({ recording: name, done, total: records.length });
  let done = 0;
  for (const [i, batch] of recordBatches(recording).entries()) {
    report(done);
    done += batch.length;
    const arrivedAtSeconds = context.nowSeconds();
    const rows =
      kept?.take(recording.records, i) ??
      batchRows(context, { records: batch, source: name, arrivedAtSeconds });
    const delivery = await deliverRows(context, rows, arrivedAtSeconds);
    totals = addedTotals(totals, totalsOf(delivery, rows));
    quarantineObjects.push(...delivery.quarantineObjects);
  }
  report(records.length);
  return { totals, kept: quarantineObjects };
}

/** What `replayRecording` would do, apart from what a delivery may fail at. Nothing is written. */
export function foreseenReplay(
  context: RowReading & Pick<ReplayContext, "nowSeconds">,
  recording: Recording,
  kept?: KeptRows,
): ReplayTotals {
  let totals = NOTHING_REPLAYED;
  for (const [i, records] of recordBatches(recording).entries()) {
    const batch = { records, source: recording.name, arrivedAtSeconds: context.nowSeconds() };
    const rows = kept?.take(recording.records, i) ?? batchRows(context, batch);
    const { quarantined, skipped } = rows;
    const delivery = { rows: rows.rows.length, quarantined, skipped, oldestChangeSeconds: undefined };
    totals = addedTotals(totals, totalsOf(delivery, rows));
  }
  return totals;
}

function totalsOf(
  {
    rows,
    quarantined,
    skipped,
    oldestChangeSeconds,
  }: Pick<Delivery, "rows" | "quarantined" | "skipped" | "oldestChangeSeconds">,
  { olderThanSnapshot, olderThanHeld, otherSources }: BatchRows,
): ReplayTotals {
  return {
    rows,
    quarantined: quarantined.length,
    skipped,
    olderThanSnapshot,
    olderThanHeld,
    otherSources,
    oldestChangeSeconds: oldestChangeSeconds ?? Number.POSITIVE_INFINITY,
  };
}

export function addedTotals(one: ReplayTotals, other: ReplayTotals): ReplayTotals {
  return {
    rows: one.rows + other.rows,
    quarantined: one.quarantined + other.quarantined,
    skipped: one.skipped + other.skipped,
    olderThanSnapshot: one.olderThanSnapshot + other.olderThanSnapshot,
    olderThanHeld: one.olderThanHeld + other.olderThanHeld,
    otherSources: addedSources(one.otherSources, other.otherSources),
    oldestChangeSeconds: Math.min(one.oldestChangeSeconds, other.oldestChangeSeconds),
  };
}
