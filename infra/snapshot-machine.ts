/**
 * The snapshot: the source table's export becomes the base of the lake table.
 *
 * Input: `SnapshotInput`. With first, as the schedule of the first snapshot sends it, the execution ends at once if another
 * one runs, and begin-snapshot skips the snapshot if the lake has one by then. Without it, a snapshot is always taken.
 *
 * Output: `SnapshotCommitted` with the facts of a report, `SKIPPED`, or `CONFLICT` if a snapshot of a later time is there.
 */
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import type { Construct } from "constructs";
import {
  CONFLICT,
  EXPORT_FAILED,
  SKIPPED,
  type SnapshotCommitted,
  type SnapshotWork,
} from "../src/aws/contracts/machines.ts";
import type {
  BegunSnapshot,
  CleanEvent,
  CommitAnswer,
  CommitEvent,
  PlannedSeed,
  PlanSeedEvent,
  PublishedViews,
  SnapshotPartEvent,
} from "../src/aws/contracts/steps.ts";
import type { ErrorCode } from "../src/core/error.ts";
import { LakeMachine, reportOf } from "./machine.ts";
import { beginning, end, FUNCTION_SECONDS, failure, onlyOne, step, success } from "./machine-frame.ts";
import type { SourceTable } from "./source-table.ts";
import { stage } from "./stage.ts";
import { given, kept } from "./state-data.ts";
import { call, each, FAILED, invokeForEach, type MachineDefinition, type State } from "./states.ts";
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
 * developer guide, "Lambda quotas"): the rest is for the stream, which is still being read, for compactions and for others.
 */
const PARTS_AT_ONCE = 6;
/** Nine events each: an execution's history has room for a day of them (25,000, AWS: "Step Functions service quotas"). */
const EXPORT_POLL_SECONDS = 40;
/** Recovery that was just turned on, as that of a table that is deployed with its lake, is not there at once. */
const RECOVERY_BEGINS = {
  ErrorEquals: ["BACKUPS_OFF" satisfies ErrorCode],
  IntervalSeconds: 15,
  BackoffRate: 2,
  MaxAttempts: 3,
};
/** Exports of large tables take hours. */
const TIMEOUT_SECONDS = 24 * 3600;
/** What begin-snapshot has answered. */
const begun = kept<BegunSnapshot>("$.begun");
const seed = kept<PlannedSeed>("$.seed");
const commitAnswer = kept<CommitAnswer>("$.commit");
const published = kept<PublishedViews>("$.published");

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

function snapshotDefinition(
  access: TableAccess,
  functions: SnapshotFunctions,
): MachineDefinition<SnapshotWork> {
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
      ...success(
        report,
        given<SnapshotCommitted>({
          outcome: "committed",
          items: seed.at("items"),
          skipped: seed.at("skipped"),
          quarantined: seed.at("quarantined"),
          commit: commitAnswer.path,
          manifest: published.at("manifest"),
        }),
      ),
      Skipped: end(SKIPPED),
      Conflict: end(CONFLICT),
      ...failure(report),
    },
  };
}

/** The export is started, awaited, and its files become staged wire rows. */
function exportStates(
  { lake }: TableAccess,
  functions: SnapshotFunctions,
): Record<Exclude<SnapshotWork, SeedWork>, State> & Record<string, State> {
  return {
    Begin: step(functions.beginSnapshot, "$.request", begun.path, "Begun?", [RECOVERY_BEGINS]),
    "Begun?": {
      Type: "Choice",
      Choices: [
        {
          And: [{ Variable: begun.at("skip"), IsPresent: true }, begun.is("skip", true)],
          Next: "Skipped",
        },
      ],
      Default: "WaitForExport",
    },
    WaitForExport: { Type: "Wait", Seconds: EXPORT_POLL_SECONDS, Next: "DescribeExport" },
    DescribeExport: call(
      {
        call: "dynamodb:describeExport",
        parameters: { "ExportArn.$": begun.at("exportArn") },
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
        Error: EXPORT_FAILED,
        "Cause.$": `States.Format('DynamoDB could not finish {}; describe-export tells why', ${begun.at("exportArn")})`,
      },
      ResultPath: "$.error",
      Next: FAILED,
    },
    Parts: each(
      {
        label: "Part",
        bucket: lake.bucket.bucketName,
        key: `States.Format('{}manifest-files.json', ${begun.at("exportPrefix")})`,
        item: given<SnapshotPartEvent>({
          run: begun.at("run"),
          index: "$$.Map.Item.Index",
          part: "$$.Map.Item.Value",
        }),
        concurrency: PARTS_AT_ONCE,
        state: invokeForEach(functions.snapshotPart.functionArn, FUNCTION_SECONDS),
      },
      "PlanSeed",
    ),
  };
}

type SeedWork = "PlanSeed" | "Stage" | "Commit" | "Publish" | "Clean";

/** Staged rows become base segments and are committed. An empty table has no statement. */
function seedStates(
  { lake }: TableAccess,
  functions: SnapshotFunctions,
): Record<SeedWork, State> & Record<string, State> {
  const place = {
    bucket: lake.bucket.bucketName,
    database: lake.databaseName,
    workGroup: lake.workGroupName,
  };
  const ofRun = given<PlanSeedEvent & CleanEvent>({
    run: begun.at("run"),
    exportPrefix: begun.at("exportPrefix"),
  });
  const commitEvent = given<CommitEvent>({ run: begun.at("run") });
  return {
    PlanSeed: step(functions.planSeed, ofRun, seed.path, "Statements?"),
    "Statements?": {
      Type: "Choice",
      Choices: [{ Variable: seed.at("statements"), NumericGreaterThan: 0, Next: "Stage" }],
      Default: "Commit",
    },
    Stage: stage(place, seed.at("statementsKey"), begun.at("run"), "Commit"),
    Commit: step(functions.commit, commitEvent, commitAnswer.path, "Committed?"),
    "Committed?": {
      Type: "Choice",
      Choices: [{ ...commitAnswer.is("outcome", "conflict"), Next: "CleanAfterConflict" }],
      Default: "Publish",
    },
    CleanAfterConflict: step(functions.clean, ofRun, null, "Conflict"),
    Publish: step(functions.publishViews, { "execution.$": "$$.Execution.Name" }, published.path, "Clean"),
    Clean: step(functions.clean, ofRun, null, "Succeeded"),
  };
}
