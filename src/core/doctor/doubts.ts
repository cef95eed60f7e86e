/**
 * What a deployment on AWS relies on and could not be tried without an account. docs/aws.md lists the same, in the same order,
 * with how it was checked and what happens if it is otherwise.
 */
export const DOUBTS = {
  "conditional-create":
    "S3 creates an object only if it does not exist (`If-None-Match`), and one of many writers wins",
  "order-of-changes": "An item's changes come in order; its sequence number grows",
  "at-least-once": "Lambda gives records at least once, maybe twice",
  checkpoint: "The lowest failed record is the checkpoint",
  "mapping-state":
    'A mapping reports its state, its last failure ("PROBLEM...") and when it was last changed',
  "stream-label": "The label of a stream is the time of its creation",
  "other-account":
    "Lambda reads a stream of another account by its policy, and its owner's role describes and exports the table",
  "failed-batches": "A batch that fails for good is put into the bucket whole",
  "export-cut": "An export's cut is within a minute of its time",
  "export-token": "A `ClientToken` makes starting an export idempotent for eight hours",
  "export-manifest": "The manifest of an export is JSON lines with counts and MD5 sums",
  "distributed-map": "A distributed map reads those lines from S3",
  "concatenated-objects": "Firehose takes concatenated JSON objects in one record, and converts each",
  "refused-values": "Hive's SerDe refuses what does not fit, record by record",
  "error-files": "A file in `errors/` has each record that Firehose could not convert, whole, in `rawData`",
  "late-delivery": "Firehose may write twice, out of order, and up to a day late",
  "hour-of-prefix": "The hour in an object's prefix is the arrival of its oldest record",
  "new-columns": "Firehose sees new Glue columns within 30 minutes",
  "older-partitions": "Partitions registered with fewer columns can be read, wherever the table has new ones",
  projection: "Athena derives `dt` and `hr` by projection, pruned by literals",
  "partitions-read":
    "A statement on the view is planned to read the live segments and the newest hours alone",
  "own-locations": "Registered partitions have their own locations; a location may have `_` in its name",
  "hidden-folders": "A partition may lie in a folder whose name begins with `_`",
  "segment-names": "`_segment IN (...)` and `BETWEEN` are exact for any number of segments",
  unload: "UNLOAD writes at most 100 partitions, ZSTD, `partitioned_by`",
  "statement-token": "A token runs one statement once",
  "glue-views": "A view can be created through Glue alone, if its columns match exactly",
  "version-id": "Glue's UpdateTable refuses an old `VersionId`",
  "exact-casts": "Wire text casts exactly to decimals, dates and nested types",
  "custom-resources":
    "CloudFormation waits for a custom resource's answer at the address that it gives, and keeps the order of dependencies",
  "asynchronous-invocations": "A function that is invoked asynchronously runs at least once",
  "name-patterns": "Names in IAM policies match by patterns (`dynalake-<lake>-*-source`)",
  "schedule-start": "A schedule without a start date runs its target at once",
  "machine-limits": "Step Functions passes 256 KiB, and waits for Athena without a function",
  updates: "Deliveries continue while stacks are updated",
  "alarm-actions": "An alarm goes off by its metric, and publishes to the failure topic",
  "alarm-mail": "The failure topic sends mail to the address of the lake",
} as const;

export type Doubt = keyof typeof DOUBTS;
