/** The metrics that the functions publish for a lake table; alarms and the dashboard show them. */

/** The dimension of all of them; its value is the name of the lake table. */
export const METRIC_DIMENSION = "LakeTable";

/** Counts of records and rows, as they are handled. */
export type HandledMetric = "DeliveredRows" | "CommittedRows" | "SkippedRecords" | "QuarantinedRecords";

/** Counts of what waits for a person, at each compaction. */
export type HealthMetric = "OpenGaps" | "QuarantineObjects" | "OnFailureObjects" | "ErrorObjects";

export type CountMetric = HandledMetric | HealthMetric | "FailedLooks";

export type SecondsMetric = "LagSeconds" | "StreamUnreadSeconds";

export type LakeMetric = CountMetric | SecondsMetric;
