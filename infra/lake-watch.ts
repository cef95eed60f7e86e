/** What tells people of a lake: its own alarms, its dashboard, and mails about executions that were ended from outside. */
import { Stack } from "aws-cdk-lib";
import { CfnRule } from "aws-cdk-lib/aws-events";
import { PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Alarms } from "./alarms.ts";
import { lakeDashboard } from "./lake-dashboard.ts";
import type { LakePlace } from "./lake-place.ts";
import type { LakeWork } from "./lake-work.ts";
import { machineArns } from "./machine.ts";
import { lakeMetrics } from "./metrics.ts";
import { lakeWatches } from "./watches.ts";

/** What of it is left out. */
interface Shown {
  readonly alarms?: "none";
  readonly dashboard?: "none";
}

export function watchLake(lake: LakePlace, work: LakeWork, props: Shown): void {
  const { databaseName } = lake;
  mailEnds(lake);
  const watches = lakeWatches(lakeMetrics(work.functions));
  if (props.alarms !== "none") new Alarms(lake, "Alarms", { lake, of: databaseName, watches });
  if (props.dashboard !== "none") lakeDashboard(lake, "Dashboard", lake, work);
}

/**
 * What ends an execution where nothing is caught: in the map of an export's files, or between the steps. Causes of these quote no
 * statement, and with it no item. All other failures are reported by the machine.
 */
const UNCAUGHT = [
  "States.DataLimitExceeded",
  "States.ExceedToleratedFailureThreshold",
  "States.IntrinsicFailure",
  "States.ItemReaderFailed",
  "States.NoChoiceMatched",
  "States.ParameterPathFailure",
  "States.ResultPathMatchFailure",
  "States.ResultWriterFailed",
  "States.Runtime",
];

/**
 * An execution that times out or is stopped cannot report it, and neither can one that fails where nothing is caught. The mail has
 * its input, which names the table. Executions of maps belong to one that is reported.
 */
function mailEnds(lake: LakePlace): void {
  const rule = new CfnRule(lake, "Ends", {
    description: `dynalake ${lake.databaseName}: executions that could not report their end`,
    eventPattern: {
      source: ["aws.states"],
      "detail-type": ["Step Functions Execution Status Change"],
      detail: {
        $or: [
          { status: ["TIMED_OUT", "ABORTED"] },
          { status: ["FAILED"], error: UNCAUGHT }, // breakage: uncaught-failures-are-mailed
          // It was not observed that events have the error: a mail too many is better than none.
          { status: ["FAILED"], error: [{ exists: false }] },
        ],
        stateMachineArn: (["snapshot", "compaction"] as const).map((kind) => machineArns(lake, kind).machine),
      },
    },
    targets: [{ id: "Failure", arn: lake.failureTopic.topicArn }],
  });
  lake.failureTopic.addToResourcePolicy(
    new PolicyStatement({
      sid: "EndsOfExecutions",
      actions: ["sns:Publish"],
      principals: [new ServicePrincipal("events.amazonaws.com")],
      resources: [lake.failureTopic.topicArn],
      conditions: {
        ArnEquals: { "aws:SourceArn": rule.attrArn },
        StringEquals: { "aws:SourceAccount": Stack.of(lake).account },
      },
    }),
  );
}
