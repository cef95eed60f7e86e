/** The functions that state machines invoke: the event that each takes, and its answer. */
import * as z from "zod/mini";
import { safeName } from "../../core/format/lake-file.ts";

/** What a compaction can have to do, in this order. */
export const COMPACTION_KINDS = ["schema", "minor", "major"] as const;
export type CompactionKind = (typeof COMPACTION_KINDS)[number];

/** `run` is a run id everywhere: the name of what is staged, and of a snapshot's or a compaction's folder in staging/. */
interface OfRun {
  readonly run: string;
}

/** A plan that waits in the bucket, with its statements beside it. */
export interface SavedPlan extends OfRun {
  /** How many statements there are. */
  readonly statements: number;
  /** The key of the statements, JSON lines of {"sql": "..."}. */
  readonly statementsKey: string;
}

export interface BeginSnapshotEvent {
  /** The name of the state machine's execution: it makes the start idempotent. */
  readonly execution: string;
  /** A table that has a snapshot is left alone. */
  readonly first: boolean;
}

export type BegunSnapshot = { readonly skip: true } | StartedSnapshot;

export interface StartedSnapshot extends OfRun {
  readonly exportArn: string;
  /** The folder of the export's manifests and data in the bucket: ends in "/". */
  readonly exportPrefix: string;
}

export interface SnapshotPartEvent extends OfRun {
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
}

/** With what became of the export's items. */
export interface PlannedSeed extends SavedPlan {
  readonly items: number;
  readonly skipped: number;
  readonly quarantined: number;
}

/** What is to be compacted; each answer has the event of the next planning in it. */
export interface PlanCompactionEvent {
  readonly scope: "grown" | "all";
  /** Default: by the buffers of the deployment. */
  readonly settleSeconds?: number | undefined;
  /** What this execution has done so far. */
  readonly done: readonly CompactionKind[];
  /** The run id of what it did last. */
  readonly lastRun?: string | undefined;
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

export interface PublishedViews {
  /** The number of the manifest that the views show. */
  readonly manifest: number;
}

/** Each of them goes, as far as it is named. */
export interface CleanEvent {
  /** Whose staging folder. */
  readonly run?: string | undefined;
  readonly exportPrefix?: string | undefined;
  /** Default: false. */
  readonly vacuum?: boolean | undefined;
}

const count = z.int().check(z.minimum(0));

export const beginSnapshotEvent: z.ZodMiniType<BeginSnapshotEvent> = z.object({
  execution: z.string().check(z.minLength(1)),
  first: z.boolean(),
});

export const snapshotPartEvent: z.ZodMiniType<SnapshotPartEvent> = z.object({
  run: safeName,
  index: count,
  part: z.object({
    itemCount: count,
    md5Checksum: z.string().check(z.minLength(1)),
    dataFileS3Key: z.string().check(z.minLength(1)),
  }),
});

export const planSeedEvent: z.ZodMiniType<PlanSeedEvent> = z.object({
  run: safeName,
  exportPrefix: z.string().check(z.minLength(1)),
});

export const planCompactionEvent: z.ZodMiniType<PlanCompactionEvent> = z.object({
  scope: z.enum(["grown", "all"]),
  settleSeconds: z.optional(count),
  done: z.array(z.enum(COMPACTION_KINDS)),
  lastRun: z.optional(safeName),
});

export const commitEvent: z.ZodMiniType<CommitEvent> = z.object({ run: safeName });

export const cleanEvent: z.ZodMiniType<CleanEvent> = z.object({
  run: z.optional(safeName),
  exportPrefix: z.optional(z.string()),
  vacuum: z.optional(z.boolean()),
});
