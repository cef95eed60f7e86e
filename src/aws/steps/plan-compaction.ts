/** What a compaction does next: a minor run, then a major one where it is due, then the views. */
import { planMajorRun, planMinorRun } from "../../core/compact.ts";
import { awsPolicy } from "../aws-policy.ts";
import { type SavedPlan, savePlan } from "./saved-plan.ts";
import type { StepContext } from "./step-context.ts";

export const COMPACTION_KINDS = ["minor", "major"] as const;

export type CompactionKind = (typeof COMPACTION_KINDS)[number];

export interface PlanCompactionRequest {
  readonly scope: "grown" | "all";
  readonly settleSeconds: number | undefined;
  /** What this execution has done so far. */
  readonly done: readonly CompactionKind[];
}

export type CompactionStep =
  | ({
      readonly step: "stage";
      readonly kind: CompactionKind;
      readonly done: readonly CompactionKind[];
    } & SavedPlan)
  | { readonly step: "publish"; readonly done: readonly CompactionKind[] };

export async function planCompaction(
  context: StepContext,
  request: PlanCompactionRequest,
): Promise<CompactionStep> {
  const { done, scope, settleSeconds } = request;
  const compaction = { ...context, policy: awsPolicy(settleSeconds) };
  for (const kind of COMPACTION_KINDS) {
    if (done.includes(kind)) continue;
    const planned = kind === "minor" ? await planMinorRun(compaction) : await planMajorRun(compaction, scope);
    if (planned !== undefined) return { step: "stage", kind, done, ...(await savePlan(context, planned)) };
  }
  return { step: "publish", done };
}
