/** Compacts a lake table: applies an edit of schema.json, folds its change log, then rewrites the parts of the base whose deltas have grown. */
import { type CompactionResult, compactMinorThenMajor } from "../../core/compaction/compact.ts";
import { DEFAULT_POLICY } from "../../core/compaction/compaction-policy.ts";
import { changeSchema } from "../../core/compaction/schema-commit.ts";
import { schemaPath } from "../../core/format/lake-path.ts";
import type { ObjectStore } from "../../core/ports/object-store.ts";
import type { Schema } from "../../core/schema/schema.ts";
import type { Commits } from "../../core/table/commits.ts";
import { type OpenTable, openTableOf } from "../../core/table/open-table.ts";
import { schemaEdit } from "../../core/table/schema-edit.ts";
import { newRunId, nowSeconds } from "../../sdk/new-run-id.ts";
import type { LakeFolder } from "../folder/lake-folder.ts";
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
  /** Ends the waiting for another compaction of the table. */
  readonly signal?: AbortSignal;
}

/** Throws CONFLICT if other processes keep committing first. What was committed before stays. */
export async function compactTable(
  lake: Pick<LakeFolder, "root" | "store" | "engine">,
  schema: Schema,
  { scope, settleSeconds = DEFAULT_POLICY.settleSeconds, known, onCommit, signal }: CompactionRequest,
): Promise<void> {
  const { store, engine } = lake;
  const policy = { ...DEFAULT_POLICY, settleSeconds };
  const compact = async (tries: number): Promise<void> => {
    const current = await withEditApplied(store, schema, tries === 1 ? known : undefined);
    const context = { store, engine, schema: current.schema, policy, newRunId, nowSeconds };
    await compactMinorThenMajor(context, scope, { known: current.commits, onCommit });
  };
  await inTurn(lake, schema.table, compact, signal);
}

/** An edit that the data allows is a commit of its own; any other one is shown by `status` and stops nothing. */
async function withEditApplied(
  store: ObjectStore,
  schema: Schema,
  known: OpenTable | undefined,
): Promise<{ readonly schema: Schema; readonly commits: Commits | undefined }> {
  const opened = known ?? (await openTableOf(store, schema));
  const edit = await schemaEdit(store, opened);
  if (edit?.kind !== "pending") return { schema, commits: opened };
  await changeSchema({ store, newRunId, nowSeconds, commits: opened }, edit.schema, schemaPath(schema.table));
  return { schema: edit.schema, commits: opened };
}
