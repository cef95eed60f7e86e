/** Staging: an engine writes the segments of a plan in folders of their own, which no manifest names yet. */
import type { Segment } from "../format/manifest.ts";
import { numberedSegments } from "../format/segment-name.ts";
import type { Plan } from "./plan.ts";
import type { StageContext } from "./plan-context.ts";
import { removeStaged } from "./remove-staged.ts";

/** Stages all of it, and removes what was staged if that fails: nothing can have named it yet. */
export async function stagePlan(context: StageContext, plan: Plan): Promise<readonly Segment[]> {
  const staged: Segment[] = [];
  try {
    for (const stage of plan.stages) {
      staged.push(...(await context.engine.stage({ ...stage, schema: context.schema })));
    }
    return numberedSegments(staged);
  } catch (error) {
    await removeStaged(context, plan);
    throw error;
  }
}
