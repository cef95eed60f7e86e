/** When the changes lost in a gap were made. */
import { hourOf, hourStartSeconds } from "../format/lake-path.ts";
import { type Gap, type Manifest, SKEW_SECONDS } from "../format/manifest.ts";
import type { StreamGap, StreamIdentity } from "../ports/change-source.ts";
import type { StreamBeginning } from "./stream-beginning.ts";
import { readBefore, type StreamWatch, type WatchedReading } from "./stream-watch.ts";

/** A stream keeps its records for 24 hours (AWS: "Change data capture for DynamoDB Streams"); one hour is allowed for clocks. */
export const SURELY_KEPT_SECONDS: number = 23 * 3600;

/** The gap that a reader found, with the time until which changes may be lost. */
export function gapFound(found: StreamGap, stream: StreamIdentity, nowSeconds: number): Gap {
  const lostUntilSeconds =
    found.reason === "stream-recreated"
      ? untilNewStream(stream, nowSeconds)
      : nowSeconds - SURELY_KEPT_SECONDS;
  return { ...found, foundAtSeconds: nowSeconds, lostUntilSeconds };
}

/**
 * A new stream may count from the beginning again, as emulators do: within the skew allowance its changes lose against those
 * of the old stream. So a snapshot repairs the gap only if the skew allowance does not reach back to them. If a stream is
 * found late, its beginning is gone, too.
 */
export function untilNewStream(stream: StreamIdentity, nowSeconds: number): number {
  const created = Math.ceil(stream.createdAtSeconds ?? nowSeconds);
  // breakage: new-stream-gap-includes-skew
  return Math.max(created + SKEW_SECONDS, nowSeconds - SURELY_KEPT_SECONDS);
}

/**
 * The gap between the last snapshot and the oldest record that the stream had when reading began, or undefined if the stream
 * held everything since then. The snapshot may have come first, or be of an older export that was imported afterwards.
 */
export function gapBeforeReading(
  manifest: Manifest,
  { stream, readSinceSeconds, servedFromSeconds, servedBeforeSeconds = 0 }: StreamBeginning,
): Gap | undefined {
  const snapshot = manifest.snapshots.at(-1);
  if (snapshot === undefined) return undefined;
  const created = Math.ceil(stream.createdAtSeconds ?? 0);
  // breakage: added-table-has-its-own-beginning
  const keptSince = servedFromSeconds ?? readSinceSeconds - SURELY_KEPT_SECONDS;
  // An export of a table that was just made shows nothing of before the table, however fuzzy its cut.
  const isOfStream = stream.isFirst === true && snapshot.exportTimeSeconds >= created - 1;
  const shownByIt = isOfStream ? Math.max(snapshot.cutSeconds, created) : snapshot.cutSeconds;
  const shownSeconds = Math.max(shownByIt, servedBeforeSeconds);
  if (shownSeconds >= Math.max(created - 1, keptSince)) return undefined;
  const younger = created - 1 > shownSeconds;
  const detail = younger
    ? "the stream is younger than the last snapshot"
    : servedFromSeconds === undefined
      ? "the stream is read for the first time more than 23 hours after the last snapshot"
      : "the table gets the changes of its source only since a time after its last snapshot";
  const lostUntilSeconds = younger ? Math.max(created, keptSince) : keptSince;
  // Not before both of them are there.
  const foundAtSeconds = Math.max(readSinceSeconds, manifest.committedAtSeconds);
  return { reason: "started-late", detail, foundAtSeconds, lostUntilSeconds };
}

/** A gap that is found repeatedly while it grows; its name identifies it. */
export interface NamedGap {
  readonly id: string;
  readonly gap: Gap;
}

/**
 * The gap that is left when a deployment removed columns that rows have: changes on their way are written without them, and so
 * may be those of the first `settleSeconds` after the columns are back. One for each day.
 */
export function gapOfMissingColumns(nowSeconds: number, settleSeconds: number): NamedGap {
  const gap = {
    reason: "columns-missing",
    detail: "a deployment took columns away that the lake has: their values of that time may be missing",
    foundAtSeconds: nowSeconds,
    lostUntilSeconds: nowSeconds + settleSeconds,
  } as const;
  return { id: `columns-missing-${hourOf(nowSeconds).dt}`, gap };
}

/** A stream holds no record for longer: an older one is from a recording. */
const STREAM_AGE_MAX_SECONDS = 26 * 3600;
/** A new deployment has read the stream's last day by then. */
const FIRST_READING_SECONDS = 22 * 3600;

/** A record that has just come. */
export interface ArrivedRecord extends WatchedReading {
  readonly changedAtSeconds: number;
}

/**
 * The gap before overdue records, since earlier ones may be gone. Undefined if a snapshot shows what is missing, or the first
 * one will, or if they had been read before: a mapping that takes another one's place reads the stream's last day again. There is
 * one gap for each day, which grows by the hour.
 */
export function gapOfOverdueReading(
  manifest: Manifest,
  watch: StreamWatch | undefined,
  { changedAtSeconds, ...reading }: ArrivedRecord,
  nowSeconds: number,
): NamedGap | undefined {
  if (!isOverdueReading(changedAtSeconds, nowSeconds)) return undefined;
  const hour = hourOf(nowSeconds);
  const lostUntilSeconds = hourStartSeconds(hour) + 3600 - SURELY_KEPT_SECONDS;
  if (manifest.snapshots.length > 0) {
    const completeSeconds = Math.max(manifest.floorSeconds, readBefore(watch, reading)); // breakage: records-read-before-are-no-gap
    if (lostUntilSeconds <= completeSeconds) return undefined;
  } else if (watch === undefined || nowSeconds - watch.sinceSeconds <= FIRST_READING_SECONDS) {
    return undefined;
  }
  const detail = "records came more than 23 hours late: those before them may have left the stream";
  return {
    id: `late-${hour.dt}`,
    gap: { reason: "trimmed", detail, foundAtSeconds: nowSeconds, lostUntilSeconds },
  };
}

/** Whether a record that has just come is so old that the stream may have dropped the one before it. */
export function isOverdueReading(changedAtSeconds: number, nowSeconds: number): boolean {
  const age = nowSeconds - changedAtSeconds;
  return age > SURELY_KEPT_SECONDS && age <= STREAM_AGE_MAX_SECONDS;
}
