/** A lake for one test on the emulator: a bucket, a database, a workgroup, and a schema's tables and delivery stream. */
import { randomUUID } from "node:crypto";
import { CreateWorkGroupCommand } from "@aws-sdk/client-athena";
import {
  CreateDeliveryStreamCommand,
  type FirehoseClient,
  type S3DestinationConfiguration,
} from "@aws-sdk/client-firehose";
import {
  CreateDatabaseCommand,
  CreateTableCommand,
  EntityNotFoundException,
  type TableInput,
  UpdateTableCommand,
} from "@aws-sdk/client-glue";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { CreateBucketCommand } from "@aws-sdk/client-s3";
import { type AwsLake, openAwsLake } from "../../../src/aws/aws-lake.ts";
import { changeWireColumns, itemWireColumns } from "../../../src/core/row/wire-line.ts";
import { columnTypeText } from "../../../src/core/schema/column-type.ts";
import type { Schema } from "../../../src/core/schema/schema.ts";
import { athena } from "../../../src/core/sql/athena.ts";
import { segmentColumns } from "../../../src/core/sql/typed-columns.ts";

export interface TestLake extends AwsLake {
  readonly database: string;
  /** Creates or updates the schema's Glue tables, and creates its delivery stream. Returns the stream's name. */
  declare(schema: Schema): Promise<string>;
}

/** Opens a new lake. `name` must be unique, of lowercase letters, digits and "-". */
export async function testLake(name: string): Promise<TestLake> {
  const bucket = `lake-${name}`;
  const database = `lake_${name.replaceAll("-", "_")}`;
  const workGroup = `lake-${name}`;
  const lake = openAwsLake({ bucket, database, workGroup }, { region: "us-east-1", timeoutSeconds: 120 });
  await lake.clients.s3.send(new CreateBucketCommand({ Bucket: bucket }));
  await lake.clients.glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name: database } }));
  const OutputLocation = `s3://${bucket}/_athena/`;
  const Configuration = { EnforceWorkGroupConfiguration: true, ResultConfiguration: { OutputLocation } };
  await lake.clients.athena.send(new CreateWorkGroupCommand({ Name: workGroup, Configuration }));
  const streams = new Set<string>();
  return {
    ...lake,
    database,
    declare: async (schema) => {
      for (const table of tableInputs(bucket, schema)) await putTable(lake, database, table);
      const stream = `${database}-${schema.table}`;
      if (!streams.has(stream)) await makeStream(lake.clients.firehose, { stream, bucket, database, schema });
      streams.add(stream);
      return stream;
    },
  };
}

async function putTable(lake: AwsLake, DatabaseName: string, TableInput: TableInput): Promise<void> {
  try {
    await lake.clients.glue.send(new UpdateTableCommand({ DatabaseName, TableInput }));
  } catch (error) {
    if (!(error instanceof EntityNotFoundException)) throw error;
    await lake.clients.glue.send(new CreateTableCommand({ DatabaseName, TableInput }));
  }
}

const PARQUET = {
  InputFormat: "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
  OutputFormat: "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
  SerdeInfo: { SerializationLibrary: "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe" },
};
const JSON_LINES = {
  InputFormat: "org.apache.hadoop.mapred.TextInputFormat",
  OutputFormat: "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
  SerdeInfo: { SerializationLibrary: "org.apache.hive.hcatalog.data.JsonSerDe" },
};

