/** What every step of a snapshot or a compaction gets. */
import type { Schema } from "../../core/schema/schema.ts";
import type { OpenTable } from "../../core/table/open-table.ts";
import type { AwsLake } from "../aws-lake.ts";
import type { TableEntry } from "../contracts/registry.ts";

export interface LakeContext extends AwsLake {
  readonly newRunId: () => string;
  readonly nowSeconds: () => number;
}

export interface StepContext extends LakeContext {
  /** The lake table as it was when the invocation began. */
  readonly opened: OpenTable;
  /** The schema that was deployed; the lake's may be older. */
  readonly deployed: Schema;
  /** The lake table as it is deployed. */
  readonly entry: TableEntry;
}
