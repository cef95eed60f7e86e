/** Compacts a lake table: folds its change log, then rewrites the parts of the base whose deltas have grown. */
import { type CompactionResult, compactMinorThenMajor } from "../../core/compaction/compact.ts";
import { DEFAULT_POLICY } from "../../core/compaction/compaction-policy.ts";
import type { Schema } from "../../core/schema/schema.ts";
import type { Commits } from "../../core/table/commits.ts";
import { newRunId, nowSeconds } from "../../sdk/new-run-id.ts";
import type { LakeFolder } from "../folder/lake-folder.ts";

export interface CompactionRequest {
  /** "all": every part of the base that has deltas or lacks a new column, not only those that have grown. */
  readonly scope: "grown" | "all";
  /** Changes of these last seconds stay in the change log. Default: the policy's. */
  readonly settleSeconds?: number;
  /** The table's commits, if they were read before. */
  readonly known?: Commits;
  /** Called after each commit. */
  readonly onCommit: (result: CompactionResult) => void;
}

/** Throws CONFLICT if another commit came first. What was committed before stays. */
export async function compactTable(
  lake: Pick<LakeFolder, "store" | "engine">,
  schema: Schema,
  { scope, settleSeconds = DEFAULT_POLICY.settleSeconds, known, onCommit }: CompactionRequest,
): Promise<readonly CompactionResult[]> {
  const { store, engine } = lake;
  const policy = { ...DEFAULT_POLICY, settleSeconds };
  return compactMinorThenMajor({ store, engine, schema, policy, newRunId, nowSeconds }, scope, {
    known,
    onCommit,
  });
}
