/**
 * What a compaction does next: new columns first, then a minor one, a major one if it is due, then what columns do not hold as text
 * beside them, and the views at the end.
 */
import { planMajor } from "../../core/compaction/major-plan.ts";
import { planMinor } from "../../core/compaction/minor-plan.ts";
import type { Plan } from "../../core/compaction/plan.ts";
import { defined } from "../../core/defined.ts";
import { keptSnapshots } from "../../core/table/kept-snapshots.ts";
import { readLastCompaction, saveLastCompaction } from "../../core/table/last-compaction.ts";
import type { PendingEdit } from "../../core/table/schema-edit.ts";
import { planSchemaChange } from "../adopt-schema.ts";
import { awsPolicy, settleSecondsFor } from "../aws-policy.ts";
import {
  COMPACTION_KINDS,
  type CompactionKind,
  type PlanCompactionEvent,
  type PlannedCompaction,
  RUNS_MAX,
} from "../contracts/steps.ts";
import { registerNamed } from "../segments-table.ts";
import { attributesToShow } from "../shown-texts.ts";
import { countedChange, followDeployedData, waitingChange } from "./follow-deployed-data.ts";
import { savePlan } from "./saved-plan.ts";
import type { StepContext } from "./step-context.ts";

export async function planCompaction(
  context: StepContext,
  event: PlanCompactionEvent,
): Promise<PlannedCompaction> {
  const { failedRuns = 0, ...asked } = event;
  const { done, lastRun, beganSeconds = context.nowSeconds() } = asked;
  if (done.length === 0) await registerForgotten(context); // breakage: forgotten-segments-registered
  for (const kind of COMPACTION_KINDS) {
    if (done.includes(kind)) continue;
    const plan = await planKind(context, kind, event);
    if (plan === undefined) continue;
    const seen = newestChangeOf(plan) ?? asked.newestChangeSeconds;
    const next = {
      ...asked,
      done: [...done, kind],
      lastRun: plan.run,
      beganSeconds,
      ...defined({ newestChangeSeconds: seen }),
    };
    const again = { ...asked, beganSeconds, failedRuns: failedRuns + 1 };
    const saved = await savePlan(context, plan);
    return { step: "stage", kind, done, next, ...(again.failedRuns < RUNS_MAX ? { again } : {}), ...saved };
  }
  const { table } = event;
  const newestChangeSeconds =
    asked.newestChangeSeconds ?? (await readLastCompaction(context.store, table))?.newestChangeSeconds;
  // What came while it worked may not have been folded.
  const last = { atSeconds: beganSeconds, ...defined({ newestChangeSeconds }) }; // breakage: compacted-as-of-its-beginning
  await saveLastCompaction(context.store, table, last);
  return { step: "publish", done, clean: { table, ...(lastRun === undefined ? {} : { run: lastRun }) } };
}

function newestChangeOf({ change }: Plan): number | undefined {
  return change.kind === "minor" ? change.newestChangeSeconds : undefined;
}

/** Before anything is read of them: what Athena does not know of is missing in what it writes. */
async function registerForgotten({ store, opened, bucket, engine }: StepContext): Promise<void> {
  const { manifest, schema } = opened;
  const listed = async () => (await keptSnapshots(store, opened)).flatMap(({ segments }) => segments);
  await registerNamed({ store, bucket, catalog: engine.catalog }, schema.table, manifest, listed);
}

function planKind(
  context: StepContext,
  kind: CompactionKind,
  { scope, settleSeconds }: PlanCompactionEvent,
): Promise<Plan | undefined> {
  const { engine, entry, newRunId, nowSeconds, opened } = context;
  if (kind === "schema") return planSchema(context);
  if (kind === "texts") return planTexts(context);
  const policy = awsPolicy(settleSeconds ?? settleSecondsFor(entry.bufferSeconds));
  const planning = { engine, newRunId, nowSeconds, policy };
  return kind === "minor" ? planMinor(planning, opened) : planMajor(planning, opened, scope);
}

/** By what it finds in the segments that are new by now. */
async function planTexts(context: StepContext): Promise<Plan | undefined> {
  const { manifest } = context.opened;
  const attributes = attributesToShow(context.opened, await followDeployedData(context));
  if (attributes.length === 0) return undefined;
  const change = { kind: "texts", attributes } as const;
  return { run: context.newRunId(), fromSequence: manifest.sequence, stages: [], change };
}

async function planSchema(context: StepContext): Promise<Plan | undefined> {
  const followed = await waitingChange(context);
  const confirmed = (waiting: PendingEdit) => countedChange(context, waiting);
  return planSchemaChange({ ...context, followed, confirmed }, context.entry.schemaSettleSeconds);
}
