/** What the other services of a deployment show: its stack, its mapping, its stream, its views, and what was put aside. */
import { counted, grouped } from "../counted.ts";
import type { Manifest } from "../format/manifest.ts";
import { contradicted, type DoubtAnswer, notSeen, seen } from "./answer.ts";
import type { Doubt } from "./doubts.ts";

/** Undefined where a bucket keeps no versions of its objects. */
export interface CommitVersions {
  readonly commits: number;
  /** Commits of which there is more than one version. */
  readonly replaced: number;
}

export function judgeCommits({ commits, replaced }: CommitVersions): DoubtAnswer {
  const of = counted(commits, "commit");
  // breakage: replaced-commits-contradict
  if (replaced > 0) return contradicted("conditional-create", `${grouped(replaced)} of ${of} were replaced`);
  return notSeen("conditional-create", `none of ${of} was ever replaced; whether writers raced is not known`);
}

export interface MappingFacts {
  readonly state: string | undefined;
  readonly lastResult: string | undefined;
  readonly isChangeDated: boolean;
}

/** AWS: Lambda API reference, GetEventSourceMapping. */
const MAPPING_STATES: readonly string[] = [
  "Creating",
  "Enabling",
  "Enabled",
  "Disabling",
  "Disabled",
  "Updating",
  "Deleting",
];
const KNOWN_RESULT = /^(?:OK|No records processed|PROBLEM\b.*)$/s;

export function judgeMapping({ isChangeDated, lastResult, state }: MappingFacts): DoubtAnswer {
  const doubt = "mapping-state";
  const lacks = [
    ...(state !== undefined && MAPPING_STATES.includes(state) ? [] : ["its state"]),
    // breakage: unknown-results-contradict
    ...(lastResult === undefined || KNOWN_RESULT.test(lastResult) ? [] : ["its last result in a known form"]),
    ...(isChangeDated ? [] : ["when it was last changed"]),
  ];
  if (lacks.length > 0) return contradicted(doubt, `the mapping does not report ${lacks.join(" and ")}`);
  if (lastResult === undefined) return notSeen(doubt, "the mapping has no last result yet");
  // What follows it may be the message of any error.
  const [kind = ""] = lastResult.split(":");
  return seen(doubt, `state ${state}, last result "${kind}", and a time of its last change`);
}

export interface StreamFacts {
  /** Undefined if the label is not a time. */
  readonly labelSeconds: number | undefined;
  /** As DynamoDB describes the stream. */
  readonly createdSeconds: number | undefined;
}

const LABEL_SECONDS_MAX = 5;

export function judgeStreamLabel({ createdSeconds, labelSeconds }: StreamFacts): DoubtAnswer {
  const doubt = "stream-label";
  if (labelSeconds === undefined) return contradicted(doubt, "the label of the stream is not a time");
  if (createdSeconds === undefined) return notSeen(doubt, "the stream's description has no time of creation");
  const apart = Math.abs(labelSeconds - createdSeconds);
  // breakage: label-compared-with-creation
  if (apart > LABEL_SECONDS_MAX)
    return contradicted(doubt, `the label and the creation are ${grouped(Math.round(apart))} s apart`);
  return seen(doubt, "the label and the creation are the same time");
}

/** What the functions of a lake may do with a table of another account. */
export interface AccessFacts {
  /** Calls by the owner's role that were answered. */
  readonly allowed: readonly string[];
  /** Those that were refused, each with the name of the failure. */
  readonly refused: readonly { readonly call: string; readonly failure: string }[];
  /** The result of the mapping's last attempt to read the stream. */
  readonly lastResult: string | undefined;
}

export function judgeAccess({ allowed, lastResult, refused }: AccessFacts): DoubtAnswer {
  const doubt = "other-account";
  const refusals = refused.map(({ call, failure }) => `${call} is refused (${failure})`);
  // breakage: unread-foreign-stream-contradicts
  const unread = lastResult?.startsWith("PROBLEM") ? ["Lambda does not read the stream"] : [];
  const faults = [...refusals, ...unread];
  if (faults.length > 0) return contradicted(doubt, faults.join(", "));
  return seen(doubt, `the owner's role may call ${allowed.join(", ")}, and the mapping has no problem`);
}

/** What Lambda left of batches that failed for good. */
export interface FailedBatchFacts {
  readonly objects: number;
  /** Of the first object; undefined if it holds no records that can be read. */
  readonly records: number | undefined;
}

export function judgeFailedBatches({ objects, records }: FailedBatchFacts): DoubtAnswer {
  const doubt = "failed-batches";
  if (objects === 0) return notSeen(doubt, "no batch has failed for good");
  if (records === undefined) return contradicted(doubt, "a failed batch in the bucket has no records");
  return seen(
    doubt,
    `${counted(objects, "object")} of failed batches; one has ${counted(records, "record")}`,
  );
}

