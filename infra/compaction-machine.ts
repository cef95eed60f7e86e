/**
 * The compaction: new columns of the schema, a minor one, then a major one if it is due, then the views.
 *
 * Input: `CompactionInput`. Output: `CompactionSucceeded` with the facts of a report, or `CONFLICT` if another compaction runs or has
 * committed first. The answer of each planning holds the event of the next one, so that the loop itself keeps nothing.
 */
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import type { Construct } from "constructs";
import { CONFLICT, type CompactionSucceeded, type CompactionWork } from "../src/aws/contracts/machines.ts";
import type {
  CommitAnswer,
  CommitEvent,
  CompactionEnd,
  CompactionStage,
  PlannedCompaction,
  PublishedViews,
} from "../src/aws/contracts/steps.ts";
import type { ErrorCode } from "../src/core/error.ts";
import { LakeMachine, reportOf } from "./machine.ts";
import { beginning, end, failure, onlyOne, step, success } from "./machine-frame.ts";
import { stage } from "./stage.ts";
import { given, kept } from "./state-data.ts";
import { FAILED, type MachineDefinition, type State } from "./states.ts";
import type { TableAccess } from "./table-access.ts";

export interface CompactionFunctions {
  readonly planCompaction: IFunction;
  readonly commit: IFunction;
  readonly publishViews: IFunction;
  readonly clean: IFunction;
}

export interface CompactionMachineProps {
  readonly access: TableAccess;
  readonly functions: CompactionFunctions;
}

const TIMEOUT_SECONDS = 6 * 3600;

export function compactionMachine(scope: Construct, id: string, props: CompactionMachineProps): LakeMachine {
  const { access, functions } = props;
  const { clean, commit, planCompaction, publishViews } = functions;
  return new LakeMachine(scope, id, {
    access,
    kind: "compaction",
    definition: compactionDefinition(access, functions),
    functionArns: [planCompaction, commit, publishViews, clean].map(({ functionArn }) => functionArn),
    permissions: [
      // The list of what is mapped over, and what the statements read and write as their caller.
      ...access.read("staging/", "changes/", "segments/"),
      ...access.list("staging/", "changes/", "segments/"),
      ...access.upload("segments/"),
      ...access.runStatements("changes", "segments"),
    ],
  });
}

/** What the latest planning has answered; before the first one, its event alone. */
const plan = kept<PlannedCompaction>("$.plan");
const planned = kept<CompactionStage>(plan.path);
const ended = kept<CompactionEnd>(plan.path);
const commitAnswer = kept<CommitAnswer>("$.commit");
const published = kept<PublishedViews>("$.published");

function compactionDefinition(
  access: TableAccess,
  functions: CompactionFunctions,
): MachineDefinition<CompactionWork> {
  const report = reportOf(access, "compaction");
  return {
    Comment: `dynalake ${access.table}: compaction`,
    StartAt: "Defaults",
    TimeoutSeconds: TIMEOUT_SECONDS,
    States: {
      ...beginning({ defaults: { scope: "grown" }, next: "NothingDone" }),
      NothingDone: { Type: "Pass", Result: [], ResultPath: "$.request.done", Next: "FirstPlanning" },
      FirstPlanning: {
        Type: "Pass",
        Parameters: { "next.$": "$.request" },
        ResultPath: plan.path,
        Next: "OtherExecutions",
      },
      // A long rewrite would otherwise lose its commit to the short compactions that begin meanwhile, again and again.
      ...onlyOne({ alone: "Plan", other: "Conflict" }),
      ...workStates(access, functions),
      Publish: step(functions.publishViews, { "execution.$": "$$.Execution.Name" }, published.path, "Clean"),
      Clean: step(functions.clean, ended.at("clean"), null, "Succeeded"),
      ...success(
        report,
        given<CompactionSucceeded>({
          outcome: "succeeded",
          done: ended.at("done"),
          manifest: published.at("manifest"),
        }),
      ),
      Conflict: end(CONFLICT),
      ...failure(report),
    },
  };
}

/** One plan after the other, until there is nothing left to plan. */
function workStates(
  { lake }: TableAccess,
  functions: CompactionFunctions,
): Record<"Plan" | "Stage" | "Commit", State> & Record<string, State> {
  const place = {
    bucket: lake.bucket.bucketName,
    database: lake.databaseName,
    workGroup: lake.workGroupName,
  };
  const commitEvent = given<CommitEvent>({ run: planned.at("run") });
  return {
    Plan: step(functions.planCompaction, planned.at("next"), plan.path, "Planned?"),
    "Planned?": {
      Type: "Choice",
      Choices: [
        { And: [plan.is("step", "stage"), planned.is("statements", 0)], Next: "Commit" },
        { ...plan.is("step", "stage"), Next: "Stage" },
        { ...plan.is("step", "publish"), Next: "Publish" },
      ],
      Default: "UnknownStep",
    },
    UnknownStep: {
      Type: "Pass",
      Result: {
        Error: "INTERNAL" satisfies ErrorCode,
        Cause: "plan-compaction answered with a step that does not exist",
      },
      ResultPath: "$.error",
      Next: FAILED,
    },
    // breakage: commit-follows-stage
    Stage: stage(place, planned.at("statementsKey"), planned.at("run"), "Commit"),
    Commit: step(functions.commit, commitEvent, commitAnswer.path, "Committed?"),
    "Committed?": {
      Type: "Choice",
      Choices: [{ ...commitAnswer.is("outcome", "conflict"), Next: "Conflict" }],
      Default: "Plan",
    },
  };
}
