/** The outputs of a stack by which the command line finds a lake table: the table's name in camel case, followed by one of these. */
export const STACK_OUTPUTS = {
  table: "LakeTable",
  bucket: "Bucket",
  database: "Database",
  workGroup: "WorkGroup",
  deliveryStream: "DeliveryStream",
  snapshotMachineArn: "SnapshotMachine",
  compactionMachineArn: "CompactionMachine",
  sourceTableArn: "SourceTableArn",
  eventSourceMapping: "EventSourceMapping",
  streamFunction: "StreamFunction",
  retentionHours: "RetentionHours",
  bufferSeconds: "BufferSeconds",
} as const;

export type StackOutput = keyof typeof STACK_OUTPUTS;

/** What to do if the stack and the command line are of different versions. */
export const DEPLOY_THIS_VERSION = "Deploy the stack again with this version of dynalake.";
