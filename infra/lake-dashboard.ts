/** A dashboard that shows the health of a lake: each graph has a line for each of its tables, sources or streams. */
import { Duration } from "aws-cdk-lib";
import { Dashboard, GraphWidget, MathExpression, type Metric } from "aws-cdk-lib/aws-cloudwatch";
import type { Construct } from "constructs";
import {
  METRIC_DIMENSION,
  metricsNamespaceOf,
  SOURCE_DIMENSION,
  type SourceMetric,
  type TableMetric,
} from "../src/aws/contracts/metrics.ts";
import type { LakePlace } from "./lake-place.ts";
import type { LakeWork } from "./lake-work.ts";
import { lakePrefix } from "./names.ts";

type Statistic = "Sum" | "Maximum";

/** By searches, which find the tables that are added later. */
export function lakeDashboard(scope: Construct, id: string, lake: LakePlace, work: LakeWork): Dashboard {
  const namespace = metricsNamespaceOf(lake.databaseName);
  const prefix = lakePrefix(lake.databaseName);
  const ofTables = (name: TableMetric, statistic: Statistic): MathExpression =>
    search(`{${quoted(namespace)},${METRIC_DIMENSION}} MetricName=${quoted(name)}`, statistic);
  const ofSources = (name: SourceMetric): MathExpression =>
    search(`{${quoted(namespace)},${SOURCE_DIMENSION}} MetricName=${quoted(name)}`, "Maximum");
  const ofStreams = search(
    `{AWS/Firehose,DeliveryStreamName} MetricName="DeliveryToS3.DataFreshness" DeliveryStreamName=${quoted(prefix)}`,
    "Maximum",
  );
  const ofFunctions = search(
    `{AWS/Lambda,FunctionName} MetricName="IteratorAge" FunctionName=${quoted(prefix)}`,
    "Maximum",
  );
  const dashboard = new Dashboard(scope, id);
  const row = (...widgets: readonly (readonly [string, readonly (MathExpression | Metric)[]])[]): void =>
    dashboard.addWidgets(
      ...widgets.map(([title, left]) => new GraphWidget({ title, left: [...left], width: 12, height: 6 })),
    );
  row(
    ["Rows delivered", [ofTables("DeliveredRows", "Sum")]],
    ["Rows committed", [ofTables("CommittedRows", "Sum")]],
  );
  row(
    ["How far behind: stream (ms)", [ofFunctions]],
    ["How far behind: lag and Firehose (s)", [ofTables("LagSeconds", "Maximum"), ofStreams]],
  );
  row(
    ["Not delivered: records", [ofTables("QuarantinedRecords", "Sum"), ofTables("SkippedRecords", "Sum")]],
    [
      "Needs attention: objects",
      [
        ofTables("QuarantineObjects", "Maximum"),
        ofTables("ErrorObjects", "Maximum"),
        ofTables("WaitingObjects", "Maximum"),
        ofTables("OpenGaps", "Maximum"),
        ofSources("OnFailureObjects"),
      ],
    ],
  );
  row(["Not in SQL: values", [ofTables("HiddenValues", "Maximum")]]);
  row(
    ["Reading", [ofSources("StreamUnreadSeconds"), ofSources("FailedLooks")]],
    [
      "Compactions and failed executions by table",
      [ofTables("Compactions", "Sum"), ofTables("FailedExecutions", "Sum")],
    ],
  );
  row(["Snapshots", endsOf(work.snapshot.machine)], ["Compactions", endsOf(work.compaction.machine)]);
  return dashboard;
}

const PERIOD = Duration.minutes(5);

function search(terms: string, statistic: Statistic): MathExpression {
  return new MathExpression({
    expression: `SEARCH('${terms}', '${statistic}', ${PERIOD.toSeconds()})`,
    usingMetrics: {},
    label: "",
    period: PERIOD,
  });
}

function quoted(text: string): string {
  return `"${text}"`;
}

function endsOf(machine: LakeWork["snapshot"]["machine"]): readonly Metric[] {
  const options = { statistic: "sum", period: PERIOD };
  return [
    machine.metricSucceeded(options),
    machine.metricFailed(options),
    machine.metricTimedOut(options),
    machine.metricAborted(options),
  ];
}
