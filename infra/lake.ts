/**
 * The lake: a bucket, a Glue database, an Athena workgroup, the topics to which snapshots and compactions report, and the functions
 * and machines that work on its tables. One lake holds any number of them; each `DynamoDbLake` adds those of a source.
 */
import { Aws, Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import type { ITable } from "aws-cdk-lib/aws-dynamodb";
import { CfnDatabase } from "aws-cdk-lib/aws-glue";
import {
  AccountPrincipal,
  type IManagedPolicy,
  PolicyStatement,
  ServicePrincipal,
} from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import type { LogGroup } from "aws-cdk-lib/aws-logs";
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type IBucket,
  type LifecycleRule,
  ObjectOwnership,
} from "aws-cdk-lib/aws-s3";
import { type ITopic, Topic } from "aws-cdk-lib/aws-sns";
import { EmailSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import type { IStateMachine } from "aws-cdk-lib/aws-stepfunctions";
import { Construct } from "constructs";
import { DynalakeError } from "../src/core/error.ts";
import { exportsPrefix } from "../src/core/format/deployment-path.ts";
import { lifecycleRules, PutAside } from "./expiry.ts";
import type { LakePlace } from "./lake-place.ts";
import { watchLake } from "./lake-watch.ts";
import { type LakeRoles, LakeWork } from "./lake-work.ts";
import { makeLogGroup } from "./log-group.ts";
import { lakePrefix } from "./names.ts";
import { LAKE_KEY_ACTIONS } from "./owner-setup.ts";
import { acknowledge } from "./permissions.ts";
import { Registry } from "./registry.ts";
import { EXPORT_WRITES } from "./source-actions.ts";
import type { TableOwner } from "./table-owner.ts";
import { makeWorkGroups, workGroupArn } from "./work-groups.ts";

export interface LakeProps {
  /** The name of the database in SQL, and of the workgroup; unique per account and region. Default: dynalake. */
  readonly databaseName?: string;
  /** The KMS key that encrypts the lake. Default: S3-managed keys. */
  readonly encryptionKey?: IKey;
  /** Address that is emailed about each failure and alarm, once the subscription is confirmed. */
  readonly email?: string;
  /** Athena cancels statements of people that read more than this. Those of snapshots and compactions have no limit. Default: 1,024. */
  readonly scanGibibytesMax?: number;
  /** How long deleted or replaced objects can be restored; 0 turns this off. Default: 7. */
  readonly undeleteDays?: number;
  /** Lake Formation governs the catalog. `roles` are those that need its grants. Default: false. */
  readonly lakeFormation?: boolean;
  /**
   * Deletes what could not be delivered after so many days, whether it was replayed or not: 7 to 3,650. Such records hold values as
   * they came, also of masked columns. A lake with this has at most 331 tables: S3 takes 1,000 rules for a bucket, and each table needs
   * three. Default: never.
   */
  readonly putAsideDays?: number;
  /**
   * Readers, each with an Athena work group of its own, `<databaseName>-<reader>`, whose results lie in `_readers/<reader>/` of the
   * bucket: who may read no other results sees only those. Each gets a policy, which you attach to the roles of its people.
   */
  readonly readers?: readonly string[];
  readonly alarms?: "none";
  readonly dashboard?: "none";
}

const DATABASE_NAME = /^[a-z0-9_]{1,128}$/;

/**
 * A lake for any number of tables; each `DynamoDbLake` adds those of a source.
 *
 * @example
 * ```ts
 * import { App, Stack } from "aws-cdk-lib";
 * import { Lake } from "dynalake/cdk";
 *
 * const stack = new Stack(new App(), "Shop");
 * const lake = new Lake(stack, "Lake", { databaseName: "shop", email: "ops@example.com" });
 * console.log(lake.bucket.bucketName, lake.failureTopic.topicArn);
 * ```
 */
export class Lake extends Construct implements LakePlace {
  readonly bucket: IBucket;
  readonly databaseName: string;
  readonly database: CfnDatabase;
  /** The Athena work group in which people query. */
  readonly workGroupName: string;
  /** The one in which snapshots and compactions run statements, without a limit: one that is canceled is paid for, and tried again. */
  readonly upkeepWorkGroupName: string;
  readonly encryptionKey: IKey | undefined;
  readonly lakeFormation: boolean;
  /** Receives successes of snapshots and compactions. */
  readonly successTopic: ITopic;
  /** Receives their failures, and alarms. */
  readonly failureTopic: ITopic;
  /** Where all functions of the lake and its sources log, and the delivery streams. */
  readonly logGroup: LogGroup;
  /** What is deployed in the lake, and who writes it. */
  readonly registry: Registry;
  /** The state machines, which work on all tables. */
  readonly snapshotMachine: IStateMachine;
  readonly compactionMachine: IStateMachine;
  /** What works on all tables of the lake, by its name in the table of docs/aws.md. */
  readonly roles: LakeRoles;
  /** By the names of `readers`: what a role needs to query in the reader's work group, `dynalake query` included. */
  readonly readerPolicies: Readonly<Record<string, IManagedPolicy>>;
  private readonly storage: Bucket;
  private readonly putAside: PutAside | undefined;
  private readonly sources = new Set<ITable>();
  private readonly tables = new Map<string, Duration | "never">();

  constructor(scope: Construct, id: string, props: LakeProps = {}) {
    super(scope, id);
    this.databaseName = checkedName(props.databaseName ?? "dynalake");
    this.encryptionKey = props.encryptionKey;
    this.lakeFormation = props.lakeFormation ?? false;
    const rules = lifecycleRules(Boolean(props.readers?.length), undeleteDaysOf(props));
    this.storage = makeBucket(this, props, rules);
    this.bucket = this.storage;
    const { putAsideDays } = props;
    if (putAsideDays !== undefined)
      this.putAside = new PutAside(this, this.storage, rules.length, putAsideDays);
    this.database = new CfnDatabase(this, "Database", {
      catalogId: Aws.ACCOUNT_ID,
      databaseInput: { name: this.databaseName, description: "Tables of a dynalake lake" },
    });
    this.workGroupName = this.databaseName;
    this.upkeepWorkGroupName = `${lakePrefix(this.databaseName)}-upkeep`;
    this.readerPolicies = makeWorkGroups(this, this, props);
    // Two topics instead of one with filter attributes: alarms cannot set attributes on what they publish.
    this.successTopic = makeTopic(this, "Success", "dynalake: successes");
    this.failureTopic = makeTopic(this, "Failure", "dynalake: failures and alarms");
    if (props.email !== undefined) this.failureTopic.addSubscription(new EmailSubscription(props.email));
    this.logGroup = makeLogGroup(this, "Log");
    const work = new LakeWork(this, "Work", { lake: this, tickEvery: () => this.tickEvery() });
    // They name it only.
    work.node.addDependency(this.node.findChild("Upkeep"));
    this.snapshotMachine = work.snapshot.machine;
    this.compactionMachine = work.compaction.machine;
    this.roles = work.roles;
    this.registry = new Registry(this, "Registry", { lake: this, work });
    watchLake(this, work, props);
  }

  /** The shortest time between two compactions of a table. */
  private tickEvery(): Duration {
    const rates = [...this.tables.values()].filter((rate) => rate !== "never");
    const shortest = Math.min(...rates.map((rate) => rate.toMinutes()), TICK_MINUTES_MAX);
    return Duration.minutes(Math.max(1, Math.floor(shortest)));
  }

  /** Reserves a table's name. Throws USAGE if another table of the lake has it. */
  claim(table: string, compactEvery: Duration | "never"): void {
    if (this.tables.has(table)) {
      throw new DynalakeError("USAGE", `the lake "${this.databaseName}" has two tables called "${table}"`, {
        next: 'Give one of them another name: "table" in its schema file.',
      });
    }
    this.tables.set(table, compactEvery);
    this.putAside?.expireOf(table);
  }

  /** Reserves a source table: it is read once. Throws USAGE if the lake reads it already. */
  claimSource(table: ITable): void {
    if (this.sources.has(table)) {
      throw new DynalakeError("USAGE", `the lake "${this.databaseName}" reads ${table.node.path} already`, {
        next: "Add more lake tables of a source table with addTable.",
      });
    }
    this.sources.add(table);
  }

  /** Opens the bucket, and the key if it is one of the app, for the exports of a table of another account. */
  acceptExports(source: string, owner: TableOwner): void {
    const statement = {
      principals: [new AccountPrincipal(owner.account)],
      // breakage: exports-come-by-the-owners-role
      conditions: { ArnEquals: { "aws:PrincipalArn": owner.roleArn } },
    };
    this.storage.addToResourcePolicy(
      new PolicyStatement({
        ...statement,
        sid: `ExportsOf${source.replace(/[^A-Za-z0-9]/g, "")}`,
        actions: [...EXPORT_WRITES],
        resources: [this.storage.arnForObjects(`${exportsPrefix(source)}/*`)],
      }),
    );
    this.encryptionKey?.addToResourcePolicy(
      new PolicyStatement({ ...statement, actions: [...LAKE_KEY_ACTIONS], resources: ["*"] }),
    );
  }

  /** The ARN of a resource in the Glue Data Catalog. */
  catalogArn(...path: readonly string[]): string {
    return Stack.of(this).formatArn({ service: "glue", resource: path.join("/") });
  }

  get workGroupArn(): string {
    return workGroupArn(this, this.workGroupName);
  }

  get upkeepWorkGroupArn(): string {
    return workGroupArn(this, this.upkeepWorkGroupName);
  }
}

/** Without tables to compact, the sources are still looked after. */
const TICK_MINUTES_MAX = 60;

function checkedName(name: string): string {
  if (DATABASE_NAME.test(name)) return name;
  throw new DynalakeError("USAGE", `invalid database name: "${name}"`, {
    next: "Use at most 128 lowercase letters, digits and underscores for databaseName.",
  });
}

function undeleteDaysOf(props: LakeProps): number {
  return props.undeleteDays ?? 7;
}

function makeBucket(scope: Construct, props: LakeProps, rules: LifecycleRule[]): Bucket {
  const bucket = new Bucket(scope, "Bucket", {
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    enforceSSL: true,
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    removalPolicy: RemovalPolicy.RETAIN,
    versioned: undeleteDaysOf(props) > 0,
    ...(props.encryptionKey === undefined
      ? { encryption: BucketEncryption.S3_MANAGED }
      : { encryption: BucketEncryption.KMS, encryptionKey: props.encryptionKey, bucketKeyEnabled: true }),
    lifecycleRules: rules,
  });
  // It refuses requests without TLS, as long as there is a bucket.
  bucket.policy?.applyRemovalPolicy(RemovalPolicy.RETAIN); // breakage: bucket-keeps-its-policy
  acknowledge(
    bucket,
    "AwsSolutions-S1",
    "Access logs are up to the account: CloudTrail data events record more, and a separate log bucket would cost every user of the lake.",
  );
  return bucket;
}

/** Messages name tables, states and counts, never the contents of items. */
function makeTopic(scope: Construct, id: string, displayName: string): Topic {
  const topic = new Topic(scope, id, { displayName, enforceSSL: true });
  // Giving a topic a policy drops the default one, which lets the account's alarms publish.
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