/** A schema's tables, as the stack defines them. */
function tableInputs(bucket: string, schema: Schema): readonly TableInput[] {
  const root = `s3://${bucket}/${schema.table}`;
  const wire = (columns: ReturnType<typeof changeWireColumns>) =>
    columns.map(({ name, type }) => ({ Name: name, Type: type }));
  const hive = new Map(schema.columns.map(({ name, type }) => [name, columnTypeText(type)]));
  const meta: Record<string, string> = { _changed_at: "timestamp", _expired: "boolean", _key: "binary" };
  const typed = segmentColumns(athena, schema).map(({ name }) => ({
    Name: name,
    Type: hive.get(name) ?? meta[name] ?? "string",
  }));
  const external = { TableType: "EXTERNAL_TABLE" };
  return [
    {
      ...external,
      Name: `${schema.table}__changes`,
      PartitionKeys: [
        { Name: "dt", Type: "string" },
        { Name: "hr", Type: "string" },
      ],
      StorageDescriptor: {
        Columns: wire(changeWireColumns(schema)),
        Location: `${root}/changes/`,
        ...PARQUET,
      },
      Parameters: {
        EXTERNAL: "TRUE",
        classification: "parquet",
        "projection.enabled": "true",
        "projection.dt.type": "date",
        "projection.dt.format": "yyyy-MM-dd",
        "projection.dt.range": "2024-01-01,NOW+1DAYS",
        "projection.dt.interval": "1",
        "projection.dt.interval.unit": "DAYS",
        "projection.hr.type": "integer",
        "projection.hr.range": "0,23",
        "projection.hr.digits": "2",
        "storage.location.template": `${root}/changes/dt=\${dt}/hr=\${hr}/`,
      },
    },
    {
      ...external,
      Name: `${schema.table}__segments`,
      PartitionKeys: [{ Name: "_segment", Type: "string" }],
      StorageDescriptor: { Columns: typed, Location: `${root}/segments/`, ...PARQUET },
      Parameters: { EXTERNAL: "TRUE", classification: "parquet" },
    },
    {
      ...external,
      Name: `${schema.table}__staging`,
      PartitionKeys: [{ Name: "_run", Type: "string" }],
      StorageDescriptor: {
        Columns: wire(itemWireColumns(schema)),
        Location: `${root}/staging/`,
        ...JSON_LINES,
      },
      Parameters: {
        EXTERNAL: "TRUE",
        classification: "json",
        "projection.enabled": "true",
        "projection._run.type": "injected",
        "storage.location.template": `${root}/staging/\${_run}/rows/`,
      },
    },
  ];
}

/** A role for the deliveries of all these lakes. */
async function deliveryRole(): Promise<string> {
  const iam = new IAMClient({ region: "us-east-1" });
  const RoleName = `delivery-${randomUUID()}`;
  const document = (statement: object) =>
    JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", ...statement }] });
  const Principal = { Service: "firehose.amazonaws.com" };
  const { Role } = await iam.send(
    new CreateRoleCommand({
      RoleName,
      AssumeRolePolicyDocument: document({ Principal, Action: "sts:AssumeRole" }),
    }),
  );
  const PolicyDocument = document({ Action: ["s3:*", "glue:*"], Resource: "*" });
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "delivery", PolicyDocument }));
  iam.destroy();
  return Role?.Arn ?? "";
}

async function makeStream(
  firehose: FirehoseClient,
  place: { stream: string; bucket: string; database: string; schema: Schema },
): Promise<void> {
  const { stream, bucket, database, schema } = place;
  const RoleARN = await deliveryRole();
  const destination: S3DestinationConfiguration = {
    RoleARN,
    BucketARN: `arn:aws:s3:::${bucket}`,
    Prefix: `${schema.table}/changes/dt=!{timestamp:yyyy-MM-dd}/hr=!{timestamp:HH}/`,
    ErrorOutputPrefix: `${schema.table}/errors/!{firehose:error-output-type}/`,
    BufferingHints: { IntervalInSeconds: 60, SizeInMBs: 64 },
    CompressionFormat: "UNCOMPRESSED",
  };
  await firehose.send(
    new CreateDeliveryStreamCommand({
      DeliveryStreamName: stream,
      DeliveryStreamType: "DirectPut",
      ExtendedS3DestinationConfiguration: {
        ...destination,
        DataFormatConversionConfiguration: {
          Enabled: true,
          InputFormatConfiguration: { Deserializer: { HiveJsonSerDe: {} } },
          OutputFormatConfiguration: { Serializer: { ParquetSerDe: { Compression: "SNAPPY" } } },
          SchemaConfiguration: {
            RoleARN,
            DatabaseName: database,
            TableName: `${schema.table}__changes`,
            Region: "us-east-1",
            VersionId: "LATEST",
          },
        },
      },
    }),
  );
}
