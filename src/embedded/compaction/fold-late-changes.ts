/** Folds changes that came late at once, so that they are seen before the next compaction of the schedule. */
import { type CompactionResult, compactMinor } from "../../core/compaction/compact.ts";
import { type CompactionPolicy, DEFAULT_POLICY } from "../../core/compaction/compaction-policy.ts";
import type { Schema } from "../../core/schema/schema.ts";
import type { Commits } from "../../core/table/commits.ts";
import { openTableOf } from "../../core/table/open-table.ts";
import type { LakeFolder } from "../folder/lake-folder.ts";
import { withEditApplied } from "./apply-edit.ts";
import { evolvingLake } from "./evolving-lake.ts";
import { type Followed, followData } from "./follow-data.ts";
import { inTurn } from "./in-turn.ts";

/** The horizon stays where it is: moving it is the schedule's. */
const LATE_ONLY: CompactionPolicy = { ...DEFAULT_POLICY, settleSeconds: Number.POSITIVE_INFINITY };

export interface LateFoldOptions {
  /** What these have is not read again. */
  readonly known?: Commits;
  /** Called with what the table gets by following its data, if it gets anything. */
  readonly onFollowed?: (followed: Followed) => void;
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
  { known, onFollowed, signal }: LateFoldOptions = {},
): Promise<void> {
  const evolving = evolvingLake(lake);
  // Of all tries, as in a compaction of the schedule.
  const folds: CompactionResult[] = [];
  const fold = async (): Promise<void> => {
    // Another compaction may have listed the objects before the last of them was there.
    const opened = await openTableOf(lake.store, schema, known);
    if (folds.length === 0 && oldestChangeSeconds >= opened.manifest.horizonSeconds) return;
    const current = await withEditApplied(evolving, schema, opened);
    const context = { ...evolving, schema: current.schema, policy: LATE_ONLY };
    const folded = await compactMinor(
      context,
      await openTableOf(lake.store, current.schema, current.commits),
    );
    if (folded !== undefined) folds.push(folded);
    const followed = await followData(evolving, current, folds); // breakage: late-changes-are-followed
    if (followed.added.length + followed.widened.length > 0) onFollowed?.(followed);
  };
  await inTurn(lake, schema.table, fold, signal);
}
