/** What is done with a source table: the lake's roles may do it, or what the owner of a table of another account attaches allows it. */

/** Lambda reads the stream with the permissions of its function. */
export const STREAM_ACTIONS: readonly string[] = [
  "dynamodb:DescribeStream",
  "dynamodb:GetRecords",
  "dynamodb:GetShardIterator",
];

/** Describing and exporting the table. */
export const EXPORT_ACTIONS: readonly string[] = [
  "dynamodb:DescribeContinuousBackups",
  "dynamodb:DescribeTable",
  "dynamodb:ExportTableToPointInTime",
];

/** DynamoDB writes an export with the permissions of who started it. */
export const EXPORT_WRITES: readonly string[] = [
  "s3:AbortMultipartUpload",
  "s3:PutObject",
  "s3:PutObjectAcl",
];

/** Reading, exporting or streaming a table encrypted with a KMS key needs permission on that key. */
export const TABLE_KEY_ACTIONS: readonly string[] = ["kms:Decrypt", "kms:DescribeKey"];
