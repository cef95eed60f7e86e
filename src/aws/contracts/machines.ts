/** The state machines: the input that each takes, the output at its end, the states that take time, and its own errors. */
import * as z from "zod/mini";
import { COMPACTION_KINDS, type Committed, type CompactionKind } from "./steps.ts";

export interface SnapshotInput {
  /** Ends at once if the lake has a snapshot, or another execution runs. Default: false. */
  readonly first?: boolean;
}

export interface CompactionInput {
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
export type SnapshotWork =
  | "Begin"
  | "WaitForExport"
  | "DescribeExport"
  | "Exported?"
  | "Parts"
  | "PlanSeed"
  | "Stage"
  | "Commit"
  | "Publish"
  | "Clean";

export type CompactionWork = "Plan" | "Stage" | "Commit" | "Publish" | "Clean";

/** The error of a snapshot whose export DynamoDB could not finish. All others are codes of docs/errors.md, or those of services. */
export const EXPORT_FAILED = "EXPORT_FAILED";
