/**
 * Takes changes from the stream function to the change log: a Firehose stream that converts JSON lines to Parquet with the
 * columns of `<table>__changes`.
 */
import { Aws, type Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import type { IRole } from "aws-cdk-lib/aws-iam";
import { CfnDeliveryStream } from "aws-cdk-lib/aws-kinesisfirehose";
import { LogStream } from "aws-cdk-lib/aws-logs";
import { Construct, type IDependable } from "constructs";
import { changesFolder, errorsFolder } from "../src/core/format/lake-path.ts";
import { handRole, type Permission } from "./permissions.ts";
import type { TableAccess } from "./table-access.ts";

export interface ChangeStreamProps {
  readonly access: TableAccess;
  readonly streamName: string;
  /** The tables of the Glue Data Catalog: `<table>__changes` has the columns. */
  readonly after: IDependable;
  /** How long Firehose waits before it writes an object; at low volume, the lake lags by this much. */
  readonly bufferTime: Duration;
  /** How much JSON Firehose collects before it writes an object: 64 to 128. */
  readonly bufferMebibytes: number;
}

export class ChangeStream extends Construct {
  readonly streamName: string;
  readonly role: IRole;

  constructor(scope: Construct, id: string, props: ChangeStreamProps) {
    super(scope, id);
    const { access } = props;
    const { lake, table } = access;
    const { logGroup } = lake;
    const logStream = new LogStream(this, "LogStream", {
      logGroup,
      logStreamName: `delivery-${table}`,
      // One that stayed would be in the way of a table that is added again.
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = handRole(this, "Role", {
      service: "firehose.amazonaws.com",
      description: `dynalake ${table}: delivery of changes`,
      permissions: deliveryPermissions(access, `${logGroup.logGroupArn}`),
    });
    const stream = new CfnDeliveryStream(this, "Stream", {
      deliveryStreamName: props.streamName,
      deliveryStreamType: "DirectPut",
      deliveryStreamEncryptionConfigurationInput: { keyType: "AWS_OWNED_CMK" },
      extendedS3DestinationConfiguration: {
        bucketArn: lake.bucket.bucketArn,
        roleArn: role.roleArn,
        prefix: `${changesFolder(table)}dt=!{timestamp:yyyy-MM-dd}/hr=!{timestamp:HH}/`,
        errorOutputPrefix: `${errorsFolder(table)}!{firehose:error-output-type}/dt=!{timestamp:yyyy-MM-dd}/`,
        bufferingHints: {
          intervalInSeconds: props.bufferTime.toSeconds(),
          sizeInMBs: props.bufferMebibytes,
        },
        compressionFormat: "UNCOMPRESSED",
        cloudWatchLoggingOptions: {
          enabled: true,
          logGroupName: logGroup.logGroupName,
          logStreamName: logStream.logStreamName,
        },
        dataFormatConversionConfiguration: {
          enabled: true,
          // Hive's deserializer rejects values that do not fit; OpenX's coerces them silently.
          inputFormatConfiguration: { deserializer: { hiveJsonSerDe: {} } },
          outputFormatConfiguration: { serializer: { parquetSerDe: { compression: "SNAPPY" } } },
          schemaConfiguration: {
            catalogId: Aws.ACCOUNT_ID,
            region: Stack.of(this).region,
            databaseName: lake.databaseName,
            tableName: access.stored("changes"),
            roleArn: role.roleArn,
            versionId: "LATEST",
          },
        },
      },
    });
    stream.node.addDependency(role, props.after);
    this.streamName = stream.ref;
    this.role = role;
  }
}

function deliveryPermissions(access: TableAccess, logGroupArn: string): readonly Permission[] {
  const { bucket } = access.lake;
  return [
    ...access.upload("changes/", "errors/"),
    // To continue an upload, Firehose reads back its parts.
    ...access.read("changes/", "errors/"),
    ...access.list("changes/", "errors/"),
    { actions: ["s3:GetBucketLocation", "s3:ListBucketMultipartUploads"], resources: [bucket.bucketArn] },
    ...access.catalog(
      ["glue:GetTable", "glue:GetTableVersion", "glue:GetTableVersions"],
      [access.stored("changes")],
    ),
    {
      actions: ["logs:PutLogEvents"],
      resources: [logGroupArn],
      because: "A log group's ARN ends in a wildcard for its streams.",
    },
  ];
}
