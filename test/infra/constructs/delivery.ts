import { beforeAll, describe, expect, test } from "@jest/globals";
import { Duration, Stack } from "aws-cdk-lib";
import type { DeliveryOptions } from "../../../infra/delivery-options.ts";
import { DynamoDbLake } from "../../../infra/dynamo-db-lake.ts";
import { Lake } from "../../../infra/lake.ts";
import { LAKE_HANDLERS, SOURCE_HANDLERS } from "../../../src/aws/contracts/handlers.ts";
import { deepTest } from "../../support/deep-test.ts";
import { type Example, example, makeExample } from "../example.ts";
import {
  flat,
  type Resource,
  resourceOf,
  resourcesOf,
  schemaNamed,
  type TemplateJson,
  templateOf,
  testApp,
  usableTable,
} from "../support.ts";

function exportTemplate(delivery: DeliveryOptions) {
  const stack = new Stack(testApp(), "Stack");
  const lake = new Lake(stack, "Lake");
  new DynamoDbLake(stack, "T", {
    lake,
    table: usableTable(stack, "Table"),
    schemaFile: schemaNamed("t"),
    delivery,
  });
  return templateOf(stack);
}

deepTest("the registry has for how long changes are buffered", () => {
  const template = exportTemplate({ bufferTime: Duration.minutes(15), batchWindow: Duration.seconds(40) });
  const { Configuration } = resourceOf(template, "Custom::DynalakeTable").Properties;
  expect(JSON.parse(flat(Configuration))).toMatchObject({ bufferSeconds: 940 });
});

describe("the mapping of the stream", () => {
  let mapping: Resource;
  beforeAll(() => {
    mapping = resourceOf(example().reviews, "AWS::Lambda::EventSourceMapping");
  });

  test("reads the stream's last day, so that nothing is missed while it is made", () => {
    expect(mapping.Properties.StartingPosition).toBe("TRIM_HORIZON");
    expect(flat(mapping.Properties.EventSourceArn)).toBe("<Table.StreamArn>");
  });

  test("cannot be blocked by one record for ever", () => {
    expect(mapping.Properties).toMatchObject({
      BisectBatchOnFunctionError: true,
      FunctionResponseTypes: ["ReportBatchItemFailures"],
      MaximumRecordAgeInSeconds: 86_400,
      MaximumRetryAttempts: 100,
    });
  });

  test("leaves whole batches in the bucket when they fail for good", () => {
    expect(flat(mapping.Properties.DestinationConfig.OnFailure.Destination)).toBe(
      "<DynalakeLake:ExportsOutputFnGetAttLakeBucketArn>",
    );
  });

  test("takes large batches by default", () => {
    expect(mapping.Properties).toMatchObject({
      BatchSize: 1000,
      MaximumBatchingWindowInSeconds: 5,
      ParallelizationFactor: 1,
    });
  });

  deepTest("takes the options that are given", () => {
    const template = exportTemplate({
      batchSize: 50,
      batchWindow: Duration.seconds(1),
      parallelizationFactor: 10,
      retryAttempts: 3,
      recordAgeMax: Duration.hours(1),
      bufferTime: Duration.minutes(5),
      bufferMebibytes: 128,
    });
    expect(resourceOf(template, "AWS::Lambda::EventSourceMapping").Properties).toMatchObject({
      BatchSize: 50,
      MaximumBatchingWindowInSeconds: 1,
      ParallelizationFactor: 10,
      MaximumRetryAttempts: 3,
      MaximumRecordAgeInSeconds: 3600,
    });
    const stream = resourceOf(template, "AWS::KinesisFirehose::DeliveryStream").Properties;
    expect(stream.ExtendedS3DestinationConfiguration.BufferingHints).toEqual({
      IntervalInSeconds: 300,
      SizeInMBs: 128,
    });
  });

  test.each<[string, DeliveryOptions]>([
    ["bufferMebibytes: 63 is", { bufferMebibytes: 63 }],
    ["bufferMebibytes: 129 is", { bufferMebibytes: 129 }],
    ["bufferTime: 901 seconds is", { bufferTime: Duration.seconds(901) }],
    ["batchSize: 0 is", { batchSize: 0 }],
    ["batchSize: 10,001 is", { batchSize: 10_001 }],
    ["batchWindow: 0 seconds is", { batchWindow: Duration.seconds(0) }],
    ["parallelizationFactor: 11 is", { parallelizationFactor: 11 }],
    ["parallelizationFactor: 1.5 is", { parallelizationFactor: 1.5 }],
    ["retryAttempts: -1 is", { retryAttempts: -1 }],
    ["recordAgeMax: 172,800 seconds is", { recordAgeMax: Duration.days(2) }],
  ])("refuses what the services would: %s", (message, options) => {
    expect(() => exportTemplate(options)).toThrow(
      expect.objectContaining({ code: "USAGE", message: expect.stringContaining(message) }),
    );
  });

  deepTest("gathers nothing where batches are small", () => {
    const template = exportTemplate({ batchSize: 10, batchWindow: Duration.seconds(0) });
    const { Properties } = resourceOf(template, "AWS::Lambda::EventSourceMapping");
    expect(Properties.MaximumBatchingWindowInSeconds).toBe(0);
  });
});

