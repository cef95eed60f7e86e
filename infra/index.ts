/** The constructs and stacks that CDK apps import. */
export type { AlarmOptions } from "./alarms.ts";
export type { BufferOptions, DeliveryOptions, ReadingOptions } from "./delivery-options.ts";
export { type AddedTableProps, DynamoDbLake, type DynamoDbLakeProps } from "./dynamo-db-lake.ts";
export { type ExistingTable, ExportStack, type ExportStackProps } from "./export-stack.ts";
export { Lake, type LakeProps } from "./lake.ts";
export { LakeStack, type LakeStackProps } from "./lake-stack.ts";
export type { LakeTableOptions } from "./lake-table.ts";
export type { LakeRoles } from "./lake-work.ts";
export type { OwnerSetup, PolicyJson, StatementJson } from "./owner-setup.ts";
export { ReviewsStack, type ReviewsStackProps } from "./reviews-stack.ts";
export type { SnapshotPartOptions } from "./snapshot-options.ts";
