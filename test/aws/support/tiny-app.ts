/** A small CDK app with everything that the emulator must support. Run by tsx: see emulator.test.ts. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { App, CfnOutput, Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import { CfnWorkGroup } from "aws-cdk-lib/aws-athena";
import { AttributeType, BillingMode, type ITable, StreamViewType, Table } from "aws-cdk-lib/aws-dynamodb";
import { CfnDatabase, CfnTable } from "aws-cdk-lib/aws-glue";
import { PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { CfnDeliveryStream } from "aws-cdk-lib/aws-kinesisfirehose";
import { Code, Function as LambdaFunction, Runtime, StartingPosition } from "aws-cdk-lib/aws-lambda";
import { DynamoEventSource, S3OnFailureDestination } from "aws-cdk-lib/aws-lambda-event-sources";
import { BlockPublicAccess, Bucket, type IBucket } from "aws-cdk-lib/aws-s3";
import {
  DefinitionBody,
  DistributedMap,
  JsonPath,
  Pass,
  S3JsonLItemReader,
  StateMachine,
} from "aws-cdk-lib/aws-stepfunctions";
import { AthenaStartQueryExecution, LambdaInvoke } from "aws-cdk-lib/aws-stepfunctions-tasks";
import { buildSync } from "esbuild";

const database = "tiny";
const table = "things__changes";
const wire = { id: "string", op: "string", version: "string", expired: "boolean" };
const parquet = {
  inputFormat: "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
  outputFormat: "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
  serdeInfo: { serializationLibrary: "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe" },
};

// Cast to interfaces, to which CDK's classes do not conform with exactOptionalPropertyTypes.
const stack = new Stack(new App(), "Tiny", { env: { account: "000000000000", region: "us-east-1" } });
const bucket = new Bucket(stack, "Bucket", {
  blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
  enforceSSL: true,
  removalPolicy: RemovalPolicy.DESTROY,
}) as IBucket;
const things = new Table(stack, "Things", {
  tableName: "Things",
  partitionKey: { name: "id", type: AttributeType.STRING },
  billingMode: BillingMode.PAY_PER_REQUEST,
  stream: StreamViewType.NEW_AND_OLD_IMAGES,
  pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
  removalPolicy: RemovalPolicy.DESTROY,
}) as ITable;
const changes = changesTable();
const delivery = deliveryStream();
const code = Code.fromAsset(bundledHandlers());
const streamFunction = handler("stream", { DELIVERY_STREAM: delivery.ref });
const checkFunction = handler("check", {});
streamFunction.addToRolePolicy(
  new PolicyStatement({ actions: ["firehose:PutRecordBatch"], resources: [delivery.attrArn] }),
);
streamFunction.addEventSource(
  new DynamoEventSource(things, {
    startingPosition: StartingPosition.TRIM_HORIZON,
    batchSize: 10,
    bisectBatchOnError: true,
    retryAttempts: 2,
    reportBatchItemFailures: true,
    onFailure: new S3OnFailureDestination(bucket),
  }),
);
const workGroup = new CfnWorkGroup(stack, "WorkGroup", {
  name: "tiny",
  workGroupConfiguration: {
    enforceWorkGroupConfiguration: true,
    resultConfiguration: { outputLocation: `s3://${bucket.bucketName}/_athena/` },
  },
});
const machine = stateMachine();

for (const [name, value] of Object.entries({
  BucketName: bucket.bucketName,
  TableArn: things.tableArn,
  DeliveryStream: delivery.ref,
  StreamFunction: streamFunction.functionName,
  CheckFunction: checkFunction.functionName,
  Machine: machine.stateMachineArn,
}))
  new CfnOutput(stack, name, { value });

function changesTable(): CfnTable {
  const glueDatabase = new CfnDatabase(stack, "Database", {
    catalogId: stack.account,
    databaseInput: { name: database },
  });
  const location = `s3://${bucket.bucketName}/things/changes/`;
  const made = new CfnTable(stack, "Changes", {
    catalogId: stack.account,
    databaseName: database,
    tableInput: {
      name: table,
      tableType: "EXTERNAL_TABLE",
      partitionKeys: [
        { name: "dt", type: "string" },
        { name: "hr", type: "string" },
      ],
      storageDescriptor: {
        ...parquet,
        location,
        columns: Object.entries(wire).map(([name, type]) => ({ name, type })),
      },
      parameters: {
        classification: "parquet",
        "projection.enabled": "true",
        "projection.dt.type": "date",
        "projection.dt.format": "yyyy-MM-dd",
        "projection.dt.range": "NOW-2DAYS,NOW+1DAYS",
        "projection.hr.type": "integer",
        "projection.hr.range": "0,23",
        "projection.hr.digits": "2",
        "storage.location.template": `${location}dt=\${dt}/hr=\${hr}/`,
      },
    },
  });
  made.addResourceDependency(glueDatabase);
  return made;
}

function deliveryStream(): CfnDeliveryStream {
  const role = new Role(stack, "DeliveryRole", {
    assumedBy: new ServicePrincipal("firehose.amazonaws.com"),
  });
  bucket.grantReadWrite(role);
  role.addToPolicy(
    new PolicyStatement({ actions: ["glue:GetTable*"], resources: glueArns("catalog", "database", "table") }),
  );
  const made = new CfnDeliveryStream(stack, "Delivery", {
    deliveryStreamName: "things-changes",
    extendedS3DestinationConfiguration: {
      roleArn: role.roleArn,
      bucketArn: bucket.bucketArn,
      prefix: "things/changes/dt=!{timestamp:yyyy-MM-dd}/hr=!{timestamp:HH}/",
      errorOutputPrefix: "things/errors/!{firehose:error-output-type}/",
      bufferingHints: { intervalInSeconds: 60, sizeInMBs: 64 },
      dataFormatConversionConfiguration: {
        enabled: true,
        inputFormatConfiguration: { deserializer: { hiveJsonSerDe: {} } },
        outputFormatConfiguration: { serializer: { parquetSerDe: { compression: "SNAPPY" } } },
        schemaConfiguration: { roleArn: role.roleArn, databaseName: database, tableName: table },
      },
    },
  });
  made.node.addDependency(changes, role);
  return made;
}

function glueArns(...kinds: readonly ("catalog" | "database" | "table")[]): string[] {
  const names = { catalog: "catalog", database: `database/${database}`, table: `table/${database}/*` };
  return kinds.map((kind) => `arn:aws:glue:${stack.region}:${stack.account}:${names[kind]}`);
}

function bundledHandlers(): string {
  const folder = mkdtempSync(join(tmpdir(), "tiny-handlers-"));
  buildSync({
    entryPoints: [join(dirname(fileURLToPath(import.meta.url)), "tiny-handlers.ts")],
    outfile: join(folder, "index.js"),
    bundle: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    logLevel: "error",
  });
  return folder;
}

function handler(name: string, environment: Record<string, string>): LambdaFunction {
  return new LambdaFunction(stack, `${name}Handler`, {
    code,
    handler: `index.${name}`,
    runtime: Runtime.NODEJS_24_X,
    timeout: Duration.seconds(30),
    memorySize: 256,
    environment,
  });
}

/** Runs each statement of an object of JSON lines, then the function. A CONFLICT error of the function is not a failure. */
function stateMachine(): StateMachine {
  const statement = new AthenaStartQueryExecution(stack, "Statement", {
    queryString: JsonPath.stringAt("$.sql"),
    workGroup: workGroup.name,
    queryExecutionContext: { databaseName: database },
    integrationPattern: "RUN_JOB" as never,
    resultPath: JsonPath.DISCARD,
  });
  const statements = new DistributedMap(stack, "Statements", {
    label: "Statements",
    maxConcurrency: 2,
    itemReader: new S3JsonLItemReader({ bucket, key: JsonPath.stringAt("$.key") }),
    resultPath: JsonPath.DISCARD,
  }).itemProcessor(statement);
  const checked = new LambdaInvoke(stack, "Check", {
    lambdaFunction: checkFunction,
    payloadResponseOnly: true,
    retryOnServiceExceptions: false,
  });
  checked.addRetry({ errors: ["TRANSIENT"], maxAttempts: 1 });
  checked.addCatch(Pass.jsonata(stack, "Conflict", { outputs: { conflict: true } }), {
    errors: ["CONFLICT"],
  });
  const made = new StateMachine(stack, "Runner", {
    stateMachineName: "tiny",
    definitionBody: DefinitionBody.fromChainable(new Pass(stack, "Begin").next(statements).next(checked)),
  });
  bucket.grantReadWrite(made);
  made.addToRolePolicy(
    new PolicyStatement({
      actions: ["glue:GetDatabase", "glue:GetTable"],
      resources: glueArns("catalog", "database", "table"),
    }),
  );
  return made;
}
