/** Where a lake lies and reports: what its functions, machines and tables are made with, before the lake itself is whole. */
import type { CfnDatabase } from "aws-cdk-lib/aws-glue";
import type { IKey } from "aws-cdk-lib/aws-kms";
import type { LogGroup } from "aws-cdk-lib/aws-logs";
import type { IBucket } from "aws-cdk-lib/aws-s3";
import type { ITopic } from "aws-cdk-lib/aws-sns";
import type { IConstruct } from "constructs";

export interface LakePlace extends IConstruct {
  readonly bucket: IBucket;
  readonly databaseName: string;
  readonly database: CfnDatabase;
  /** Where people query. */
  readonly workGroupName: string;
  /** Where functions and machines run statements: no limit cancels what was paid for. */
  readonly upkeepWorkGroupName: string;
  readonly upkeepWorkGroupArn: string;
  readonly encryptionKey: IKey | undefined;
  /** Lake Formation governs the catalog: roles that run statements ask it for access to the data. */
  readonly lakeFormation: boolean;
  /** Receives successes of snapshots and compactions. */
  readonly successTopic: ITopic;
  /** Receives their failures, and alarms. */
  readonly failureTopic: ITopic;
  /** Where all functions of the lake and its sources log, and the delivery streams. */
  readonly logGroup: LogGroup;
  /** The ARN of a resource in the Glue Data Catalog. */
  catalogArn(...path: readonly string[]): string;
}

/** Where Athena writes query results. */
export { RESULTS_FOLDER as RESULTS_PREFIX } from "../src/core/format/deployment-path.ts";

/** Where it writes those of readers with work groups of their own. No function of the lake may read them. */
export const READERS_PREFIX = "_readers/";

/** Where Step Functions writes what the runs of a map have answered. */
export const MAPS_PREFIX = "_maps/";
