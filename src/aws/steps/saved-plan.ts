/** A plan in the store, with its statements beside it for the state machine. */

import { createHash } from "node:crypto";
import { type Plan, planFile } from "../../core/compaction/plan.ts";
import { DynalakeError } from "../../core/error.ts";
import { planPath, statementsPath } from "../../core/format/lake-path.ts";
import { replaceLakeFile, requireLakeFile } from "../../core/table/stored-file.ts";
import type { SavedPlan } from "../contracts/steps.ts";
import type { StepContext } from "./step-context.ts";

/** The most bytes that a step's answer and a state's input can have (AWS: "Step Functions service quotas"). */
const STATE_BYTES_MAX = 256 * 1024;
const TOKEN_DIGITS = 40;
/** What stands around a statement. */
const STATE_BYTES_ROOM = 4 * 1024;

export async function savePlan(context: StepContext, plan: Plan): Promise<SavedPlan> {
  const { store, engine } = context;
  const { schema } = context.opened;
  const { run } = plan;
  const lines = engine.unloads(schema, plan.stages).map((sql) => `${JSON.stringify({ sql })}\n`);
  for (const line of lines) {
    if (Buffer.byteLength(line) <= STATE_BYTES_MAX - STATE_BYTES_ROOM) continue;
    throw new DynalakeError(
      "SQL_FAILED",
      "a statement of the plan is longer than a state machine can pass on",
      {
        next: "Declare fewer columns, or nested ones as json.",
      },
    );
  }
  await replaceLakeFile(store, planPath(schema.table, run), plan);
  const statementsKey = statementsPath(schema.table, run);
  await store.replace(statementsKey, new TextEncoder().encode(lines.join("")));
  // Tables that share an export share its run, too.
  const token = createHash("sha256").update(`${schema.table} ${run}`).digest("hex").slice(0, TOKEN_DIGITS);
  return { run, token, statements: lines.length, statementsKey };
}

/** Throws LAKE_DAMAGED if there is none, or it cannot be read. */
export function readPlan({ store, opened }: StepContext, run: string): Promise<Plan> {
  return requireLakeFile(store, planFile, planPath(opened.schema.table, run));
}
