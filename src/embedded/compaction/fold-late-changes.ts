/** Folds changes that came late at once, so that they are seen before the next compaction of the schedule. */
import { compactMinor } from "../../core/compaction/compact.ts";
import { type CompactionPolicy, DEFAULT_POLICY } from "../../core/compaction/compaction-policy.ts";
import { DynalakeError } from "../../core/error.ts";
import type { Schema } from "../../core/schema/schema.ts";
import type { Commits } from "../../core/table/commits.ts";
import { openTableOf } from "../../core/table/open-table.ts";
import { newRunId, nowSeconds } from "../../sdk/new-run-id.ts";
import type { LakeFolder } from "../folder/lake-folder.ts";

const TRIES = 3;
/** The horizon stays where it is: moving it is the schedule's. */
const LATE_ONLY: CompactionPolicy = { ...DEFAULT_POLICY, settleSeconds: Number.POSITIVE_INFINITY };

/**
 * Does nothing where the oldest delivered change is not older than the horizon: the view shows it as it is. The commits that
 * `known` has are not read again.
 */
export async function foldLateChanges(
  { store, engine }: LakeFolder,
  schema: Schema,
  oldestChangeSeconds: number,
  known?: Commits,
): Promise<void> {
  for (let tries = 1; ; tries++) {
    const opened = await openTableOf(store, schema, known);
    if (oldestChangeSeconds >= opened.manifest.horizonSeconds) return;
    try {
      await compactMinor({ store, engine, schema, policy: LATE_ONLY, newRunId, nowSeconds }, opened);
      return;
    } catch (error) {
      // Another compaction came first; it may have listed the objects before the last of them was there.
      if (!(error instanceof DynalakeError && error.code === "CONFLICT") || tries === TRIES) throw error;
    }
  }
}
