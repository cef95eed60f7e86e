import { describe, expect, test } from "@jest/globals";
import { Duration } from "aws-cdk-lib";
import type { DynamoDbLakeProps } from "../../../infra/dynamo-db-lake.ts";
import { example, makeExample } from "../example.ts";
import { flat, type Resource, resourcesOf, type TemplateJson } from "../support.ts";

describe("schedules", () => {
  /** Each schedule: its name, its rate, its target and what it sends. */
  function schedules(template: TemplateJson): readonly (readonly string[])[] {
    return [...resourcesOf(template, "AWS::Scheduler::Schedule")].map(([id, { Properties }]) => [
      id.replace(/^ReviewsSchedules|[0-9A-F]{8}$/g, ""),
      Properties.ScheduleExpression,
      flat(Properties.Target.Arn),
      Properties.Target.Input,
    ]);
  }

  test("look for the first snapshot at once and then daily, compact every quarter of an hour, and clean up daily", () => {
    expect(schedules(example().reviews)).toEqual([
      ["FirstSnapshot", "rate(1 day)", "<ReviewsSnapshotMachine>", '{"first":true}'],
      ["Compaction", "rate(15 minutes)", "<ReviewsCompactionMachine>", "{}"],
      ["Vacuum", "rate(1 day)", "<ReviewsFunctionsClean.Arn>", '{"vacuum":true}'],
    ]);
  });

  test("have no start: they begin when they are made, which is after the mapping of the stream", () => {
    for (const { DependsOn = [], Properties } of resourcesOf(
      example().reviews,
      "AWS::Scheduler::Schedule",
    ).values()) {
      expect(Properties.StartDate).toBeUndefined();
      expect(Properties.EndDate).toBeUndefined();
      expect(Properties.FlexibleTimeWindow).toEqual({ Mode: "OFF" });
      expect(DependsOn.join(" ")).toMatch(/ReviewsDeliveryMapping/);
    }
  });

  test.each<[Partial<DynamoDbLakeProps>, readonly string[]]>([
    [{ compactEvery: "never" }, ["FirstSnapshot rate(1 day)", "Vacuum rate(1 day)"]],
    [
      {
        compactEvery: Duration.hours(1),
        snapshotEvery: Duration.days(30),
        firstSnapshotEvery: Duration.minutes(1),
      },
      [
        "FirstSnapshot rate(1 minute)",
        "Snapshot rate(30 days)",
        "Compaction rate(1 hour)",
        "Vacuum rate(1 day)",
      ],
    ],
  ])("come as they are asked for: %j", (options, expected) => {
    const { reviews } = makeExample(options);
    expect(schedules(reviews).map(([name, rate]) => `${name} ${rate}`)).toEqual(expected);
  });
});