export const ERROR_DOUBTS: readonly Doubt[] = ["refused-values", "error-files"];

/** What Firehose left in `errors/`. */
export interface ErrorFacts {
  readonly objects: number;
  /** The error codes of the lines of one object. */
  readonly codes: readonly string[];
  /** Of that object; undefined if it holds no records that can be read. */
  readonly records: number | undefined;
}

export function judgeErrors({ codes, objects, records }: ErrorFacts): readonly DoubtAnswer[] {
  if (objects === 0)
    return ERROR_DOUBTS.map((doubt) => notSeen(doubt, "Firehose has left nothing in errors/"));
  const of = counted(objects, "file");
  const known = [...new Set(codes.filter((code) => /^[\w.]{1,60}$/.test(code)))].sort();
  const isConversion = known.some((code) => code.startsWith("DataFormatConversion"));
  return [
    isConversion
      ? seen("refused-values", `${of} in errors/, with ${known.join(", ")}`)
      : notSeen("refused-values", `${of} in errors/, none of them of a conversion`),
    // breakage: unreadable-errors-contradict
    records === undefined
      ? contradicted("error-files", `of ${of} in errors/, one has no records that can be read`)
      : seen("error-files", `of ${of} in errors/, one has ${counted(records, "record")}`),
  ];
}

/** What a snapshot of a deployment has shown: it cannot be committed otherwise. */
export function judgeSnapshot({ snapshots }: Pick<Manifest, "snapshots">): readonly DoubtAnswer[] {
  const doubts = ["export-manifest", "distributed-map", "machine-limits"] as const;
  const last = snapshots.at(-1);
  if (last === undefined) return doubts.map((doubt) => notSeen(doubt, "no snapshot was committed yet"));
  const items = counted(last.items, "item");
  return [
    seen("export-manifest", `a snapshot of ${items} was read by its manifests`),
    seen("distributed-map", `the files of that snapshot were given to functions by a map`),
    seen("machine-limits", "machines waited for statements of that snapshot; 256 KiB was not tried"),
  ];
}

export interface ViewFacts {
  readonly hasVersion: boolean;
  /** Whether a statement on the view ended well, or what Athena said of it. */
  readonly outcome: "answered" | "stale" | "failed";
}

export function judgeView({ hasVersion, outcome }: ViewFacts): readonly DoubtAnswer[] {
  return [
    hasVersion
      ? notSeen("version-id", "Glue reports the view's version; an old one was not tried")
      : contradicted("version-id", "Glue does not report the view's version"),
    outcome === "answered"
      ? seen("glue-views", "a statement read the view")
      : outcome === "stale"
        ? contradicted("glue-views", "Athena calls the view stale")
        : notSeen("glue-views", "a statement on the view failed for another reason"),
  ];
}

export interface StackFacts {
  readonly status: string;
  readonly updatedAtSeconds: number | undefined;
  /** The newest object of a change log. */
  readonly deliveredAtSeconds: number | undefined;
  /** Gaps that were found since the update. */
  readonly gapsSince: number;
  /** When a function that a tick invokes was last at work; undefined if it never was. */
  readonly lookedAtSeconds: number | undefined;
}

export function judgeStack(facts: StackFacts): readonly DoubtAnswer[] {
  const { lookedAtSeconds, status } = facts;
  const isComplete = /^(?:CREATE|UPDATE|IMPORT)_COMPLETE$/.test(status);
  const looked = "a tick had the source checked, by a function with such a name";
  const noLook = "no tick has had the source checked yet";
  return [
    isComplete
      ? seen("custom-resources", `the stack is ${status}, and its registry has its tables`)
      : notSeen("custom-resources", `the stack is ${status}`),
    lookedAtSeconds === undefined
      ? notSeen("asynchronous-invocations", noLook)
      : seen("asynchronous-invocations", looked),
    lookedAtSeconds === undefined ? notSeen("name-patterns", noLook) : seen("name-patterns", looked),
    updateOf(facts),
  ];
}

function updateOf({ deliveredAtSeconds = 0, gapsSince, updatedAtSeconds }: StackFacts): DoubtAnswer {
  if (updatedAtSeconds === undefined) return notSeen("updates", "the stack was never updated");
  if (gapsSince > 0) return notSeen("updates", `${counted(gapsSince, "gap")} found since the last update`);
  if (deliveredAtSeconds <= updatedAtSeconds)
    return notSeen("updates", "nothing was delivered since the last update");
  return seen("updates", "changes were delivered after the last update, and no gap was found");
}
