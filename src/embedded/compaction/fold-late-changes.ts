/** Folds changes that came late at once, so that they are seen before the next compaction of the schedule. */
import { compactMinor } from "../../core/compaction/compact.ts";
import { type CompactionPolicy, DEFAULT_POLICY } from "../../core/compaction/compaction-policy.ts";
import type { Schema } from "../../core/schema/schema.ts";
import type { Commits } from "../../core/table/commits.ts";
import { openTableOf } from "../../core/table/open-table.ts";
import { newRunId, nowSeconds } from "../../sdk/new-run-id.ts";
import type { LakeFolder } from "../folder/lake-folder.ts";
import { inTurn } from "./in-turn.ts";

/** The horizon stays where it is: moving it is the schedule's. */
const LATE_ONLY: CompactionPolicy = { ...DEFAULT_POLICY, settleSeconds: Number.POSITIVE_INFINITY };

export interface LateFoldOptions {
  /** What these have is not read again. */
  readonly known?: Commits;
  /** Ends the waiting for a compaction that is under way. */
  readonly signal?: AbortSignal;
}

/**
 * Does nothing where the oldest delivered change is not older than the horizon: the view shows it as it is. Throws CONFLICT if
 * other processes keep committing first.
 */
export async function foldLateChanges(
  lake: Pick<LakeFolder, "root" | "store" | "engine">,
  schema: Schema,
  oldestChangeSeconds: number,
  { known, signal }: LateFoldOptions = {},
): Promise<void> {
  const { store, engine } = lake;
  const fold = async (): Promise<void> => {
    // Another compaction may have listed the objects before the last of them was there.
    const opened = await openTableOf(store, schema, known);
    if (oldestChangeSeconds >= opened.manifest.horizonSeconds) return;
    await compactMinor({ store, engine, schema, policy: LATE_ONLY, newRunId, nowSeconds }, opened);
  };
  await inTurn(lake, schema.table, fold, signal);
}
