import { describe, expect, test } from "@jest/globals";
import { Duration, Stack } from "aws-cdk-lib";
import { DynamoDbLake } from "../../../infra/dynamo-db-lake.ts";
import { Lake } from "../../../infra/lake.ts";
import { LakeStack } from "../../../infra/lake-stack.ts";
import { tableConfiguration } from "../../../src/aws/contracts/registry-files.ts";
import type { SnapshotsKept } from "../../../src/core/format/snapshots-kept.ts";
import { deepTest } from "../../support/deep-test.ts";
import { firstOf } from "../../support/effort.ts";
import { example, makeExample } from "../example.ts";
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

describe("the tick", () => {
  const schedule = (template: TemplateJson): Resource => resourceOf(template, "AWS::Scheduler::Schedule");

  test("comes as often as a table is compacted, and begins when it is made, after the machines", () => {
    const { DependsOn = [], Properties } = schedule(example().lake);
    expect(Properties.ScheduleExpression).toBe("rate(15 minutes)");
    expect(flat(Properties.Target.Arn)).toBe("<LakeWorkFunctionsTick.Arn>");
    expect(Properties.Target.Input).toBe("{}");
    expect(Properties.StartDate).toBeUndefined();
    expect(Properties.EndDate).toBeUndefined();
    expect(Properties.FlexibleTimeWindow).toEqual({ Mode: "OFF" });
    expect(DependsOn.join(" ")).toMatch(/LakeWorkSnapshotMachine/);
    expect(DependsOn.join(" ")).toMatch(/LakeWorkCompactionMachine/);
  });

  const RATES: readonly (readonly [readonly (Duration | "never")[], string])[] = [
    [[Duration.minutes(1)], "rate(1 minute)"],
    [[Duration.hours(6), Duration.minutes(5), "never"], "rate(5 minutes)"],
    [[], "rate(1 hour)"],
    [["never"], "rate(1 hour)"],
    [[Duration.hours(6)], "rate(1 hour)"],
  ];
  test.each(firstOf(1, RATES))("of a lake whose tables are compacted every %j is %s", (rates, expected) => {
    const stack = new Stack(testApp(), "Stack");
    const lake = new Lake(stack, "Lake");
    for (const [i, compactEvery] of rates.entries()) {
      const table = usableTable(stack, `Table${i}`);
      new DynamoDbLake(stack, `T${i}`, { lake, table, schemaFile: schemaNamed(`t${i}`), compactEvery });
    }
    expect(schedule(templateOf(stack)).Properties.ScheduleExpression).toBe(expected);
  });

  test("goes by what each table asks for", () => {
    const { reviews } = makeExample({
      compactEvery: "never",
      snapshotEvery: Duration.days(30),
      firstSnapshotEvery: Duration.minutes(1),
    });
    const { Configuration, Schema } = resourceOf(reviews, "Custom::DynalakeTable").Properties;
    const entry = tableConfiguration.parse({
      ...JSON.parse(flat(Configuration)),
      schema: JSON.parse(Schema),
    });
    expect(entry).toMatchObject({ snapshotEverySeconds: 2_592_000, firstSnapshotEverySeconds: 60 });
    expect(entry.compactEverySeconds).toBeUndefined();
    expect(entry.snapshotsKept).toBeUndefined();
  });

  const KEPT: readonly (readonly [number | Duration | "all", SnapshotsKept])[] = [
    [Duration.days(30), { seconds: 2_592_000 }],
    [3, 3],
    ["all", "all"],
  ];
  test.each(firstOf(1, KEPT))("tells snapshots to keep %j", (snapshotsKept, expected) => {
    const { reviews } = makeExample({ snapshotsKept });
    const { Configuration } = resourceOf(reviews, "Custom::DynalakeTable").Properties;
    expect(JSON.parse(flat(Configuration)).snapshotsKept).toEqual(expected);
  });
});

