/** The library: a lake in a folder of this machine. The constructs for CDK apps are `dynalake/cdk`. */
export { DynalakeError, type ErrorCode } from "./core/error.ts";
export type { SnapshotsKept } from "./core/format/snapshots-kept.ts";
export type { Cell, ResultColumn } from "./core/ports/query-result.ts";
export type { AttributeValue as DynamoValue, Item as DynamoItem } from "./core/values/attribute-value.ts";
export type * from "./library/event.ts";
export type * from "./library/lake.ts";
export { openLake } from "./library/open-lake.ts";
export type * from "./library/options.ts";
export type * from "./library/query.ts";
export type * from "./library/reports.ts";
export type * from "./library/restore-reports.ts";
export type * from "./library/schema.ts";
