/** Compactions from the plan to the commit: plan -> stage -> commit -> clean. */
import type { Manifest } from "../format/manifest.ts";
import type { Commits } from "../table/commits.ts";
import { afterCommit, type OpenTable, openTableOf } from "../table/open-table.ts";
import { commitPlan } from "./commit-plan.ts";
import type { CompactionContext } from "./compaction-context.ts";
import type { CompactionScope } from "./compaction-policy.ts";
import { planMajor } from "./major-plan.ts";
import { planMinor } from "./minor-plan.ts";
import type { Plan } from "./plan.ts";
import { stagePlan } from "./stage-plan.ts";

export interface CompactionResult {
  readonly kind: "minor" | "major";
  /** The run id. */
  readonly run: string;
  readonly rows: number;
  readonly segments: number;
  readonly manifest: Manifest;
}

/**
 * A minor compaction, then a major one of the parts that `scope` asks for. Answers with those that had something to do. What
 * `known` has is not read again. Throws CONFLICT if another commit was first.
 */
export async function compactTable(
  context: CompactionContext,
  scope: CompactionScope,
  known?: Commits,
): Promise<readonly CompactionResult[]> {
  const opened = await openTableOf(context.store, context.schema, known);
  const minor = await compactMinor(context, opened);
  const folded = minor === undefined ? opened : afterCommit(context.store, opened, minor.manifest);
  const major = await compactMajor(context, scope, folded);
  return [minor, major].filter((result) => result !== undefined);
}

/** Folds the change log into a delta. Undefined if there was nothing to fold. Throws CONFLICT if another commit was first. */
export async function compactMinor(
  context: CompactionContext,
  opened?: OpenTable,
): Promise<CompactionResult | undefined> {
  const table = opened ?? (await openTableOf(context.store, context.schema));
  const plan = await planMinor(context, table);
  return plan && compact(context, table, "minor", plan);
}

/** Rewrites parts of the base with their deltas. Undefined if no part asks for it. Throws CONFLICT if another commit was first. */
export async function compactMajor(
  context: CompactionContext,
  scope: CompactionScope,
  opened?: OpenTable,
): Promise<CompactionResult | undefined> {
  const table = opened ?? (await openTableOf(context.store, context.schema));
  const plan = await planMajor(context, table, scope);
  return plan && compact(context, table, "major", plan);
}

async function compact(
  { store, engine, nowSeconds }: CompactionContext,
  table: OpenTable,
  kind: CompactionResult["kind"],
  plan: Plan,
): Promise<CompactionResult> {
  const { schema } = table;
  const staged = await stagePlan({ store, engine, schema }, plan);
  const manifest = await commitPlan({ store, schema, nowSeconds, commits: table }, plan, staged);
  const rows = staged.reduce((sum, segment) => sum + segment.rows, 0);
  return { kind, run: plan.run, rows, segments: staged.length, manifest };
}