function alarms(template: TemplateJson): ReadonlyMap<string, Resource["Properties"]> {
  return new Map(
    [...resourcesOf(template, "AWS::CloudWatch::Alarm")].map(([id, { Properties }]) => [
      id.replace(/^.*?Alarms|[0-9A-F]{8}$/g, ""),
      Properties,
    ]),
  );
}

describe("alarms", () => {
  const lines = (template: TemplateJson): readonly string[] =>
    [...alarms(template)].map(([name, alarm]) => {
      const sign = alarm.ComparisonOperator === "LessThanThreshold" ? "<" : ">=";
      return `${name}: ${alarm.Namespace} ${alarm.MetricName} ${alarm.Statistic} ${sign} ${alarm.Threshold} for ${alarm.EvaluationPeriods} x ${alarm.Period} s`;
    });

  test("watch the stream of a source, and of each table what is delivered, put aside and compacted", () => {
    expect(lines(example().reviews)).toEqual([
      "StreamAge: AWS/Lambda IteratorAge Maximum >= 600000 for 5 x 60 s",
      "StreamErrors: AWS/Lambda Errors Sum >= 1 for 3 x 300 s",
      "LostBatches: AWS/Lambda DestinationDeliveryFailures Sum >= 1 for 1 x 300 s",
      "FailedBatches: dynalake/dynalake OnFailureObjects Maximum >= 1 for 1 x 3600 s",
      "StreamUnread: dynalake/dynalake StreamUnreadSeconds Maximum >= 3600 for 1 x 3600 s",
      "FailedLooks: dynalake/dynalake FailedLooks Maximum >= 1 for 1 x 3600 s",
      "Gaps: dynalake/dynalake OpenGaps Maximum >= 1 for 1 x 900 s",
      "Undelivered: dynalake/dynalake UndeliveredObjects Maximum >= 1 for 1 x 900 s",
      "HiddenValues: dynalake/dynalake HiddenValues Maximum >= 1 for 1 x 10800 s",
      "DeliveryAge: AWS/Firehose DeliveryToS3.DataFreshness Maximum >= 900 for 1 x 300 s",
      "CompactionMissing: dynalake/dynalake Compactions Sum < 1 for 1 x 3600 s",
    ]);
  });

  test("watch of the lake what works on all tables", () => {
    expect(lines(example().lake)).toEqual([
      "TickErrors: AWS/Lambda Errors Sum >= 1 for 3 x 900 s",
      "CleanErrors: AWS/Lambda Errors Sum >= 1 for 1 x 300 s",
    ]);
  });

  test("tell the failure topic, with what it means; silence is told only where something has to come, once it has come", () => {
    const topic = ["<DynalakeLake:ExportsOutputRefLakeFailure>"];
    for (const [name, alarm] of alarms(example().reviews)) {
      expect(alarm.AlarmActions.map(flat)).toEqual(topic);
      expect(alarm.AlarmDescription).toMatch(/^dynalake reviews(-[0-9a-f]{8})?: \w/);
      // A new alarm is in that state: data that is missing from the beginning changes nothing, and mails nobody.
      const isSilence = name === "CompactionMissing";
      expect(alarm.InsufficientDataActions?.map(flat)).toEqual(isSilence ? topic : undefined);
      expect(alarm.TreatMissingData).toBe(isSilence ? "missing" : "notBreaching");
    }
  });

  test("watch what is of this table, or of this source", () => {
    const own = [...alarms(example().reviews).values()].filter(
      (alarm) => alarm.Namespace === "dynalake/dynalake",
    );
    const dimensions = own.map(({ Dimensions }) =>
      Dimensions.map(({ Name }: { Name: string }) => Name).join(),
    );
    expect(dimensions).toEqual(["Source", "Source", "Source", ...Array(4).fill("LakeTable")]);
    for (const { Dimensions } of own)
      expect(Dimensions[0].Value).toMatch(Dimensions[0].Name === "Source" ? /^reviews-/ : /^reviews$/);
  });

  deepTest("do not hear of a table of the same name in another lake", () => {
    const { lake, reviews } = makeExample({}, { databaseName: "shop" });
    const namespaces = [...alarms(reviews).values()].map((alarm) => alarm.Namespace);
    expect(namespaces.filter((name) => !name.startsWith("AWS/"))).toEqual(Array(7).fill("dynalake/shop"));
    for (const template of [lake, reviews])
      for (const { Properties } of resourcesOf(template, "AWS::Lambda::Function").values())
        expect(Properties.Environment.Variables.POWERTOOLS_METRICS_NAMESPACE).toBe("dynalake/shop");
  });

  deepTest("take the thresholds that are given", () => {
    const { reviews } = makeExample({
      alarms: { streamAgeMax: Duration.hours(1), deliveryAgeMax: Duration.minutes(30) },
      compactEvery: Duration.hours(12),
    });
    const given = alarms(reviews);
    expect(given.get("StreamAge")?.Threshold).toBe(3_600_000);
    expect(given.get("DeliveryAge")?.Threshold).toBe(1800);
    // CloudWatch looks back one day at most.
    expect(given.has("CompactionMissing")).toBe(false);
  });

  deepTest("can be left out, and so can the dashboard", () => {
    expect(alarms(makeExample({ alarms: "none" }).reviews).size).toBe(0);
    const bare = templateOf(new LakeStack(testApp(), "Lake", { alarms: "none", dashboard: "none" }));
    expect(alarms(bare).size).toBe(0);
    expect(resourcesOf(bare, "AWS::CloudWatch::Dashboard").size).toBe(0);
  });
});

