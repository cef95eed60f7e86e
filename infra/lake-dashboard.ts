/** A dashboard that shows the health of one lake table. */
import {
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  type IAlarm,
  type Metric,
} from "aws-cdk-lib/aws-cloudwatch";
import type { Construct } from "constructs";
import type { LakeMetrics } from "./metrics.ts";

export interface LakeDashboardProps {
  /** The lake table's name. */
  readonly table: string;
  readonly metrics: LakeMetrics;
  readonly alarms: readonly IAlarm[];
}

export function lakeDashboard(scope: Construct, id: string, props: LakeDashboardProps): Dashboard {
  const { alarms, metrics, table } = props;
  const graph = (title: string, left: readonly Metric[], right: readonly Metric[] = []): GraphWidget =>
    new GraphWidget({ title, left: [...left], right: [...right], width: 12, height: 6 });
  const { compactionEnds, snapshotEnds } = metrics;
  const dashboard = new Dashboard(scope, id);
  if (alarms.length > 0) {
    dashboard.addWidgets(
      new AlarmStatusWidget({ title: `dynalake ${table}`, alarms: [...alarms], width: 24, height: 4 }),
    );
  }
  dashboard.addWidgets(
    graph("Rows delivered and committed", [metrics.deliveredRows, metrics.committedRows]),
    graph(
      "How far behind: stream (ms), lag and Firehose (s)",
      [metrics.streamAge],
      [metrics.lag, metrics.deliveryAge, metrics.streamUnread],
    ),
  );
  dashboard.addWidgets(
    graph("Not delivered: records", [
      metrics.quarantinedRecords,
      metrics.skippedRecords,
      metrics.unconverted,
    ]),
    graph("Needs attention: objects", [
      metrics.quarantined,
      metrics.failedBatches,
      metrics.deliveryErrors,
      metrics.gaps,
      metrics.failedLooks,
    ]),
  );
  dashboard.addWidgets(
    graph("Snapshots", Object.values(snapshotEnds)),
    graph("Compactions", Object.values(compactionEnds)),
  );
  return dashboard;
}
