/** What the changes of a table's schema need: its store and its engine, and where run ids and times come from. */
import type { SchemaCommitContext } from "../../core/compaction/schema-commit.ts";
import { newRunId, nowSeconds } from "../../sdk/new-run-id.ts";
import type { LakeFolder } from "../folder/lake-folder.ts";

export type EvolvingLake = Pick<LakeFolder, "store" | "engine"> &
  Pick<SchemaCommitContext, "newRunId" | "nowSeconds">;

/** A lake whose commits have the time of this machine. */
export function evolvingLake({ store, engine }: Pick<LakeFolder, "store" | "engine">): EvolvingLake {
  return { store, engine, newRunId, nowSeconds };
}
