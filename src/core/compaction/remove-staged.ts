/** Cleaning up after a plan that did not become a commit. */
import { segmentsFolder } from "../format/lake-path.ts";
import { needsRun } from "../format/named-segments.ts";
import { manifestSequences, readManifest } from "../table/commits.ts";
import type { Plan } from "./plan.ts";
import type { StageContext } from "./plan-context.ts";

/** Removes what was staged, unless a commit names it: an earlier try may have made one whose answer was lost. */
export async function removeStaged(
  { store, schema }: Pick<StageContext, "store" | "schema">,
  { run, fromSequence }: Pick<Plan, "run" | "fromSequence">,
): Promise<void> {
  for (const sequence of await manifestSequences(store, schema.table)) {
    if (sequence <= fromSequence) continue;
    const manifest = await readManifest(store, schema.table, sequence);
    // breakage: committed-segments-stay
    if (manifest !== undefined && needsRun(manifest, run)) return;
  }
  const objects = await store.list(`${segmentsFolder(schema.table)}${run}/`);
  await store.remove(objects.map((object) => object.path));
}
