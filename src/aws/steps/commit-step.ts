/** What the statements of a run have written becomes a commit. */

import { commitRun } from "../../core/compaction/planned-run.ts";
import { commitSeedRun } from "../../core/compaction/seed.ts";
import { DynalakeError } from "../../core/error.ts";
import { parseSchema } from "../../core/schema/schema.ts";
import { writeSchema } from "../../core/table/lake-table.ts";
import { readPlan } from "./saved-plan.ts";
import type { StepContext } from "./step-context.ts";

export type CommitOutcome =
  | { readonly outcome: "conflict"; readonly kind: string }
  | {
      readonly outcome: "committed";
      readonly kind: string;
      readonly manifest: number;
      readonly rows: number;
      readonly segments: number;
    };

/** Doing it again after a lost answer tells the same commit. */
export async function commitStep(context: StepContext, run: string): Promise<CommitOutcome> {
  const { store, engine, schema } = context;
  const planned = await readPlan(context, run);
  const { kind } = planned.change;
  const staged = await engine.collect(schema, planned.stages);
  try {
    const manifest =
      kind === "snapshot"
        ? await commitSeedRun(context, planned, staged)
        : await commitRun(context, planned, staged);
    if (manifest.schema !== null)
      await writeSchema(store, parseSchema(manifest.schema, "the schema of the commit"));
    const rows = staged.reduce((sum, segment) => sum + segment.rows, 0);
    return { outcome: "committed", kind, manifest: manifest.sequence, rows, segments: staged.length };
  } catch (error) {
    if (error instanceof DynalakeError && error.code === "CONFLICT") return { outcome: "conflict", kind };
    throw error;
  }
}
