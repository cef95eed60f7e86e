/** What the newest hours of a change log show. */
import { counted, grouped } from "../counted.ts";
import { type ChangeObject, hourStartSeconds } from "../format/lake-path.ts";
import { SKEW_SECONDS } from "../format/manifest.ts";
import { contradicted, type DoubtAnswer, notSeen, seen } from "./answer.ts";
import type { Doubt } from "./doubts.ts";

export const LOG_DOUBTS: readonly Doubt[] = [
  "order-of-changes",
  "at-least-once",
  "late-delivery",
  "projection",
  "concatenated-objects",
];

/** The change log since an hour, as one statement reads it and as it is listed. */
export interface LogFacts {
  readonly rows: number;
  /** Without repeats. */
  readonly changes: number;
  /** Changes of items that were changed before within these hours. */
  readonly changesAgain: number;
  /** The most by which a change is older, by its clock, than one of its item with a lower sequence number; 0 if none is. */
  readonly backwardsSecondsMax: number;
  /** From a change to the beginning of its hour of arrival, at most. */
  readonly lateSecondsMax: number;
  readonly objectsRead: number;
  /** Listed before the statement, and after it. */
  readonly objectsBefore: number;
  readonly objectsAfter: number;
  readonly bytesScanned: number;
  /** Of the objects of these hours. */
  readonly bytesListed: number;
  /** Whether the log has older hours, too. */
  readonly hasOlderHours: boolean;
  /** Records that Firehose took in these hours; undefined if its metric has no value. */
  readonly recordsTaken: number | undefined;
  /** Acknowledged rows that a comparison missed in the log; undefined if no day was compared yet. */
  readonly rowsMissing: number | undefined;
}

/** Changes are looked for that far back (docs/aws.md). */
const LATE_SECONDS_MAX = 26 * 3600;

export function judgeLog(facts: LogFacts): readonly DoubtAnswer[] {
  if (facts.rows === 0 && facts.objectsBefore === 0)
    return LOG_DOUBTS.map((doubt) => notSeen(doubt, "the change log has no changes of the last 24 hours"));
  return [orderOf(facts), repeatsIn(facts), latenessOf(facts), projectionOf(facts), documentsIn(facts)];
}

function orderOf({ backwardsSecondsMax, changesAgain }: LogFacts): DoubtAnswer {
  // breakage: backward-clocks-have-a-limit
  if (backwardsSecondsMax > SKEW_SECONDS) {
    return contradicted(
      "order-of-changes",
      `a change is ${grouped(backwardsSecondsMax)} s older than one of its item with a lower sequence number; ${SKEW_SECONDS} s are allowed for`,
    );
  }
  if (changesAgain === 0)
    return notSeen("order-of-changes", "no item was changed twice in the last 24 hours");
  return seen(
    "order-of-changes",
    `${counted(changesAgain, "change")} of items that were changed before: numbers grow, and clocks run backwards by ${grouped(backwardsSecondsMax)} s at most`,
  );
}

function repeatsIn({ changes, rows }: LogFacts): DoubtAnswer {
  const repeats = rows - changes;
  const of = counted(changes, "change");
  if (repeats === 0) return notSeen("at-least-once", `none of ${of} came twice`);
  return seen("at-least-once", `of ${of}, ${counted(repeats, "row")} came again`);
}

function latenessOf({ lateSecondsMax }: LogFacts): DoubtAnswer {
  const hours = `${Math.max(0, lateSecondsMax / 3600).toFixed(1)} h`;
  // A replay delivers as late as it is asked to.
  if (lateSecondsMax > LATE_SECONDS_MAX)
    return notSeen("late-delivery", `a change arrived ${hours} after it was made, perhaps by a replay`);
  return seen("late-delivery", `changes arrived ${hours} after they were made at most, by their hours`);
}

function projectionOf(facts: LogFacts): DoubtAnswer {
  const { bytesListed, bytesScanned, hasOlderHours, objectsAfter, objectsBefore, objectsRead } = facts;
  const read = `${counted(objectsRead, "object")} of the change log`;
  // breakage: unread-objects-contradict
  if (objectsRead < objectsBefore || objectsRead > objectsAfter) {
    const listed = `${grouped(objectsBefore)} to ${grouped(objectsAfter)} were listed`;
    return contradicted("projection", `a statement read ${read}; ${listed}`);
  }
  if (hasOlderHours && bytesScanned > bytesListed) {
    const bytes = `${counted(bytesScanned, "byte")} for hours that have ${grouped(bytesListed)}`;
    return contradicted("projection", `a statement read ${bytes}`);
  }
  const older = hasOlderHours ? "and none of older hours" : "though there are no older hours to leave out";
  return seen("projection", `a statement read all ${read} of its hours, ${older}`);
}

function documentsIn({ recordsTaken, rows, rowsMissing = 0 }: LogFacts): DoubtAnswer {
  // breakage: missing-rows-contradict
  if (rowsMissing > 0)
    return contradicted(
      "concatenated-objects",
      `${counted(rowsMissing, "acknowledged row")} of a day are missing`,
    );
  if (recordsTaken === undefined)
    return notSeen("concatenated-objects", "Firehose's metric IncomingRecords has no value");
  const made = `${counted(rows, "row")} of ${counted(recordsTaken, "record")}`;
  if (rows > recordsTaken) return seen("concatenated-objects", `Firehose made ${made}`);
  return notSeen("concatenated-objects", `there are ${made}: no record held several changes`);
}

/** An object of the change log, and when it was written. */
export interface WrittenObject extends Pick<ChangeObject, "hour"> {
  readonly writtenAtSeconds: number;
}

/** By the clocks of S3 and Firehose. */
const CLOCKS_SECONDS = 60;

export function judgeHours(objects: readonly WrittenObject[]): DoubtAnswer {
  const doubt = "hour-of-prefix";
  if (objects.length === 0) return notSeen(doubt, "the change log has no objects of the last 24 hours");
  const early = objects.filter(
    ({ hour, writtenAtSeconds }) => writtenAtSeconds + CLOCKS_SECONDS < hourStartSeconds(hour),
  );
  const of = counted(objects.length, "object");
  // breakage: hours-begin-before-their-objects
  if (early.length > 0) return contradicted(doubt, `${early.length} of ${of} are older than their hour`);
  const later = objects.filter(
    ({ hour, writtenAtSeconds }) => writtenAtSeconds >= hourStartSeconds(hour) + 3600,
  );
  if (later.length > 0)
    return seen(doubt, `${later.length} of ${of} were written after their hour had ended`);
  return notSeen(doubt, `each of ${of} was written within its hour`);
}
