/** A planned run in the store, with its statements beside it for the state machine. */

import { type PlannedRun, parsePlannedRun, plannedRunText } from "../../core/compaction/planned-run.ts";
import { DynalakeError } from "../../core/error.ts";
import { planPath, statementsPath } from "../../core/format/lake-path.ts";
import type { StepContext } from "./step-context.ts";

export interface SavedPlan {
  readonly run: string;
  /** How many statements there are. */
  readonly statements: number;
  /** The key of the statements, JSON lines of {"sql": "..."}. */
  readonly statementsKey: string;
}

/** A step's answer and a state's input have at most so many bytes (AWS: "Step Functions service quotas"). */
const STATE_BYTES_MAX = 256 * 1024;
/** What stands around a statement. */
const STATE_BYTES_ROOM = 4 * 1024;

export async function savePlan(context: StepContext, planned: PlannedRun): Promise<SavedPlan> {
  const { store, engine, schema } = context;
  const { run } = planned;
  const lines = engine.unloads(schema, planned.stages).map((sql) => `${JSON.stringify({ sql })}\n`);
  for (const line of lines) {
    if (Buffer.byteLength(line) <= STATE_BYTES_MAX - STATE_BYTES_ROOM) continue;
    throw new DynalakeError(
      "SQL_FAILED",
      "a statement of the run is longer than a state machine can pass on",
      {
        next: "Declare fewer columns, or nested ones as json.",
      },
    );
  }
  const encoder = new TextEncoder();
  await store.replace(planPath(schema.table, run), encoder.encode(plannedRunText(planned)));
  const statementsKey = statementsPath(schema.table, run);
  await store.replace(statementsKey, encoder.encode(lines.join("")));
  return { run, statements: lines.length, statementsKey };
}

/** Throws LAKE_DAMAGED where there is none. */
export async function readPlan({ store, schema }: StepContext, run: string): Promise<PlannedRun> {
  const path = planPath(schema.table, run);
  const content = await store.read(path);
  if (content === undefined) throw new DynalakeError("LAKE_DAMAGED", `there is no ${path}`);
  return parsePlannedRun(new TextDecoder().decode(content), path);
}
