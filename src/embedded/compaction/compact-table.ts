/** Compacts a lake table: applies an edit of schema.json, folds its change log, then rewrites the parts of the base whose deltas have grown. */
import { type CompactionResult, compactMinorThenMajor } from "../../core/compaction/compact.ts";
import { DEFAULT_POLICY } from "../../core/compaction/compaction-policy.ts";
import type { Schema } from "../../core/schema/schema.ts";
import type { OpenTable } from "../../core/table/open-table.ts";
import type { LakeFolder } from "../folder/lake-folder.ts";
import { type TriedEdit, withEditApplied } from "./apply-edit.ts";
import { evolvingLake } from "./evolving-lake.ts";
import { type Followed, followData } from "./follow-data.ts";
import { inTurn } from "./in-turn.ts";

export interface CompactionRequest {
  /** "all": every part of the base that has deltas or lacks a new column, not only those that have grown. */
  readonly scope: "grown" | "all";
  /** Changes of these last seconds stay in the change log. Default: the policy's. */
  readonly settleSeconds?: number;
  /** The table, if it was opened before. */
  readonly known?: OpenTable;
  /** Called after each commit. */
  readonly onCommit: (result: CompactionResult) => void;
  /** Called with what the table gets by following its data, if it gets anything. */
  readonly onFollowed?: (followed: Followed) => void;
  /** Called with what became of the file of the table's schema, if that is another one than the table's. */
  readonly onEdit?: (edit: TriedEdit) => void;
  /** Ends the waiting for another compaction of the table. */
  readonly signal?: AbortSignal;
}

/** Throws CONFLICT if other processes keep committing first. What was committed before stays. */
export async function compactTable(
  lake: Pick<LakeFolder, "root" | "store" | "engine">,
  schema: Schema,
  request: CompactionRequest,
): Promise<void> {
  const { scope, settleSeconds = DEFAULT_POLICY.settleSeconds, known, signal } = request;
  const { onCommit, onFollowed, onEdit } = request;
  const evolving = evolvingLake(lake);
  const policy = { ...DEFAULT_POLICY, settleSeconds };
  // Of all tries: another process may be first after a commit, and what that folded still gets its columns.
  const results: CompactionResult[] = [];
  const onResult = (result: CompactionResult): void => {
    results.push(result); // breakage: overtaken-folds-get-columns
    onCommit(result);
  };
  const compact = async (tries: number): Promise<void> => {
    const current = await withEditApplied(evolving, schema, tries === 1 ? known : undefined);
    // breakage: edits-are-told
    if (current.edit !== undefined) onEdit?.(current.edit);
    const context = { ...evolving, schema: current.schema, policy };
    await compactMinorThenMajor(context, scope, { known: current.commits, onCommit: onResult });
    const followed = await followData(evolving, current, results);
    if (followed.added.length + followed.widened.length > 0) onFollowed?.(followed);
  };
  await inTurn(lake, schema.table, compact, signal);
}
