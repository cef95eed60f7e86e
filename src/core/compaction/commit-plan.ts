/** From staged segments to a commit: a plan's commit, whatever it changes. */
import { defined } from "../defined.ts";
import { DynalakeError } from "../error.ts";
import { segmentOfPath, segmentsFolder } from "../format/lake-path.ts";
import type { Manifest, Segment } from "../format/manifest.ts";
import { schemaOf } from "../schema/schema-change.ts";
import { readCommits } from "../table/commits.ts";
import { commitCompaction } from "./commit-compaction.ts";
import { commitSnapshot } from "./commit-snapshot.ts";
import type { Plan, PlannedSchema, PlannedTexts } from "./plan.ts";
import type { CommitContext } from "./plan-context.ts";
import { removeStaged } from "./remove-staged.ts";
import { changeSchema } from "./schema-commit.ts";
import { showMisfits } from "./show-misfits.ts";

/**
 * Commits, and cleans up after a conflict: only a clean failure may delete what was staged. Where a compaction would change
 * nothing, it returns the manifest that it was planned from. Throws CONFLICT, also if what was staged is gone, since a manifest
 * must not name it; and ENGINE_FAILED if rows are missing or too many.
 */
export async function commitPlan(
  context: CommitContext,
  plan: Plan,
  staged: readonly Segment[],
): Promise<Manifest> {
  await requireStaged(context, plan.run, staged);
  const next = await commitChange(context, plan, staged); // breakage: unknown-commit-keeps-staged
  if (!(next instanceof DynalakeError)) return next;
  await removeStaged(context, plan); // breakage: staged-removed-after-conflict
  throw next;
}

/** A vacuum without grace takes what is under way for the remains of a death. What is left is left to the next vacuum. */
async function requireStaged(
  { store, schema }: CommitContext,
  run: string,
  staged: readonly Segment[],
): Promise<void> {
  if (staged.length === 0) return;
  const objects = await store.list(`${segmentsFolder(schema.table)}${run}/`);
  const parts = new Set(objects.map(({ path }) => segmentOfPath(path)?.part));
  if (staged.every(({ part }) => parts.has(part))) return;
  throw new DynalakeError("CONFLICT", `the files that ${run} staged for "${schema.table}" were removed`, {
    next: "No data was changed; run the command again. Vacuum with a shorter grace only while nothing else runs.",
  });
}

/** The manifest, or why there is none: nothing was changed. */
function commitChange(
  context: CommitContext,
  plan: Plan,
  staged: readonly Segment[],
): Promise<Manifest | DynalakeError> {
  const { change } = plan;
  switch (change.kind) {
    case "snapshot":
      return commitSnapshot(context, plan.run, change, staged);
    case "schema":
      return commitSchema(context, plan.run, change);
    case "texts":
      return commitTexts(context, plan.run, change);
    default:
      return commitCompaction(context, plan, change, staged);
  }
}

/** A commit that came in between does no harm. */
async function commitSchema(context: CommitContext, run: string, change: PlannedSchema): Promise<Manifest> {
  const { store, schema, commits, nowSeconds } = context;
  const counted = new Map(Object.entries(change.wholeDigits ?? {}));
  const changing = {
    store,
    commits,
    nowSeconds,
    newRunId: () => run,
    countDigits: async () => counted,
    ...defined({ given: change.deployed }),
  };
  const commit = await changeSchema(changing, schemaOf(change.schema, schema), "the planned schema");
  return commit?.manifest ?? (await readCommits(store, schema.table, commits)).manifest;
}

/** The same. */
async function commitTexts(
  { store, schema, commits, nowSeconds }: CommitContext,
  run: string,
  { attributes }: PlannedTexts,
): Promise<Manifest> {
  const context = { store, ...defined({ commits }), nowSeconds, newRunId: () => run };
  const manifest = await showMisfits(context, schema, { attributes });
  return manifest ?? (await readCommits(store, schema.table, commits)).manifest;
}
