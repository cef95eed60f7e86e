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

export interface CompactionOptions {
  /** The table's commits, if they were read before: what they have is not read again. */
  readonly known?: Commits | undefined;
  /** Called after each commit. */
  readonly onCommit?: (result: CompactionResult) => void;
}

/**
 * A minor compaction, then a major one of the parts that `scope` asks for. Answers with those that had something to do. What
 * `known` has is not read again. Throws CONFLICT if another commit was first.
 */
export async function compactMinorThenMajor(
  context: CompactionContext,
  scope: CompactionScope,
  { known, onCommit }: CompactionOptions = {},
): Promise<readonly CompactionResult[]> {
  const opened = await openTableOf(context.store, context.schema, known);
  const minor = await compactMinor(context, opened);
  if (minor !== undefined) onCommit?.(minor);
  const folded = minor === undefined ? opened : afterCommit(context.store, opened, minor.manifest);
  const major = await compactMajor(context, scope, folded);
  if (major !== undefined) onCommit?.(major);
  return [minor, major].filter((result) => result !== undefined);
}

/** Folds the change log into a delta. Undefined if nothing was to fold. Throws CONFLICT if another commit was first. */
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
): Promise<CompactionResult | undefined> {
  const { schema } = table;
  const staged = await stagePlan({ store, engine, schema }, plan);
  const manifest = await commitPlan({ store, schema, nowSeconds, commits: table }, plan, staged);
  if (manifest.sequence === plan.fromSequence) return undefined;
  const rows = staged.reduce((sum, segment) => sum + segment.rows, 0);
  return { kind, run: plan.run, rows, segments: staged.length, manifest };
}
