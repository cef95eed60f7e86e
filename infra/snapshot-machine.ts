/**
 * The snapshot: the source table's export becomes the base of the lake table.
 *
 * Input: { first?: boolean }. With first, as the schedule of the first snapshot sends it, the execution ends at once if
 * another one runs, and begin-snapshot knows it: it returns { skip: true } if the lake has a snapshot by then. Without it,
 * a snapshot is always taken.
 *
 * Output: { outcome: "committed", items, skipped, quarantined, commit, manifest, table, machine, execution }, { outcome:
 * "skipped" }, or { outcome: "conflict" } where a snapshot of a later time is there.
 */
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import type { Construct } from "constructs";
import { LakeMachine, reportOf } from "./machine.ts";
import { beginning, end, failure, onlyOne, success } from "./machine-frame.ts";
import type { SourceTable } from "./source-table.ts";
import { stage } from "./stage.ts";
import {
  call,
  each,
  type Invocation,
  invoke,
  invokeForEach,
  type MachineDefinition,
  type State,
} from "./states.ts";
import type { TableAccess } from "./table-access.ts";

export interface SnapshotFunctions {
  readonly beginSnapshot: IFunction;
  readonly snapshotPart: IFunction;
  readonly planSeed: IFunction;
  readonly commit: IFunction;
  readonly publishViews: IFunction;
  readonly clean: IFunction;
}

export interface SnapshotMachineProps {
  readonly access: TableAccess;
  readonly source: SourceTable;
  readonly functions: SnapshotFunctions;
}

/**
 * Files of the export that are read at the same time. An account begins with ten functions that may run at once (AWS: Lambda
 * developer guide, "Lambda quotas"): the rest is for the stream, which goes on meanwhile, for compactions and for others.
 */
const PARTS_AT_ONCE = 6;
/** Nine events each: an execution's history has room for a day of them (25,000, AWS: "Step Functions service quotas"). */
const EXPORT_POLL_SECONDS = 40;
/** Recovery that was just turned on, as that of a table that is deployed with its lake, is not there at once. */
const RECOVERY_BEGINS = {
  ErrorEquals: ["BACKUPS_OFF"],
  IntervalSeconds: 15,
  BackoffRate: 2,
  MaxAttempts: 3,
};
/** Exports of large tables take hours. */
const TIMEOUT_SECONDS = 24 * 3600;
/** The longest that a function may run; some more for its start. */
const FUNCTION_SECONDS = 16 * 60;

export function snapshotMachine(scope: Construct, id: string, props: SnapshotMachineProps): LakeMachine {
  const { access, functions, source } = props;
  const { beginSnapshot, clean, commit, planSeed, publishViews, snapshotPart } = functions;
  const invoked = [beginSnapshot, snapshotPart, planSeed, commit, publishViews, clean];
  return new LakeMachine(scope, id, {
    access,
    kind: "snapshot",
    definition: snapshotDefinition(access, functions),
    functionArns: invoked.map(({ functionArn }) => functionArn),
    permissions: [
      {
        actions: ["dynamodb:DescribeExport"],
        resources: [`${source.tableArn}/export/*`],
        because: "Exports are named when they start.",
      },
      // The lists of what is mapped over, and what the statements read and write as their caller.
      ...access.read("exports/", "staging/", "segments/"),
      ...access.list("exports/", "staging/", "segments/"),
      ...access.upload("segments/"),
      ...access.runStatements("staging"),
    ],
  });
}

function snapshotDefinition(access: TableAccess, functions: SnapshotFunctions): MachineDefinition {
  const report = reportOf(access, "snapshot");
  return {
    Comment: `dynalake ${access.table}: snapshot`,
    StartAt: "Defaults",
    TimeoutSeconds: TIMEOUT_SECONDS,
    States: {
      ...beginning({ defaults: { first: false }, next: "First?" }),
      "First?": {
        Type: "Choice",
        Choices: [{ Variable: "$.request.first", BooleanEquals: true, Next: "OtherExecutions" }],
        Default: "Begin",
      },
      ...onlyOne({ alone: "Begin", other: "Skipped" }),
      ...exportStates(access, functions),
      ...seedStates(access, functions),
      ...success(report, {
        outcome: "committed",
        "items.$": "$.seed.items",
        "skipped.$": "$.seed.skipped",
        "quarantined.$": "$.seed.quarantined",
        "commit.$": "$.commit",
        "manifest.$": "$.published.manifest",
      }),
      Skipped: end({ outcome: "skipped" }),
      Conflict: end({ outcome: "conflict" }),
      ...failure(report),
    },
  };
}