describe("the Firehose stream", () => {
  let stream: Resource;
  // biome-ignore lint/suspicious/noExplicitAny: a part of a template.
  let destination: any;
  beforeAll(() => {
    stream = resourceOf(example().reviews, "AWS::KinesisFirehose::DeliveryStream");
    destination = stream.Properties.ExtendedS3DestinationConfiguration;
  });

  test("converts by the columns of the change log, and refuses what does not fit them", () => {
    const conversion = destination.DataFormatConversionConfiguration;
    expect(conversion.Enabled).toBe(true);
    expect(conversion.InputFormatConfiguration).toEqual({ Deserializer: { HiveJsonSerDe: {} } });
    expect(conversion.OutputFormatConfiguration).toEqual({
      Serializer: { ParquetSerDe: { Compression: "SNAPPY" } },
    });
    expect(conversion.SchemaConfiguration).toMatchObject({
      DatabaseName: "dynalake",
      TableName: "reviews__changes",
      VersionId: "LATEST",
    });
    expect(destination.CompressionFormat).toBe("UNCOMPRESSED");
  });

  test("writes into the hour's folder, and what it could not convert beside it", () => {
    expect(destination.Prefix).toBe("reviews/changes/dt=!{timestamp:yyyy-MM-dd}/hr=!{timestamp:HH}/");
    expect(destination.ErrorOutputPrefix).toBe(
      "reviews/errors/!{firehose:error-output-type}/dt=!{timestamp:yyyy-MM-dd}/",
    );
    expect(destination.BufferingHints).toEqual({ IntervalInSeconds: 60, SizeInMBs: 64 });
  });

  test("is encrypted, logs its errors, and is made after its table and its role", () => {
    expect(stream.Properties.DeliveryStreamEncryptionConfigurationInput).toEqual({
      KeyType: "AWS_OWNED_CMK",
    });
    expect(destination.CloudWatchLoggingOptions.Enabled).toBe(true);
    const after = (stream.DependsOn ?? []).join(" ");
    expect(after).toMatch(/ReviewsGlueTables/);
    expect(after).toMatch(/ReviewsChangeStreamRole/);
    const [log] = resourcesOf(example().reviews, "AWS::Logs::LogStream").values();
    expect(log?.DeletionPolicy).toBe("Delete");
    // Whoever finds a table in the registry can deliver to it, and nothing is read before it is found.
    const [entryId, entry] = [...resourcesOf(example().reviews, "Custom::DynalakeTable")][0] ?? [];
    expect(flat(entry?.Properties.Configuration)).toContain('"deliveryStream":"<ReviewsChangeStream>"');
    const mapping = resourceOf(example().reviews, "AWS::Lambda::EventSourceMapping");
    expect(mapping.DependsOn).toContain(entryId);
  });
});

