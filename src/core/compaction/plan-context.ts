/** What staging and committing a plan work with. */
import type { ObjectStore } from "../ports/object-store.ts";
import type { QueryEngine } from "../ports/query-engine.ts";
import type { Schema } from "../schema/schema.ts";
import type { Commits } from "../table/commits.ts";

export interface StageContext {
  readonly store: ObjectStore;
  readonly engine: Pick<QueryEngine, "stage">;
  /** What the segments are written by. */
  readonly schema: Schema;
}

export interface CommitContext {
  readonly store: ObjectStore;
  readonly schema: Schema;
  readonly nowSeconds: () => number;
  /** The table's commits as they were last read. */
  readonly commits: Commits;
}
