/** What every step of a snapshot or a compaction gets. */
import type { RunContext } from "../../core/compaction/planned-run.ts";
import type { Schema } from "../../core/schema/schema.ts";
import type { AwsLake } from "../aws-lake.ts";

export interface StepContext extends AwsLake, RunContext {
  readonly engine: AwsLake["engine"];
  /** The schema that was deployed; the lake's may be older. */
  readonly deployed: Schema;
  readonly newRun: () => string;
}