deepTest("the files of an export are read as the options say", () => {
  const partsOf = ({ reviews }: Example) => ({
    ...resourceOf(reviews, "AWS::Lambda::Function", /SnapshotPart/).Properties,
    configuration: flat(resourceOf(reviews, "Custom::DynalakeSource").Properties.Configuration),
  });
  expect(partsOf(example())).toMatchObject({ MemorySize: 1769, Timeout: 900 });
  expect(partsOf(example()).configuration).toContain('"partsAtOnce":30');
  const snapshotParts = { atOnce: 200, memoryMebibytes: 3072, timeLimit: Duration.minutes(5) };
  const given = partsOf(makeExample({ snapshotParts }));
  expect(given).toMatchObject({ MemorySize: 3072, Timeout: 300 });
  expect(given.configuration).toContain('"partsAtOnce":200');
});

describe("the functions", () => {
  test("are those of the handlers, on ARM, with traces and logs that expire", () => {
    const functionsOf = (template: TemplateJson) => [
      ...resourcesOf(template, "AWS::Lambda::Function").values(),
    ];
    const { lake, reviews } = example();
    const described = (template: TemplateJson): readonly string[] =>
      functionsOf(template)
        .map(({ Properties }) => Properties.Description.replace(/-[0-9a-f]{8}:/, ":"))
        .sort();
    expect(described(lake)).toEqual(LAKE_HANDLERS.map((handler) => `dynalake dynalake: ${handler}`).sort());
    expect(described(reviews)).toEqual(
      SOURCE_HANDLERS.map((handler) => `dynalake reviews: ${handler}`).sort(),
    );
    for (const { Properties } of [...functionsOf(lake), ...functionsOf(reviews)]) {
      expect(Properties).toMatchObject({
        Architectures: ["arm64"],
        Handler: "index.handler",
        Runtime: "nodejs24.x",
        TracingConfig: { Mode: "Active" },
      });
      expect(flat(Properties.LoggingConfig.LogGroup)).toMatch(/LakeLog/);
    }
    expect(resourcesOf(reviews, "AWS::Logs::LogGroup").size).toBe(0);
    for (const { Properties } of resourcesOf(lake, "AWS::Logs::LogGroup").values())
      expect(Properties.RetentionInDays).toBe(30);
  });

  test("know the lake, and what is theirs", () => {
    const variables = (id: RegExp, template = example().lake): Readonly<Record<string, string>> =>
      Object.fromEntries(
        Object.entries(
          resourceOf(template, "AWS::Lambda::Function", id).Properties.Environment.Variables,
        ).map(([name, value]) => [name, flat(value)]),
      );
    const common = {
      LAKE_BUCKET: expect.stringMatching(/^<(DynalakeLake:ExportsOutputRef)?LakeBucket\w*>$/),
      LAKE_DATABASE: "dynalake",
      LAKE_WORKGROUP: "dynalake-dynalake-upkeep",
      POWERTOOLS_SERVICE_NAME: "dynalake",
      POWERTOOLS_METRICS_NAMESPACE: "dynalake/dynalake",
    };
    const SOURCE = expect.stringMatching(/^reviews-[0-9a-f]{8}$/);
    for (const id of [/SourceStream/, /ReviewsSource[0-9A-F]{8}$/, /SourceSnapshotPart/])
      expect(variables(id, example().reviews)).toEqual({ ...common, SOURCE });
    expect(variables(/Register/)).toEqual({ ...common, TICK_FUNCTION: "<LakeWorkFunctionsTick>" });
    expect(variables(/Tick/)).toEqual({ ...common, CLEAN_FUNCTION: "<LakeWorkFunctionsClean>" });
    for (const id of [/BeginRun/, /PlanSeed/, /PlanCompaction/, /Commit/, /PublishViews/, /Clean/])
      expect(variables(id)).toEqual(common);
  });
});