test("executions that time out, are stopped, or fail where nothing is caught are mailed with their input, those of maps are not", () => {
  const { Properties } = resourceOf(example().lake, "AWS::Events::Rule");
  const { detail } = Properties.EventPattern;
  expect(detail.status).toBeUndefined();
  expect(detail.$or).toEqual([
    { status: ["TIMED_OUT", "ABORTED"] },
    { status: ["FAILED"], error: expect.arrayContaining(["States.ExceedToleratedFailureThreshold"]) },
    { status: ["FAILED"], error: [{ exists: false }] },
  ]);
  // The cause of a failed task may quote a statement.
  expect(JSON.stringify(detail)).not.toMatch(/States\.(TaskFailed|ALL|Timeout)/);
  expect(detail.stateMachineArn.map(flat)).toEqual(
    ["snapshot", "compaction"].map((kind) =>
      expect.stringMatching(`:stateMachine:dynalake-dynalake-${kind}$`),
    ),
  );
  expect(Properties.Targets.map(({ Arn }: { Arn: unknown }) => flat(Arn))).toEqual(["<LakeFailure>"]);
  const policies = [...resourcesOf(example().lake, "AWS::SNS::TopicPolicy").values()];
  const statements = policies.flatMap(({ Properties: { PolicyDocument } }) => PolicyDocument.Statement);
  expect(statements).toContainEqual(
    expect.objectContaining({ Principal: { Service: "events.amazonaws.com" }, Action: "sns:Publish" }),
  );
});

test("the dashboard shows every metric that is alarmed on, of all tables by searches", () => {
  const body = flat(resourceOf(example().lake, "AWS::CloudWatch::Dashboard").Properties.DashboardBody);
  for (const name of [
    "IteratorAge",
    "DeliveryToS3.DataFreshness",
    "QuarantineObjects",
    "OnFailureObjects",
    "ErrorObjects",
    "WaitingObjects",
    "OpenGaps",
    "HiddenValues",
    "StreamUnreadSeconds",
    "FailedLooks",
    "ExecutionsFailed",
    "Compactions",
    "CommittedRows",
    "DeliveredRows",
    "LagSeconds",
  ]) {
    expect(body).toContain(name);
  }
  expect(body).toContain('{\\"dynalake/dynalake\\",LakeTable}');
});
