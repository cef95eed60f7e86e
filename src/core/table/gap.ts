/** When the changes lost in a gap were made, and the gaps that no reader finds by itself. */
import { hourOf, hourStartSeconds } from "../format/lake-path.ts";
import { type Gap, type Manifest, SKEW_SECONDS } from "../format/manifest.ts";
import type { StreamGap, StreamIdentity } from "../ports/change-source.ts";
import { sha256Half } from "../values/hash.ts";
import type { StreamBeginning } from "./stream-beginning.ts";
import type { StreamWatch } from "./stream-watch.ts";

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
function untilNewStream(stream: StreamIdentity, nowSeconds: number): number {
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

/** What somebody sees who looks at a deployment. */
export interface Sighting {
  /** The stream that the source table has; undefined where it is off. */
  readonly stream: StreamIdentity | undefined;
  /** What reads a stream; undefined where it is gone. */
  readonly reader: SeenReader | undefined;
  /** The table is another account's, whose owner attaches a policy to each of its streams. */
  readonly isForeign?: true;
}

export interface SeenReader {
  readonly streamArn: string;
  /** It is switched on, and its last try did not fail. */
  readonly isReading: boolean;
  /** It was not switched or changed since then, if the service says so. */
  readonly unchangedSinceSeconds: number | undefined;
}

/** What earlier looks have left. */
export interface EarlierLooks {
  readonly watch: StreamWatch | undefined;
  /** Undefined where none has seen the stream being read. */
  readonly beginning: StreamBeginning | undefined;
}

/** How the table of a deployment gets the changes of its source. */
export interface Serving {
  readonly configuration: string;
  /** 0 if the table was there before its source was read. */
  readonly fromSeconds: number;
  /** Until when an earlier configuration of the table was served. */
  readonly beforeSeconds: number | undefined;
}

/** What a check concludes from what it sees. */
export interface Look extends EarlierLooks {
  /** Saved for the next look, after the gaps. */
  readonly watch: StreamWatch;
  readonly gaps: readonly NamedGap[];
  /** How long the stream has not been seen being read. */
  readonly unreadSeconds: number;
}

/** A gap that is found repeatedly while it grows; its name identifies it. */
export interface NamedGap {
  readonly id: string;
  readonly gap: Gap;
}

/**
 * The gaps that a look finds: the stream is off or was replaced, or reading it was not seen for so long that it may have
 * dropped changes. Changes that a snapshot shows are not missing.
 */
export function lookAtStream(
  manifest: Manifest,
  earlier: EarlierLooks,
  sighting: Sighting,
  nowSeconds: number,
  serving?: Serving,
): Look {
  const { stream, reader } = sighting;
  const { watch: before } = earlier;
  const isRead = stream !== undefined && isReading(reader, stream);
  const completeUntilSeconds = completeUntil(manifest, earlier) ?? nowSeconds;
  const readArn = before === undefined ? (reader?.streamArn ?? stream?.arn) : before.streamArn;
  const watch: StreamWatch = {
    streamArn: isRead ? stream.arn : readArn,
    seenReadingSeconds: isRead ? nowSeconds : (before?.seenReadingSeconds ?? completeUntilSeconds),
    lookedSeconds: nowSeconds,
    sinceSeconds: before?.sinceSeconds ?? nowSeconds,
    ...(serving === undefined ? {} : { configuration: serving.configuration }),
  };
  const beginning =
    earlier.beginning ?? (isRead ? beginningOf(stream, reader, nowSeconds, serving) : undefined);
  const unreadSeconds = Math.max(0, nowSeconds - watch.seenReadingSeconds);
  const seen = { watch, beginning, unreadSeconds };
  const other = gapOfOtherStream(readArn, sighting, nowSeconds);
  if (other !== undefined) return { ...seen, gaps: [other] };
  // Of a table that came later, the reader's own past proves nothing.
  if (earlier.beginning === undefined && beginning !== undefined && isLate(beginning))
    return { ...seen, gaps: gapsOfBeginning(manifest, beginning) };
  if (isRead && wasReadSince(before, reader, completeUntilSeconds)) return { ...seen, gaps: [] };
  const gap =
    before === undefined && stream !== undefined
      ? gapBeforeReading(manifest, { stream, readSinceSeconds: nowSeconds })
      : gapOfLongSilence(completeUntilSeconds, nowSeconds);
  const gaps = gap === undefined ? [] : [{ id: `unread-since-${completeUntilSeconds}`, gap }];
  return { ...seen, gaps };
}

/**
 * Until when the lake has everything; undefined where it has nothing yet, and so lacks nothing either. A stream that was never
 * read has added nothing to what the snapshot shows.
 */
function completeUntil(manifest: Manifest, { watch, beginning }: EarlierLooks): number | undefined {
  const cutSeconds = manifest.snapshots.at(-1)?.cutSeconds;
  if (cutSeconds === undefined || watch === undefined) return cutSeconds ?? watch?.seenReadingSeconds;
  // breakage: unseen-reading-not-trusted
  return beginning === undefined ? cutSeconds : Math.max(cutSeconds, watch.seenReadingSeconds);
}

function isReading(reader: SeenReader | undefined, stream: StreamIdentity): boolean {
  return reader?.isReading === true && reader.streamArn === stream.arn;
}

/** Where the reading began at the latest. */
function beginningOf(
  stream: StreamIdentity,
  reader: SeenReader | undefined,
  nowSeconds: number,
  serving: Serving | undefined,
): StreamBeginning {
  const readSinceSeconds = Math.min(reader?.unchangedSinceSeconds ?? nowSeconds, nowSeconds);
  if (serving === undefined) return { stream, readSinceSeconds };
  const { configuration, fromSeconds, beforeSeconds } = serving;
  return {
    stream,
    readSinceSeconds,
    configuration,
    ...(fromSeconds === 0 ? {} : { servedFromSeconds: fromSeconds }),
    ...(beforeSeconds === undefined ? {} : { servedBeforeSeconds: beforeSeconds }),
  };
}

function isLate({ servedFromSeconds, servedBeforeSeconds }: StreamBeginning): boolean {
  return servedFromSeconds !== undefined || servedBeforeSeconds !== undefined;
}

function gapsOfBeginning(manifest: Manifest, beginning: StreamBeginning): readonly NamedGap[] {
  const gap = gapBeforeReading(manifest, beginning);
  return gap === undefined ? [] : [{ id: `not-served-${beginning.configuration ?? ""}`, gap }];
}

/** A policy belongs to one stream, and a stream cannot be made with one (AWS: DynamoDB developer guide, "rbac-considerations"). */
const NEEDS_POLICY = "; its owner must attach the stream's policy to it, before its ARN is deployed";

/** The stream that was read is not that of the table any more. What was written between the two is on neither. */
function gapOfOtherStream(
  readArn: string | undefined,
  { isForeign, stream }: Sighting,
  nowSeconds: number,
): NamedGap | undefined {
  const found = { foundAtSeconds: nowSeconds };
  if (stream === undefined) {
    const detail = "the stream of the table is off";
    const gap = { ...found, reason: "stream-off", detail, lostUntilSeconds: nowSeconds } as const;
    return { id: `stream-off-${hashOf(readArn ?? "")}`, gap };
  }
  if (stream.arn === readArn) return undefined;
  const lostUntilSeconds = untilNewStream(stream, nowSeconds);
  // breakage: foreign-streams-need-their-policy
  const detail = `the table has a new stream, ${stream.arn}${isForeign ? NEEDS_POLICY : ""}`;
  const gap = { ...found, reason: "stream-recreated", detail, lostUntilSeconds } as const;
  return { id: `stream-recreated-${hashOf(stream.arn)}`, gap };
}

/** The last look was long ago, but the reader reports that it was on all the time. */
function wasReadSince(
  before: StreamWatch | undefined,
  reader: SeenReader | undefined,
  seconds: number,
): boolean {
  const wasRead = before === undefined || before.lookedSeconds <= before.seenReadingSeconds;
  const since = reader?.unchangedSinceSeconds;
  return wasRead && since !== undefined && since <= seconds;
}

function gapOfLongSilence(seenSeconds: number, nowSeconds: number): Gap | undefined {
  const lostUntilSeconds = nowSeconds - SURELY_KEPT_SECONDS;
  if (seenSeconds >= lostUntilSeconds) return undefined;
  const detail = "the stream was not seen being read for more than 23 hours";
  return { reason: "trimmed", detail, foundAtSeconds: nowSeconds, lostUntilSeconds };
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

/**
 * The gap before overdue records, since earlier ones may be gone. Undefined if a snapshot shows what is missing, or the first
 * one will. There is one gap for each day, which grows by the hour.
 */
export function gapOfOverdueReading(
  manifest: Manifest,
  watch: StreamWatch | undefined,
  oldestSeconds: number,
  nowSeconds: number,
): NamedGap | undefined {
  if (!isOverdueReading(oldestSeconds, nowSeconds)) return undefined;
  const hour = hourOf(nowSeconds);
  const lostUntilSeconds = hourStartSeconds(hour) + 3600 - SURELY_KEPT_SECONDS;
  if (manifest.snapshots.length > 0) {
    if (lostUntilSeconds <= manifest.floorSeconds) return undefined;
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

function hashOf(text: string): string {
  return sha256Half(text);
}
