/**
 * The compaction of a lake table: new columns of the schema, a minor one, then a major one if it is due, then the views.
 *
 * Input: `CompactionInput`. Output: `CompactionSucceeded` with the facts of a report, or `CONFLICT` if another compaction of the
 * table runs or has committed first. The answer of each planning holds the event of the next one, so that the loop itself keeps
 * nothing.
 */
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import type { Construct } from "constructs";
import { CONFLICT, type CompactionSucceeded, type CompactionWork } from "../src/aws/contracts/machines.ts";
import type {
  BeginRunEvent,
  BegunRun,
  CommitAnswer,
  CommitEvent,
  CompactionEnd,
  CompactionStage,
  PlannedCompaction,
  PublishedViews,
  PublishViewsEvent,
} from "../src/aws/contracts/steps.ts";
import type { ErrorCode } from "../src/core/error.ts";
import { ANOTHER_RUN, anotherRun, committing, PLANNING_RETRY } from "./another-run.ts";
import type { LakePlace } from "./lake-place.ts";
import { LakeMachine, reportOf } from "./machine.ts";
import { beginning, end, failure, step, success, TABLE } from "./machine-frame.ts";
import { stage } from "./stage.ts";
import { given, kept } from "./state-data.ts";
import { FAILED, type MachineDefinition, type State } from "./states.ts";
import type { TableAccess } from "./table-access.ts";

export interface CompactionFunctions {
  readonly beginRun: IFunction;
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
  const { beginRun, clean, commit, planCompaction, publishViews } = functions;
  return new LakeMachine(scope, id, {
    lake: access.lake,
    kind: "compaction",
    definition: compactionDefinition(access.lake, functions),
    functionArns: [beginRun, planCompaction, commit, publishViews, clean].map(
      ({ functionArn }) => functionArn,
    ),
    permissions: [
      // The list of what is mapped over, and what the statements read and write as their caller.
      ...access.read("staging/", "changes/", "segments/"),
      ...access.list("staging/", "changes/", "segments/"),
      ...access.writeSegments(),
      ...access.runStatements("changes", "segments"),
    ],
  });
}

const begun = kept<BegunRun>("$.begun");
/** What the latest planning has answered; before the first one, its event alone. */
const plan = kept<PlannedCompaction>("$.plan");
const planned = kept<CompactionStage>(plan.path);
const ended = kept<CompactionEnd>(plan.path);
const commitAnswer = kept<CommitAnswer>("$.commit");
const published = kept<PublishedViews>("$.published");

function compactionDefinition(
  lake: LakePlace,
  functions: CompactionFunctions,
): MachineDefinition<CompactionWork> {
  const report = reportOf(lake, "compaction");
  const beginEvent = given<BeginRunEvent>({
    kind: "compaction",
    table: TABLE,
    execution: "$.request.execution.arn",
  });
  const publishEvent = given<PublishViewsEvent>({ table: TABLE });
  return {
    Comment: `dynalake ${lake.databaseName}: compaction`,
    StartAt: "Defaults",
    TimeoutSeconds: TIMEOUT_SECONDS,
    States: {
      ...beginning({ defaults: { table: "", scope: "grown" }, next: "Begin" }),
      // A long rewrite would otherwise lose its commit to the short compactions that begin meanwhile, again and again.
      Begin: step(functions.beginRun, beginEvent, begun.path, "Begun?"),
      "Begun?": {
        Type: "Choice",
        Choices: [{ ...begun.is("go", "compact"), Next: "NothingDone" }],
        Default: "Conflict", // breakage: another-execution-goes-on
      },
      NothingDone: { Type: "Pass", Result: [], ResultPath: "$.request.done", Next: "FirstPlanning" },
      FirstPlanning: {
        Type: "Pass",
        Parameters: { "next.$": "$.request" },
        ResultPath: plan.path,
        Next: "Plan",
      },
      ...workStates(lake, functions),
      Publish: step(functions.publishViews, publishEvent, published.path, "Clean"),
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
  lake: LakePlace,
  functions: CompactionFunctions,
): Record<"Plan" | "Stage" | "Commit", State> & Record<string, State> {
  const place = {
    bucket: lake.bucket.bucketName,
    database: lake.databaseName,
    workGroup: lake.upkeepWorkGroupName,
  };
  const commitEvent = given<CommitEvent>({ table: TABLE, run: planned.at("run") });
  return {
    Plan: step(functions.planCompaction, planned.at("next"), plan.path, "Planned?", PLANNING_RETRY),
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
    Stage: stage(place, planned.at("statementsKey"), planned.at("token"), {
      done: "Commit",
      failed: ANOTHER_RUN,
    }),
    ...anotherRun(planned.at("again"), planned.at("next"), "Plan"),
    Commit: committing(step(functions.commit, commitEvent, commitAnswer.path, "Committed?")),
    "Committed?": {
      Type: "Choice",
      Choices: [{ ...commitAnswer.is("outcome", "conflict"), Next: "Conflict" }],
      Default: "Plan",
    },
  };
}
