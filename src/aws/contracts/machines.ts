/** The state machines: the input that each takes, the output at its end, the states that take time, and its own errors. */
import * as z from "zod/mini";
import { COMPACTION_KINDS, type Committed, type CompactionKind, type StagedExport } from "./steps.ts";

export interface SnapshotInput {
  /** The lake table. Those of the same source that are due go along. */
  readonly table: string;
  /** Ends at once if the table has a snapshot, or another execution takes one. Default: false. */
  readonly first?: boolean;
  /** Files of the export that are read at the same time. Default: as the source is configured. */
  readonly partsAtOnce?: number;
  /** What another execution has staged for this one. */
  readonly staged?: StagedExport;
}

/**
 * Functions that read the files of an export at the same time. With the snapshots that ticks keep running, that is less than a
 * tenth of the 1,000 functions that an account may run at once by default (AWS: Lambda developer guide, "Lambda quotas"), whatever
 * the number of tables: the rest is for the streams, which are still being read, for compactions and for others.
 */
export const PARTS_AT_ONCE = 30;

/** A schedule's ticks are not exact: so much before its time, work is due. */
export const EARLY_SECONDS = 30;

/** Snapshots that ticks keep running at the same time. */
export const SNAPSHOTS_AT_ONCE = 3;

export interface CompactionInput {
  readonly table: string;
  /** Default: grown. */
  readonly scope?: "grown" | "all";
  readonly settleSeconds?: number;
}

/** The end of an execution that left everything as it was, since another was first. */
export const CONFLICT = { outcome: "conflict" } as const;

/** The end of a first snapshot that was not taken: there was one, or another execution took one. */
export const SKIPPED = { outcome: "skipped" } as const;

export interface SnapshotCommitted {
  readonly outcome: "committed";
  readonly items: number;
  readonly skipped: number;
  readonly quarantined: number;
  readonly commit: Committed;
  /** The number of the manifest that the views show. */
  readonly manifest: number;
}

export interface CompactionSucceeded {
  readonly outcome: "succeeded";
  readonly done: readonly CompactionKind[];
  /** The number of the manifest that the views show. */
  readonly manifest: number;
}

/** What a command reads of them. */
export type SnapshotOutput =
  | (Omit<SnapshotCommitted, "commit" | "manifest"> & { readonly commit: Pick<Committed, "manifest"> })
  | typeof SKIPPED;

export const snapshotOutput: z.ZodMiniType<SnapshotOutput> = z.discriminatedUnion("outcome", [
  z.object({
    outcome: z.literal("committed"),
    items: z.number(),
    skipped: z.number(),
    quarantined: z.number(),
    commit: z.object({ manifest: z.number() }),
  }),
  z.object({ outcome: z.literal(SKIPPED.outcome) }),
]);

export const compactionOutput: z.ZodMiniType<CompactionSucceeded> = z.object({
  outcome: z.literal("succeeded"),
  done: z.array(z.enum(COMPACTION_KINDS)),
  manifest: z.number(),
});

/** The states in which an execution may stay for a while, so that the CLI can say what it is doing. */
export type SnapshotWork = "Begin" | ExportWork | "PlanSeed" | "Stage" | "Commit" | "Publish" | "Clean";

/** Those that export the source table, and stage the export's files. */
export type ExportWork =
  | "Export"
  | "WaitForExport"
  | "DescribeExport"
  | "Exported?"
  | "WaitForForeignExport"
  | "DescribeForeignExport"
  | "ForeignExported?"
  | "Parts"
  | "Others";

export type CompactionWork = "Begin" | "Plan" | "Stage" | "Commit" | "Publish" | "Clean";

/** The error of a snapshot whose export DynamoDB could not finish. All others are codes of docs/errors.md, or those of services. */
export const EXPORT_FAILED = "EXPORT_FAILED";
