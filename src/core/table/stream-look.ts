/** What a look at a deployment's stream finds: who reads it, since when, and the gaps that no reader finds by itself. */
import { defined } from "../defined.ts";
import type { Gap, Manifest } from "../format/manifest.ts";
import type { StreamIdentity } from "../ports/change-source.ts";
import { sha256Half } from "../values/hash.ts";
import { gapBeforeReading, type NamedGap, SURELY_KEPT_SECONDS, untilNewStream } from "./gap.ts";
import type { StreamBeginning } from "./stream-beginning.ts";
import {
  CAUGHT_UP_SECONDS,
  type CaughtUp,
  readBefore,
  type StreamWatch,
  type WatchedReading,
} from "./stream-watch.ts";

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
  /**
   * How old records of the last hour were when it got them, in the order of time: of each minute the batch with the oldest last record.
   * A shard of which it gets none has no age.
   */
  readonly recordAges?: readonly RecordAge[];
}

export interface RecordAge {
  readonly atSeconds: number;
  readonly ageSeconds: number;
}

/** What earlier looks have left. */
export interface EarlierLooks {
  readonly watch: StreamWatch | undefined;
  /** The last look at an earlier configuration of the table. */
  readonly formerWatch?: StreamWatch | undefined;
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
  const readArn = before === undefined ? (reader?.streamArn ?? stream?.arn) : before.streamArn;
  const streamArn = isRead ? stream.arn : readArn;
  const reading = { streamArn, configuration: serving?.configuration };
  const known = before ?? earlier.formerWatch;
  // Without a snapshot it is not known since when they had everything.
  const readBeforeSeconds = manifest.snapshots.length === 0 ? 0 : readBefore(known, reading); // breakage: reading-begins-with-a-snapshot
  const completeUntilSeconds = Math.max(completeUntil(manifest, earlier) ?? nowSeconds, readBeforeSeconds);
  const caughtUp = allCaughtUp(isRead ? reader : undefined, known, reading);
  const watch: StreamWatch = {
    streamArn,
    seenReadingSeconds: isRead ? nowSeconds : (before?.seenReadingSeconds ?? completeUntilSeconds),
    lookedSeconds: nowSeconds,
    sinceSeconds: before?.sinceSeconds ?? nowSeconds,
    ...(caughtUp.length === 0 ? {} : { caughtUp }),
    ...(serving === undefined ? {} : { configuration: serving.configuration }),
  };
  const served = serving && servedAfter(serving, readBeforeSeconds);
  const beginning =
    earlier.beginning ?? (isRead ? beginningOf(stream, reader, { nowSeconds, before, served }) : undefined);
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
      ? gapBeforeReading(manifest, {
          stream,
          readSinceSeconds: nowSeconds,
          ...defined({ servedBeforeSeconds: served?.beforeSeconds }),
        })
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

/** Hours tell what was read before, and no more functions take each other's place within them. */
const READERS_MAX = 4;

/** Which readers have caught up: this one now, and all as earlier looks have seen them. */
function allCaughtUp(
  reader: SeenReader | undefined,
  known: StreamWatch | undefined,
  { streamArn, configuration }: WatchedReading,
): readonly CaughtUp[] {
  const earlier = known?.streamArn === streamArn ? (known?.caughtUp ?? []) : [];
  const ages = reader?.recordAges ?? [];
  // One shard may be behind while others are not: each of them is asked.
  const isCaughtUp = ages.every(({ ageSeconds }) => ageSeconds < CAUGHT_UP_SECONDS); // breakage: every-shard-has-caught-up
  const atSeconds = isCaughtUp ? ages.at(-1)?.atSeconds : undefined;
  if (atSeconds === undefined) return earlier;
  const others = earlier.filter((one) => one.configuration !== configuration);
  return [{ configuration, atSeconds }, ...others].slice(0, READERS_MAX);
}

/** Where the table comes from another source, it was served as far as the reader there had surely come. */
function servedAfter(serving: Serving, readBeforeSeconds: number): Serving {
  // breakage: predecessors-reading-counts
  if (readBeforeSeconds === 0) return serving;
  return { ...serving, beforeSeconds: Math.max(serving.beforeSeconds ?? 0, readBeforeSeconds) };
}

function isReading(reader: SeenReader | undefined, stream: StreamIdentity): boolean {
  return reader?.isReading === true && reader.streamArn === stream.arn;
}

interface BeginningOfReading {
  readonly nowSeconds: number;
  /** The last look, which did not see the stream being read. */
  readonly before: StreamWatch | undefined;
  readonly served: Serving | undefined;
}

/** Where the reading began at the latest. */
function beginningOf(
  stream: StreamIdentity,
  reader: SeenReader | undefined,
  { nowSeconds, before, served }: BeginningOfReading,
): StreamBeginning {
  const unchangedSeconds = reader?.unchangedSinceSeconds ?? nowSeconds;
  // A mapping that had a problem then may have begun to read at any time since.
  const hadProblem = before !== undefined && before.lookedSeconds >= unchangedSeconds; // breakage: reading-begins-after-problems
  const readSinceSeconds = hadProblem ? nowSeconds : Math.min(unchangedSeconds, nowSeconds);
  if (served === undefined) return { stream, readSinceSeconds };
  const { configuration, fromSeconds, beforeSeconds } = served;
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
    return { id: `stream-off-${sha256Half(readArn ?? "")}`, gap };
  }
  if (stream.arn === readArn) return undefined;
  const lostUntilSeconds = untilNewStream(stream, nowSeconds);
  // breakage: foreign-streams-need-their-policy
  const detail = `the table has a new stream, ${stream.arn}${isForeign ? NEEDS_POLICY : ""}`;
  const gap = { ...found, reason: "stream-recreated", detail, lostUntilSeconds } as const;
  return { id: `stream-recreated-${sha256Half(stream.arn)}`, gap };
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
