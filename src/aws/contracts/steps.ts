/** The functions that state machines invoke: the event that each takes, and its answer. */
import * as z from "zod/mini";
import { moment, safeName } from "../../core/format/lake-file.ts";

/** What a compaction can have to do, in this order. */
export const COMPACTION_KINDS = ["schema", "minor", "major", "texts"] as const;
export type CompactionKind = (typeof COMPACTION_KINDS)[number];

/** The lake table that a function works on. */
interface OfTable {
  readonly table: string;
}

/** `run` is a run id everywhere: the name of what is staged, and of a snapshot's or a compaction's folder in staging/. */
interface OfRun extends OfTable {
  readonly run: string;
}

/**
 * Runs that an execution plans for the same work, at most: what statements have begun to write is never written again, so a run
 * whose statements failed is followed by another one, with other folders and tokens.
 */
export const RUNS_MAX = 3;

/** A plan that waits in the bucket, with its statements beside it. */
export interface SavedPlan {
  readonly run: string;
  /** What the tokens of its statements begin with, by which Athena recognizes each: at least 32 characters. */
  readonly token: string;
  /** How many statements there are. */
  readonly statements: number;
  /** The key of the statements, JSON lines of {"sql": "..."}. */
  readonly statementsKey: string;
}

/** Asks whether an execution may work on its table. */
export interface BeginRunEvent extends OfTable {
  readonly kind: "snapshot" | "compaction";
  /** The execution's ARN: it is what holds the lock. */
  readonly execution: string;
  /** Of a snapshot: a table that has one is left alone. */
  readonly first?: boolean | undefined;
  /** Of a snapshot: what another execution has staged for this one. */
  readonly staged?: StagedExport | undefined;
  /** Of a snapshot: files of the export that are read at the same time. Default, and for 0: as the source is configured. */
  readonly partsAtOnce?: number | undefined;
}

/** An export whose files are staged for several tables: each is seeded by an execution of its own. */
export interface StagedExport {
  readonly run: string;
  readonly exportPrefix: string;
  /** The tables that the export is for. */
  readonly tables: readonly string[];
  /** The execution that staged it, and took the locks. */
  readonly execution: string;
}

export type BegunRun = BegunCompaction | BegunSnapshot | { readonly go: "no" };

export interface BegunCompaction {
  readonly go: "compact";
}

export interface BegunSnapshot {
  /** seed: it is staged already. */
  readonly go: "export" | "seed";
  /** The tables that the export is for. */
  readonly tables: readonly string[];
  /** Those of them that have executions of their own. */
  readonly others: readonly string[];
  readonly sourceFunction: string;
  readonly snapshotPartFunction: string;
  /** Files of the export that are read at the same time. */
  readonly partsAtOnce: number;
  /** The source table is another account's: only the source's function can ask about its export. */
  readonly isForeign?: true;
}

/** What the function with the permissions on a source table does. */
export type SourceEvent =
  | BeginExportEvent
  | DescribeExportEvent
  | { readonly step: "look" }
  | { readonly step: "check-access" };

export interface BeginExportEvent {
  readonly step: "begin-export";
  /** The name of the state machine's execution: it makes the start idempotent. */
  readonly execution: string;
}

export interface BegunExport {
  readonly run: string;
  readonly exportArn: string;
  /** The folder of the export's manifests and data in the bucket: ends in "/". */
  readonly exportPrefix: string;
}

/** Asks how far the export of another account's table is. */
export interface DescribeExportEvent {
  readonly step: "describe-export";
  readonly exportArn: string;
}

export interface DescribedExport {
  readonly status: "IN_PROGRESS" | "COMPLETED" | "FAILED";
}

/** What the function with the permissions on a source table may do with it. */
export interface CheckedAccess {
  /** Calls that were refused, each with the name of the failure. */
  readonly refused: readonly { readonly call: string; readonly failure: string }[];
  /** Calls that were answered. */
  readonly allowed: readonly string[];
}

export interface SnapshotPartEvent {
  readonly run: string;
  readonly tables: readonly string[];
  /** The number of the file in the export's manifest. */
  readonly index: number;
  /** A line of the export's manifest-files.json. */
  readonly part: {
    readonly itemCount: number;
    readonly md5Checksum: string;
    readonly dataFileS3Key: string;
  };
}

export interface PlanSeedEvent extends OfRun {
  readonly exportPrefix: string;
  /** Runs of this work that have failed. Default: 0. */
  readonly failedRuns?: number | undefined;
}

/** With what became of the export's items. */
export interface PlannedSeed extends SavedPlan {
  /** The event by which to plan another run if this one fails. Absent: it was the last one. */
  readonly again?: PlanSeedEvent;
  readonly items: number;
  readonly skipped: number;
  readonly quarantined: number;
}

/** Starts what is due. */
export interface TickEvent {
  /** The execution that ends with it: of a snapshot, which makes room for another one. */
  readonly ending?: string | undefined;
}

