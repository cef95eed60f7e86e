/** The states of a snapshot that export the source table and stage the export's files, for all tables that it is for. */
import { EXPORT_FAILED, type ExportWork } from "../src/aws/contracts/machines.ts";
import type {
  BegunExport,
  BegunSnapshot,
  DescribedExport,
  DescribeExportEvent,
  SnapshotPartEvent,
  StagedExport,
} from "../src/aws/contracts/steps.ts";
import type { ErrorCode } from "../src/core/error.ts";
import { MAPS_PREFIX } from "./lake-place.ts";
import { FUNCTION_SECONDS } from "./machine-frame.ts";
import { given, type Kept, kept } from "./state-data.ts";
import {
  BACKOFF,
  CATCH_ALL,
  call,
  each,
  FAILED,
  integration,
  invokeForEach,
  invokeNamed,
  type State,
} from "./states.ts";

export interface ExportStates {
  readonly bucket: string;
  readonly begun: Kept<BegunSnapshot>;
  readonly exported: Kept<BegunExport>;
  readonly next: string;
}

const described = kept<DescribedExport>("$.described");

/** Nine events each: an execution's history has room for a day of them (25,000, AWS: "Step Functions service quotas"). */
const EXPORT_POLL_SECONDS = 40;
/** Recovery that was just turned on, as that of a table that is deployed with its lake, is not there at once. */
const RECOVERY_BEGINS = {
  ErrorEquals: ["BACKUPS_OFF" satisfies ErrorCode],
  IntervalSeconds: 15,
  BackoffRate: 2,
  MaxAttempts: 4,
};

/** The export is started, awaited, and its files become staged wire rows. */
export function exportStates(props: ExportStates): Record<ExportWork, State> & Record<string, State> {
  return { ...startStates(props), ...partStates(props) };
}

type PartWork = Extract<ExportWork, "Parts" | "Others">;

function startStates({
  begun,
  exported,
}: ExportStates): Record<Exclude<ExportWork, PartWork>, State> & Record<string, State> {
  return {
    Export: invokeNamed(
      {
        functionName: begun.at("sourceFunction"),
        event: { step: "begin-export", "execution.$": "$.request.execution.name" },
        result: {
          "run.$": "$.Payload.run",
          "exportArn.$": "$.Payload.exportArn",
          "exportPrefix.$": "$.Payload.exportPrefix",
        },
        answer: exported.path,
        timeoutSeconds: FUNCTION_SECONDS,
        retry: [RECOVERY_BEGINS],
      },
      "WhoseExport?",
    ),
    "WhoseExport?": {
      Type: "Choice",
      Choices: [{ Variable: begun.at("isForeign"), IsPresent: true, Next: "WaitForForeignExport" }],
      Default: "WaitForExport",
    },
    WaitForExport: { Type: "Wait", Seconds: EXPORT_POLL_SECONDS, Next: "DescribeExport" },
    DescribeExport: call(
      {
        call: "dynamodb:describeExport",
        parameters: { "ExportArn.$": exported.at("exportArn") },
        result: { "status.$": "$.ExportDescription.ExportStatus" },
        answer: described.path,
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
    "Exported?": isExported("WaitForExport"),
    WaitForForeignExport: { Type: "Wait", Seconds: EXPORT_POLL_SECONDS, Next: "DescribeForeignExport" },
    // No policy of a table lets another account describe its exports: the source's function does, by the owner's role.
    DescribeForeignExport: invokeNamed(
      {
        functionName: begun.at("sourceFunction"),
        event: given<DescribeExportEvent>({ step: "describe-export", exportArn: exported.at("exportArn") }),
        result: { "status.$": "$.Payload.status" },
        answer: described.path,
        timeoutSeconds: FUNCTION_SECONDS,
      },
      "ForeignExported?",
    ),
    "ForeignExported?": isExported("WaitForForeignExport"),
    ExportFailed: {
      Type: "Pass",
      Parameters: {
        Error: EXPORT_FAILED,
        "Cause.$": `States.Format('DynamoDB could not finish {}; describe-export tells why', ${exported.at("exportArn")})`,
      },
      ResultPath: "$.error",
      Next: FAILED,
    },
  };
}

/** What an answer about an export leads to. */
function isExported(otherwise: string): State {
  return {
    Type: "Choice",
    Choices: [
      { ...described.is("status", "COMPLETED"), Next: "Parts" },
      { ...described.is("status", "FAILED"), Next: "ExportFailed" },
    ],
    Default: otherwise,
  };
}

function partStates({ begun, bucket, exported, next }: ExportStates): Record<PartWork, State> {
  return {
    // Nothing catches a failure here: only an execution that ends in the map itself goes on with the files that failed when it is
    // redriven. The lake's rule mails it.
    Parts: each(
      {
        label: "Part",
        bucket,
        key: `States.Format('{}manifest-files.json', ${exported.at("exportPrefix")})`,
        item: {
          "functionName.$": begun.at("snapshotPartFunction"),
          event: given<SnapshotPartEvent>({
            run: exported.at("run"),
            tables: begun.at("tables"),
            index: "$$.Map.Item.Index",
            part: "$$.Map.Item.Value",
          }),
        },
        concurrency: begun.at("partsAtOnce"),
        resultsPrefix: MAPS_PREFIX.replace(/\/$/, ""), // breakage: answers-of-files-are-written
        state: invokeForEach(FUNCTION_SECONDS),
      },
      "Others",
    ),
    Others: {
      Type: "Map",
      ItemsPath: begun.at("others"),
      ItemSelector: {
        "table.$": "$$.Map.Item.Value",
        "name.$": `States.Format('{}-{}', ${exported.at("run")}, $$.Map.Item.Index)`,
        staged: given<StagedExport>({
          run: exported.at("run"),
          exportPrefix: exported.at("exportPrefix"),
          tables: begun.at("tables"),
          execution: "$.request.execution.arn",
        }),
      },
      ItemProcessor: {
        ProcessorConfig: { Mode: "INLINE" },
        StartAt: "Other",
        States: { Other: startOther() },
      },
      ResultPath: null,
      Catch: CATCH_ALL,
      Next: next,
    },
  };
}

/** Another table of the export gets an execution of its own, so that each fails, and is reported, alone. */
function startOther(): State {
  return {
    Type: "Task",
    Resource: integration("states:startExecution"),
    Parameters: {
      "StateMachineArn.$": "$$.StateMachine.Id",
      "Name.$": "$.name",
      Input: { "table.$": "$.table", "staged.$": "$.staged" },
    },
    TimeoutSeconds: 60,
    Retry: [
      {
        ErrorEquals: ["StepFunctions.AWSStepFunctionsException", "StepFunctions.SdkClientException"],
        ...BACKOFF,
      },
    ],
    End: true,
  };
}
