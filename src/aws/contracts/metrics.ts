/** The metrics that the functions publish for a lake table or a source; alarms and the dashboard show them. */

/** The dimension of a lake table's metrics; its value is the table's name. */
export const METRIC_DIMENSION = "LakeTable";

/** Where a lake's metrics are. Lakes of an account may have tables of one name. */
export function metricsNamespaceOf(databaseName: string): string {
  return `dynalake/${databaseName}`;
}

/** The dimension of a source's metrics; its value is the source's name in the registry. */
export const SOURCE_DIMENSION = "Source";

/** Those of a lake table. */
export const TABLE_METRICS = {
  DeliveredRows: "Count",
  CommittedRows: "Count",
  SkippedRecords: "Count",
  QuarantinedRecords: "Count",
  /** Compactions that were done, and those that were due and had nothing to do. */
  Compactions: "Count",
  /** Executions of both machines, counted by the machines themselves. */
  FailedExecutions: "Count",
  LagSeconds: "Seconds",
  /** What waits for a person: objects, found hourly and at each compaction; likewise the next three. */
  OpenGaps: "Count",
  QuarantineObjects: "Count",
  ErrorObjects: "Count",
  WaitingObjects: "Count",
  /** All of them but the gaps. */
  UndeliveredObjects: "Count",
  /** Values that neither their column nor one of text shows, found likewise. */
  HiddenValues: "Count",
} as const;

/** Those of a source, found hourly. */
export const SOURCE_METRICS = {
  /** Batches of the stream that failed for good. */
  OnFailureObjects: "Count",
  /** Checks of the stream and its mapping that failed. */
  FailedLooks: "Count",
  /** Since when the stream was last seen being read; 0 while it is read. */
  StreamUnreadSeconds: "Seconds",
} as const;

export type TableMetric = keyof typeof TABLE_METRICS;
export type SourceMetric = keyof typeof SOURCE_METRICS;
