/** What a compaction does next: new columns first, a minor run, a major one where it is due, then the views. */
import { planMajorRun, planMinorRun } from "../../core/compaction/compact.ts";
import type { PlannedRun } from "../../core/compaction/planned-run.ts";
import { latestManifest } from "../../core/table/lake-table.ts";
import { planSchemaRun } from "../adopt-schema.ts";
import { awsPolicy } from "../aws-policy.ts";
import { registerNamed } from "../segments-table.ts";
import { type SavedPlan, savePlan } from "./saved-plan.ts";
import type { StepContext } from "./step-context.ts";

export const COMPACTION_KINDS = ["schema", "minor", "major"] as const;

export type CompactionKind = (typeof COMPACTION_KINDS)[number];

export interface PlanCompactionRequest {
  readonly scope: "grown" | "all";
  readonly settleSeconds: number;
  /** How long Glue has to have had a new column before it is used. */
  readonly schemaSettleSeconds: number;
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
  const { done } = request;
  if (done.length === 0) await registerForgotten(context);
  for (const kind of COMPACTION_KINDS) {
    if (done.includes(kind)) continue;
    const planned = await planKind(context, request, kind);
    if (planned !== undefined) return { step: "stage", kind, done, ...(await savePlan(context, planned)) };
  }
  return { step: "publish", done };
}

/** Before anything is read of them: what Athena does not know of is missing in what it writes. */
async function registerForgotten({ store, schema, bucket, engine }: StepContext): Promise<void> {
  const manifest = await latestManifest(store, schema.table);
  await registerNamed({ store, bucket, catalog: engine.catalog }, schema.table, manifest);
}

function planKind(
  context: StepContext,
  { scope, settleSeconds, schemaSettleSeconds }: PlanCompactionRequest,
  kind: CompactionKind,
): Promise<PlannedRun | undefined> {
  if (kind === "schema") return planSchemaRun(context, schemaSettleSeconds);
  const compaction = { ...context, policy: awsPolicy(settleSeconds) };
  return kind === "minor" ? planMinorRun(compaction) : planMajorRun(compaction, scope);
}
