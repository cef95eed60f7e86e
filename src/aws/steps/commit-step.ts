/** What the statements of a plan have written becomes a commit. */

import { commitPlan } from "../../core/compaction/commit-plan.ts";
import { commitSeed } from "../../core/compaction/seed.ts";
import { DynalakeError } from "../../core/error.ts";
import { numberedSegments } from "../../core/format/segment-name.ts";
import { parseStoredSchema } from "../../core/schema/schema.ts";
import { writeSchema } from "../../core/table/schema-file.ts";
import type { CommitAnswer } from "../contracts/steps.ts";
import { readPlan } from "./saved-plan.ts";
import type { StepContext } from "./step-context.ts";

/** Doing it again after a lost answer returns the same commit. */
export async function commitStep(context: StepContext, run: string): Promise<CommitAnswer> {
  const { store, engine, nowSeconds, opened } = context;
  const { schema } = opened;
  const plan = await readPlan(context, run);
  const { kind } = plan.change;
  const staged = numberedSegments(await engine.collect(schema, plan.stages));
  const commit = { store, engine, schema, nowSeconds, commits: opened };
  try {
    const manifest =
      kind === "snapshot" ? await commitSeed(commit, plan, staged) : await commitPlan(commit, plan, staged);
    if (manifest.schema !== null)
      await writeSchema(store, parseStoredSchema(manifest.schema, "the schema of the commit"));
    const rows = staged.reduce((sum, segment) => sum + segment.rows, 0);
    return { outcome: "committed", kind, manifest: manifest.sequence, rows, segments: staged.length };
  } catch (error) {
    if (error instanceof DynalakeError && error.code === "CONFLICT") return { outcome: "conflict", kind };
    throw error;
  }
}