/** The export is started, awaited, and its files become staged wire rows. */
function exportStates({ lake }: TableAccess, functions: SnapshotFunctions): MachineDefinition["States"] {
  return {
    Begin: invoke(
      {
        functionArn: functions.beginSnapshot.functionArn,
        event: "$.request",
        answer: "$.begun",
        timeoutSeconds: FUNCTION_SECONDS,
        retry: [RECOVERY_BEGINS],
      },
      "Begun?",
    ),
    "Begun?": {
      Type: "Choice",
      Choices: [
        {
          And: [
            { Variable: "$.begun.skip", IsPresent: true },
            { Variable: "$.begun.skip", BooleanEquals: true },
          ],
          Next: "Skipped",
        },
      ],
      Default: "WaitForExport",
    },
    WaitForExport: { Type: "Wait", Seconds: EXPORT_POLL_SECONDS, Next: "DescribeExport" },
    DescribeExport: call(
      {
        call: "dynamodb:describeExport",
        parameters: { "ExportArn.$": "$.begun.exportArn" },
        result: { "status.$": "$.ExportDescription.ExportStatus" },
        answer: "$.export",
        retry: [
          // What has no exception of its own, such as a rate that is exceeded.
          "DynamoDb.DynamoDbException",
          "DynamoDb.InternalServerErrorException",
          "DynamoDb.LimitExceededException",
          "DynamoDb.SdkClientException",
          "DynamoDb.ThrottlingException",
        ],
      },
      "Exported?",
    ),
    "Exported?": {
      Type: "Choice",
      Choices: [
        { Variable: "$.export.status", StringEquals: "COMPLETED", Next: "Parts" },
        { Variable: "$.export.status", StringEquals: "FAILED", Next: "ExportFailed" },
      ],
      Default: "WaitForExport",
    },
    ExportFailed: {
      Type: "Pass",
      Parameters: {
        Error: "EXPORT_FAILED",
        "Cause.$":
          "States.Format('DynamoDB could not finish {}; describe-export tells why', $.begun.exportArn)",
      },
      ResultPath: "$.error",
      Next: "Failed",
    },
    Parts: each(
      {
        label: "Part",
        bucket: lake.bucket.bucketName,
        key: "States.Format('{}manifest-files.json', $.begun.exportPrefix)",
        item: {
          "run.$": "$.begun.run",
          "index.$": "$$.Map.Item.Index",
          "part.$": "$$.Map.Item.Value",
        },
        concurrency: PARTS_AT_ONCE,
        state: invokeForEach(functions.snapshotPart.functionArn, FUNCTION_SECONDS),
      },
      "PlanSeed",
    ),
  };
}

/** Staged rows become base segments and are committed. An empty table has no statement. */
function seedStates({ lake }: TableAccess, functions: SnapshotFunctions): MachineDefinition["States"] {
  const place = {
    bucket: lake.bucket.bucketName,
    database: lake.databaseName,
    workGroup: lake.workGroupName,
  };
  const ofRun = { "run.$": "$.begun.run", "exportPrefix.$": "$.begun.exportPrefix" };
  return {
    PlanSeed: run(functions.planSeed, ofRun, "$.seed", "Statements?"),
    "Statements?": {
      Type: "Choice",
      Choices: [{ Variable: "$.seed.statements", NumericGreaterThan: 0, Next: "Stage" }],
      Default: "Commit",
    },
    Stage: stage(place, "$.seed.statementsKey", "$.begun.run", "Commit"),
    Commit: run(functions.commit, { "run.$": "$.begun.run" }, "$.commit", "Committed?"),
    "Committed?": {
      Type: "Choice",
      Choices: [{ Variable: "$.commit.outcome", StringEquals: "conflict", Next: "CleanAfterConflict" }],
      Default: "Publish",
    },
    CleanAfterConflict: run(functions.clean, ofRun, null, "Conflict"),
    Publish: run(functions.publishViews, { "execution.$": "$$.Execution.Name" }, "$.published", "Clean"),
    Clean: run(functions.clean, ofRun, null, "Succeeded"),
  };
}

function run(made: IFunction, event: Invocation["event"], answer: Invocation["answer"], next: string): State {
  return invoke({ functionArn: made.functionArn, event, answer, timeoutSeconds: FUNCTION_SECONDS }, next);
}