describe("alarms", () => {
  function alarms(template: TemplateJson): ReadonlyMap<string, Resource["Properties"]> {
    return new Map(
      [...resourcesOf(template, "AWS::CloudWatch::Alarm")].map(([id, { Properties }]) => [
        id.replace(/^ReviewsAlarms|[0-9A-F]{8}$/g, ""),
        Properties,
      ]),
    );
  }

  test("watch the stream, deliveries, what was put aside, and both machines", () => {
    const lines = [...alarms(example().reviews)].map(([name, alarm]) => {
      const sign = alarm.ComparisonOperator === "LessThanThreshold" ? "<" : ">=";
      return `${name}: ${alarm.Namespace} ${alarm.MetricName} ${alarm.Statistic} ${sign} ${alarm.Threshold} for ${alarm.EvaluationPeriods} x ${alarm.Period} s`;
    });
    expect(lines).toEqual([
      "StreamAge: AWS/Lambda IteratorAge Maximum >= 600000 for 5 x 60 s",
      "StreamErrors: AWS/Lambda Errors Sum >= 1 for 3 x 300 s",
      "LostBatches: AWS/Lambda DestinationDeliveryFailures Sum >= 1 for 1 x 300 s",
      "FailedBatches: dynalake/dynalake OnFailureObjects Maximum >= 1 for 1 x 900 s",
      "Quarantine: dynalake/dynalake QuarantineObjects Maximum >= 1 for 1 x 900 s",
      "Gaps: dynalake/dynalake OpenGaps Maximum >= 1 for 1 x 900 s",
      "StreamUnread: dynalake/dynalake StreamUnreadSeconds Maximum >= 3600 for 1 x 900 s",
      "FailedLooks: dynalake/dynalake FailedLooks Maximum >= 1 for 1 x 900 s",
      "DeliveryAge: AWS/Firehose DeliveryToS3.DataFreshness Maximum >= 900 for 1 x 300 s",
      "UnconvertedRecords: AWS/Firehose FailedConversion.Records Sum >= 1 for 1 x 300 s",
      "DeliveryErrors: dynalake/dynalake ErrorObjects Maximum >= 1 for 1 x 900 s",
      "SnapshotFailed: AWS/States ExecutionsFailed Sum >= 1 for 1 x 300 s",
      "SnapshotTimedOut: AWS/States ExecutionsTimedOut Sum >= 1 for 1 x 300 s",
      "CompactionFailed: AWS/States ExecutionsFailed Sum >= 1 for 1 x 300 s",
      "CompactionTimedOut: AWS/States ExecutionsTimedOut Sum >= 1 for 1 x 300 s",
      "CompactionMissing: AWS/States ExecutionsSucceeded Sum < 1 for 1 x 3600 s",
      "CleanErrors: AWS/Lambda Errors Sum >= 1 for 1 x 300 s",
    ]);
  });

  test("tell the failure topic, with what it means; silence is an alarm only where something has to come", () => {
    for (const [name, alarm] of alarms(example().reviews)) {
      expect(alarm.AlarmActions.map(flat)).toEqual(["<DynalakeLake:ExportsOutputRefLakeFailure>"]);
      expect(alarm.AlarmDescription).toMatch(/^dynalake reviews: \w/);
      expect(alarm.TreatMissingData).toBe(name === "CompactionMissing" ? "breaching" : "notBreaching");
    }
  });

  test("watch what is of this table", () => {
    const own = [...alarms(example().reviews).values()].filter(
      (alarm) => alarm.Namespace === "dynalake/dynalake",
    );
    for (const alarm of own) expect(alarm.Dimensions).toEqual([{ Name: "LakeTable", Value: "reviews" }]);
    expect(own).toHaveLength(6);
  });

  test("do not hear of a table of the same name in another lake", () => {
    const { reviews } = makeExample({}, { databaseName: "shop" });
    const namespaces = [...alarms(reviews).values()].map((alarm) => alarm.Namespace);
    expect(namespaces.filter((name) => !name.startsWith("AWS/"))).toEqual(Array(6).fill("dynalake/shop"));
    for (const { Properties } of resourcesOf(reviews, "AWS::Lambda::Function").values())
      expect(Properties.Environment.Variables.POWERTOOLS_METRICS_NAMESPACE).toBe("dynalake/shop");
  });

  test("take the thresholds that are given", () => {
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

  test("can be left out, and so can the dashboard", () => {
    const { reviews } = makeExample({ alarms: "none", dashboard: "none" });
    expect(alarms(reviews).size).toBe(0);
    expect(resourcesOf(reviews, "AWS::CloudWatch::Dashboard").size).toBe(0);
  });
});

test("the dashboard shows every metric that is alarmed on", () => {
  const [dashboard] = resourcesOf(example().reviews, "AWS::CloudWatch::Dashboard").values();
  const body = flat(dashboard?.Properties.DashboardBody);
  for (const name of [
    "IteratorAge",
    "DeliveryToS3.DataFreshness",
    "FailedConversion.Records",
    "QuarantineObjects",
    "OnFailureObjects",
    "ErrorObjects",
    "OpenGaps",
    "StreamUnreadSeconds",
    "FailedLooks",
    "ExecutionsFailed",
    "CommittedRows",
    "DeliveredRows",
    "LagSeconds",
  ]) {
    expect(body).toContain(`"${name}"`);
  }
});
