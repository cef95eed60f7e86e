/** What compactions work with. */
import type { ObjectStore } from "../ports/object-store.ts";
import type { QueryEngine } from "../ports/query-engine.ts";
import type { Schema } from "../schema/schema.ts";
import type { CompactionPolicy } from "./compaction-policy.ts";

export interface PlanningContext {
  readonly engine: QueryEngine;
  readonly policy: CompactionPolicy;
  /** Makes a run id: unique, of letters, digits, _ and -. */
  readonly newRunId: () => string;
  readonly nowSeconds: () => number;
}

export interface CompactionContext extends PlanningContext {
  readonly store: ObjectStore;
  /** The table's, until a commit has brought another one. */
  readonly schema: Schema;
}
