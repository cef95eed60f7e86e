/** What trials on a doctor's own table show. */
import { counted, grouped } from "../counted.ts";
import { contradicted, type DoubtAnswer, notSeen, seen } from "./answer.ts";
import type { Doubt } from "./doubts.ts";

export interface RaceFacts {
  readonly writers: number;
  /** Writers that were answered that they created the object. */
  readonly winners: number;
  /** Whether the object is what the winner wrote. */
  readonly isWinners: boolean;
}

export function judgeRace({ isWinners, winners, writers }: RaceFacts): DoubtAnswer {
  const of = counted(writers, "writer");
  // breakage: one-writer-wins
  if (winners === 1 && isWinners) return seen("conditional-create", `one of ${of} at the same time won`);
  const wrong = winners === 1 ? "one won, but the object is another's" : `${grouped(winners)} won`;
  return contradicted("conditional-create", `of ${of} at the same time, ${wrong}`);
}

/** Of one row in a partition whose folder's name begins with "_", those that a statement found. */
export function judgeHidden(rows: number): DoubtAnswer {
  // breakage: hidden-folders-contradict
  if (rows === 1) return seen("hidden-folders", "a row in such a folder was found");
  return contradicted("hidden-folders", `of 1 row in such a folder, ${grouped(rows)} were found`);
}

/** How an update with the present version, and then one with that same version, ended. */
export interface VersionFacts {
  readonly present: "updated" | "changed-meanwhile";
  readonly old: "updated" | "changed-meanwhile";
}

export function judgeVersions({ old, present }: VersionFacts): DoubtAnswer {
  if (present !== "updated") return notSeen("version-id", "something else changed the view at that moment");
  // breakage: old-versions-contradict
  if (old === "updated") return contradicted("version-id", "Glue took an update with an old version");
  return seen("version-id", "Glue refused an update with an old version");
}

/** Those that items show on their whole way. */
export const WRITTEN_DOUBTS: readonly Doubt[] = ["exact-casts", "export-manifest", "distributed-map"];

export interface WrittenFacts {
  readonly items: number;
  /** Those that the view shows otherwise, lacks or has too many; undefined if the items did not arrive in time. */
  readonly differences: number | undefined;
  /** A snapshot that was taken while the items were there; undefined without one. */
  readonly snapshot?: OwnSnapshot;
}

export interface OwnSnapshot {
  /** Of the export, by its manifest. */
  readonly items: number;
  /** As above, after the snapshot. */
  readonly differences: number;
}

export function judgeWritten({ differences, items, snapshot }: WrittenFacts): readonly DoubtAnswer[] {
  const of = counted(items, "item");
  if (differences === undefined)
    return [notSeen("exact-casts", `${of} were written, and not all of them arrived in time`)];
  const most = Math.max(differences, snapshot?.differences ?? 0);
  const ways = snapshot === undefined ? "by the stream" : "by the stream, and after a snapshot of them";
  return [
    // breakage: different-values-contradict
    most > 0
      ? contradicted("exact-casts", `${grouped(most)} of ${of} are different in the lake`)
      : seen("exact-casts", `${of}, with values of every type, are the same in the lake: ${ways}`),
    ...(snapshot === undefined ? [] : exportOf(of, items, snapshot)),
  ];
}

function exportOf(of: string, items: number, snapshot: OwnSnapshot): readonly DoubtAnswer[] {
  // breakage: exports-have-every-item
  if (snapshot.items !== items)
    return [
      contradicted("export-manifest", `an export of ${of} has ${grouped(snapshot.items)} by its manifest`),
    ];
  return [
    seen("export-manifest", `an export of ${of} has as many by its manifest`),
    seen("distributed-map", `a map gave the files of an export of ${of} to functions`),
  ];
}

export const REFUSED_DOUBTS: readonly Doubt[] = ["refused-values", "error-files"];

/** How a record ended that has two rows, one of which has text in a column of numbers. */
export interface RefusedFacts {
  /** Where that row is. */
  readonly misfit: "errors" | "log" | "nowhere";
  /** Whether the other row was in the change log before anything was replayed. */
  readonly isOtherConverted: boolean;
  /** Whether the file in `errors/` could be read. */
  readonly isReadable: boolean;
  /** After a replay of that file: whether the change log has the other row, and quarantine the misfit. */
  readonly isReturned: boolean;
}

export function judgeRefused(facts: RefusedFacts): readonly DoubtAnswer[] {
  const { misfit } = facts;
  if (misfit === "nowhere")
    return REFUSED_DOUBTS.map((doubt) =>
      notSeen(doubt, "a row that does not fit was sent; neither errors/ nor the change log got it in time"),
    );
  // breakage: misfits-in-the-log-contradict
  if (misfit === "log")
    return [
      contradicted("refused-values", "a row with text in a column of numbers is in the change log"),
      notSeen("error-files", "Firehose refused nothing"),
    ];
  const other = facts.isOtherConverted ? "was converted" : "went there with it";
  return [
    seen("refused-values", `a row that does not fit went to errors/; the other row of its record ${other}`),
    returnOf(facts),
  ];
}

function returnOf({ isReadable, isReturned }: RefusedFacts): DoubtAnswer {
  const doubt = "error-files";
  if (!isReadable) return contradicted(doubt, "a file in errors/ has no records that can be read");
  if (!isReturned)
    return notSeen(doubt, "a file of errors/ was replayed, and its rows did not arrive in time");
  return seen(doubt, "replayed from there, the row that fits is in the log, the other in quarantine");
}

export const ALARM_DOUBTS: readonly Doubt[] = ["alarm-actions", "alarm-mail"];

/** How the doctor's own alarm ended, after its metric had a value that sets it off. */
export interface AlarmFacts {
  /** before: it was in ALARM already. */
  readonly state: "none" | "before" | "silent" | "set-off";
  /** What its history says of its action. */
  readonly action: "ran" | "failed" | "nothing";
  readonly name: string;
}

export function judgeAlarm({ action, name, state }: AlarmFacts): readonly DoubtAnswer[] {
  const doubt = "alarm-actions";
  const noMail = notSeen("alarm-mail", "no alarm has published anything");
  if (state === "none")
    return [notSeen(doubt, `there is no alarm "${name}": deploy the doctor's table again`), noMail];
  if (state === "before")
    return [notSeen(doubt, `the alarm "${name}" had gone off before: try again in ten minutes`), noMail];
  if (state === "silent")
    return [contradicted(doubt, "the metric has a value, and the alarm has not gone off"), noMail];
  // breakage: failed-actions-contradict
  if (action === "failed") return [contradicted(doubt, "the alarm went off, and its action failed"), noMail];
  if (action === "nothing")
    return [notSeen(doubt, "the alarm went off; its history does not show its action yet"), noMail];
  return [
    seen(doubt, "the alarm went off, and its history says that its action ran"),
    notSeen("alarm-mail", `nothing but an inbox shows it: look for a mail about the alarm "${name}"`),
  ];
}