/** What is to be compacted; each answer has the event of the next planning in it. */
export interface PlanCompactionEvent extends OfTable {
  readonly scope: "grown" | "all";
  /** Default: by the buffers of the deployment. */
  readonly settleSeconds?: number | undefined;
  /** What this execution has done so far. */
  readonly done: readonly CompactionKind[];
  /** The run id of what it did last. */
  readonly lastRun?: string | undefined;
  /** When its first planning began. */
  readonly beganSeconds?: number | undefined;
  /** The newest change that it has seen in the change log. */
  readonly newestChangeSeconds?: number | undefined;
  /** Runs of this work that have failed. Default: 0. */
  readonly failedRuns?: number | undefined;
}

export type PlannedCompaction = CompactionStage | CompactionEnd;

/** There is something to do: statements to run, if there are any, and to commit. */
export interface CompactionStage extends SavedPlan {
  readonly step: "stage";
  readonly kind: CompactionKind;
  /** What was done before. An execution that a deployment has updated under way counts by this and `kind`. */
  readonly done: readonly CompactionKind[];
  /** The event by which the next planning goes, once this is committed. */
  readonly next: PlanCompactionEvent;
  /** The event by which to plan another run if this one fails. Absent: it was the last one. */
  readonly again?: PlanCompactionEvent;
}

/** There is nothing left to do. */
export interface CompactionEnd {
  readonly step: "publish";
  readonly done: readonly CompactionKind[];
  /** The event for the cleaning. */
  readonly clean: CleanEvent;
}

export type CommitEvent = OfRun;

export type CommitAnswer = CommitConflict | Committed;

export interface CommitConflict {
  readonly outcome: "conflict";
  readonly kind: string;
}

export interface Committed {
  readonly outcome: "committed";
  readonly kind: string;
  /** The number of the manifest. */
  readonly manifest: number;
  readonly rows: number;
  readonly segments: number;
}

export type PublishViewsEvent = OfTable;

export interface PublishedViews {
  /** The number of the manifest that the views show. */
  readonly manifest: number;
}

/** Each of them goes, as far as it is named. */
export interface CleanEvent extends OfTable {
  /** Whose staging folder. */
  readonly run?: string | undefined;
  /** An export goes once it has been named for each of its tables. */
  readonly exportPrefix?: string | undefined;
  readonly exportTables?: readonly string[] | undefined;
  /** Default: false. */
  readonly vacuum?: boolean | undefined;
}

const count = z.int().check(z.minimum(0));

const text = z.string().check(z.minLength(1));
const tables = z.array(safeName).check(z.minLength(1));

export const beginRunEvent: z.ZodMiniType<BeginRunEvent> = z.object({
  kind: z.enum(["snapshot", "compaction"]),
  table: safeName,
  execution: text,
  first: z.optional(z.boolean()),
  staged: z.optional(z.object({ run: safeName, exportPrefix: text, tables, execution: text })),
  partsAtOnce: z.optional(count),
});

export const sourceEvent: z.ZodMiniType<SourceEvent> = z.discriminatedUnion("step", [
  z.object({ step: z.literal("begin-export"), execution: text }),
  z.object({ step: z.literal("describe-export"), exportArn: text }),
  z.object({ step: z.literal("look") }),
  z.object({ step: z.literal("check-access") }),
]);

export const checkedAccess: z.ZodMiniType<CheckedAccess> = z.object({
  refused: z.array(z.object({ call: text, failure: text })),
  allowed: z.array(text),
});

export const snapshotPartEvent: z.ZodMiniType<SnapshotPartEvent> = z.object({
  run: safeName,
  tables,
  index: count,
  part: z.object({ itemCount: count, md5Checksum: text, dataFileS3Key: text }),
});

export const planSeedEvent: z.ZodMiniType<PlanSeedEvent> = z.object({
  table: safeName,
  run: safeName,
  exportPrefix: text,
  failedRuns: z.optional(count),
});

export const tickEvent: z.ZodMiniType<TickEvent> = z.object({ ending: z.optional(text) });

export const planCompactionEvent: z.ZodMiniType<PlanCompactionEvent> = z.object({
  table: safeName,
  scope: z.enum(["grown", "all"]),
  settleSeconds: z.optional(count),
  done: z.array(z.enum(COMPACTION_KINDS)),
  lastRun: z.optional(safeName),
  beganSeconds: z.optional(moment),
  newestChangeSeconds: z.optional(moment),
  failedRuns: z.optional(count),
});

export const commitEvent: z.ZodMiniType<CommitEvent> = z.object({ table: safeName, run: safeName });

export const publishViewsEvent: z.ZodMiniType<PublishViewsEvent> = z.object({ table: safeName });

export const cleanEvent: z.ZodMiniType<CleanEvent> = z.object({
  table: safeName,
  run: z.optional(safeName),
  exportPrefix: z.optional(z.string()),
  exportTables: z.optional(tables),
  vacuum: z.optional(z.boolean()),
});
