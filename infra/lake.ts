/**
 * The lake: a bucket, a database of the Glue Data Catalog, a work group of Athena, and the topics to which snapshots and
 * compactions report. One lake holds any number of tables; `DynamoDbLake` adds one.
 */
import { Aws, Duration, RemovalPolicy, Stack, Token } from "aws-cdk-lib";
import { CfnWorkGroup } from "aws-cdk-lib/aws-athena";
import { CfnDatabase } from "aws-cdk-lib/aws-glue";
import { PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type IBucket,
  ObjectOwnership,
} from "aws-cdk-lib/aws-s3";
import { type ITopic, Topic } from "aws-cdk-lib/aws-sns";
import { EmailSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import { Construct } from "constructs";
import { DynalakeError } from "../src/core/error.ts";
import { acknowledge } from "./permissions.ts";

export interface LakeProps {
  /** The database's name in SQL, and the work group's. Default: dynalake. Each lake of an account and region has its own. */
  readonly databaseName?: string;
  /** The key that encrypts the lake. Default: the keys of S3. */
  readonly encryptionKey?: IKey;
  /** Gets an e-mail for each failure and each alarm, once its owner has confirmed the subscription. */
  readonly email?: string;
  /** A statement that reads more than this is cancelled, compactions of a large table included. Default: 1024. */
  readonly scanGibibytesMax?: number;
  /** What was deleted or replaced in the bucket can be had back for so many days; 0 for not at all. Default: 7. */
  readonly undeleteDays?: number;
}

const DATABASE_NAME = /^[a-z0-9_]{1,128}$/;
const RESULT_DAYS = 7;
/** Where Athena puts the results of statements. No lake table has this name: theirs begin with a letter. */
export const RESULTS_PREFIX = "_athena/";

export class Lake extends Construct {
  readonly bucket: IBucket;
  readonly databaseName: string;
  readonly database: CfnDatabase;
  readonly workGroupName: string;
  readonly encryptionKey: IKey | undefined;
  /** Snapshots and compactions that succeeded. */
  readonly successTopic: ITopic;
  /** Those that failed, and alarms. */
  readonly failureTopic: ITopic;
  private readonly tables = new Set<string>();

  constructor(scope: Construct, id: string, props: LakeProps = {}) {
    super(scope, id);
    this.databaseName = checkedName(props.databaseName ?? "dynalake");
    this.encryptionKey = props.encryptionKey;
    this.bucket = makeBucket(this, props);
    this.database = new CfnDatabase(this, "Database", {
      catalogId: Aws.ACCOUNT_ID,
      databaseInput: { name: this.databaseName, description: "Tables of a dynalake lake" },
    });
    this.workGroupName = this.databaseName;
    makeWorkGroup(this, this.workGroupName, this.bucket, props);
    // Two topics and not one with attributes to filter by: an alarm cannot set attributes on what it publishes.
    this.successTopic = makeTopic(this, "Success", "dynalake: successes");
    this.failureTopic = makeTopic(this, "Failure", "dynalake: failures and alarms");
    if (props.email !== undefined) this.failureTopic.addSubscription(new EmailSubscription(props.email));
  }

  /** Reserves a table's name; throws USAGE where the lake has a table of that name already. */
  claim(table: string): void {
    if (this.tables.has(table)) {
      throw new DynalakeError("USAGE", `the lake "${this.databaseName}" has two tables called "${table}"`, {
        next: 'Give one of them another name: "table" in its schema file.',
      });
    }
    this.tables.add(table);
  }

  /** An ARN of the Glue Data Catalog that belongs to the lake's database. */
  catalogArn(...path: readonly string[]): string {
    return Stack.of(this).formatArn({ service: "glue", resource: path.join("/") });
  }

  get workGroupArn(): string {
    return Stack.of(this).formatArn({
      service: "athena",
      resource: "workgroup",
      resourceName: this.workGroupName,
    });
  }
}

function checkedName(name: string): string {
  if (Token.isUnresolved(name) || DATABASE_NAME.test(name)) return name;
  throw new DynalakeError("USAGE", `"${name}" is no name of a Glue database that Athena can use`, {
    next: "Give the lake a databaseName of lower-case letters, digits and _, at most 128.",
  });
}

/**
 * Nothing but what is named here ever expires: the change log is the only copy of history. Versions give back what was
 * deleted by mistake for a while; commits do not mind them, since a deleted name can be created anew. They are not kept for
 * longer, because staging and exports, which are deleted after each snapshot, would cost as much as the table does.
 */
function makeBucket(scope: Construct, props: LakeProps): Bucket {
  const undeleteDays = props.undeleteDays ?? 7;
  const bucket = new Bucket(scope, "Bucket", {
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    enforceSSL: true,
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    removalPolicy: RemovalPolicy.RETAIN,
    versioned: undeleteDays > 0,
    ...(props.encryptionKey === undefined
      ? { encryption: BucketEncryption.S3_MANAGED }
      : { encryption: BucketEncryption.KMS, encryptionKey: props.encryptionKey, bucketKeyEnabled: true }),
    lifecycleRules: [
      { id: "query-results", prefix: RESULTS_PREFIX, expiration: Duration.days(RESULT_DAYS) },
      { id: "unfinished-uploads", abortIncompleteMultipartUploadAfter: Duration.days(7) },
      ...(undeleteDays > 0
        ? [
            {
              id: "deleted",
              noncurrentVersionExpiration: Duration.days(undeleteDays),
              expiredObjectDeleteMarker: true,
            },
          ]
        : []),
    ],
  });
  acknowledge(
    bucket,
    "AwsSolutions-S1",
    "Access logs are the account's choice: CloudTrail data events record more, and a log bucket of the lake's own would cost every user of it.",
  );
  return bucket;
}

function makeWorkGroup(scope: Construct, name: string, bucket: IBucket, props: LakeProps): CfnWorkGroup {
  const key = props.encryptionKey;
  return new CfnWorkGroup(scope, "WorkGroup", {
    name,
    description: "Statements on a dynalake lake",
    recursiveDeleteOption: true,
    workGroupConfiguration: {
      // Enforced, so that no client's own settings put results elsewhere.
      enforceWorkGroupConfiguration: true,
      engineVersion: { selectedEngineVersion: "Athena engine version 3" },
      publishCloudWatchMetricsEnabled: true,
      requesterPaysEnabled: false,
      bytesScannedCutoffPerQuery: (props.scanGibibytesMax ?? 1024) * 1024 ** 3,
      resultConfiguration: {
        outputLocation: `s3://${bucket.bucketName}/${RESULTS_PREFIX}`,
        encryptionConfiguration:
          key === undefined
            ? { encryptionOption: "SSE_S3" }
            : { encryptionOption: "SSE_KMS", kmsKey: key.keyArn },
      },
    },
  });
}

/** What is published names tables, states and counts, never items. */
function makeTopic(scope: Construct, id: string, displayName: string): Topic {
  const topic = new Topic(scope, id, { displayName, enforceSSL: true });
  // A topic that has a policy loses the default one, which lets the account's alarms publish.
  topic.addToResourcePolicy(
    new PolicyStatement({
      sid: "AlarmsOfThisAccount",
      actions: ["sns:Publish"],
      principals: [new ServicePrincipal("cloudwatch.amazonaws.com")],
      resources: [topic.topicArn],
      conditions: { StringEquals: { "aws:SourceAccount": Stack.of(scope).account } },
    }),
  );
  return topic;
}
