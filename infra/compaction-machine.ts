/**
 * The compaction: new columns of the schema, a minor one, then a major one where it is due, then the views.
 *
 * Input: { scope?: "grown" | "all", settleSeconds?: number }; plan-compaction checks it. It receives the kinds that
 * this execution has done, in order, so that it plans each once.
 *
 * Output: { outcome: "succeeded", done: [kinds], manifest, table, machine, execution }, or { outcome: "conflict" } where
 * another compaction runs or has committed first.
 */
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import type { Construct } from "constructs";
import { LakeMachine, reportOf } from "./machine.ts";
import { beginning, end, failure, onlyOne, success } from "./machine-frame.ts";
import { stage } from "./stage.ts";
import { type Invocation, invoke, type MachineDefinition, type State } from "./states.ts";
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
const FUNCTION_SECONDS = 16 * 60;

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

function compactionDefinition(access: TableAccess, functions: CompactionFunctions): MachineDefinition {
  const report = reportOf(access, "compaction");
  return {
    Comment: `dynalake ${access.table}: compaction`,
    StartAt: "Defaults",
    TimeoutSeconds: TIMEOUT_SECONDS,
    States: {
      ...beginning({ defaults: { scope: "grown" }, next: "NothingDone" }),
      NothingDone: { Type: "Pass", Result: [], ResultPath: "$.request.done", Next: "NothingToClean" },
      NothingToClean: { Type: "Pass", Result: {}, ResultPath: "$.clean", Next: "OtherExecutions" },
      // A long rewrite would otherwise lose its commit to the short compactions that begin meanwhile, again and again.
      ...onlyOne({ alone: "Plan", other: "Conflict" }),
      ...runStates(access, functions),
      Publish: run(functions.publishViews, { "execution.$": "$$.Execution.Name" }, "$.published", "Clean"),
      Clean: run(functions.clean, "$.clean", null, "Succeeded"),
      ...success(report, {
        outcome: "succeeded",
        "done.$": "$.request.done",
        "manifest.$": "$.published.manifest",
      }),
      Conflict: end({ outcome: "conflict" }),
      ...failure(report),
    },
  };
}

/** One run after the other, until there is nothing left to plan. */
function runStates({ lake }: TableAccess, functions: CompactionFunctions): MachineDefinition["States"] {
  const place = {
    bucket: lake.bucket.bucketName,
    database: lake.databaseName,
    workGroup: lake.workGroupName,
  };
  return {
    Plan: run(functions.planCompaction, "$.request", "$.plan", "Planned?"),
    "Planned?": {
      Type: "Choice",
      Choices: [
        {
          And: [
            { Variable: "$.plan.step", StringEquals: "stage" },
            { Variable: "$.plan.statements", NumericEquals: 0 },
          ],
          Next: "Commit",
        },
        { Variable: "$.plan.step", StringEquals: "stage", Next: "Stage" },
        { Variable: "$.plan.step", StringEquals: "publish", Next: "Publish" },
      ],
      Default: "UnknownStep",
    },
    UnknownStep: {
      Type: "Pass",
      Result: { Error: "INTERNAL", Cause: "plan-compaction answered with a step that does not exist" },
      ResultPath: "$.error",
      Next: "Failed",
    },
    Stage: stage(place, "$.plan.statementsKey", "$.plan.run", "Commit"), // breakage: commit-follows-stage
    Commit: run(functions.commit, { "run.$": "$.plan.run" }, "$.commit", "Committed?"),
    "Committed?": {
      Type: "Choice",
      Choices: [{ Variable: "$.commit.outcome", StringEquals: "conflict", Next: "Conflict" }],
      Default: "Done",
    },
    // Two lists become one: the Amazon States Language has no function for that, but a path.
    Done: {
      Type: "Pass",
      Parameters: { "lists.$": "States.Array($.plan.done, States.Array($.plan.kind))" },
      ResultPath: "$.done",
      Next: "RememberDone",
    },
    RememberDone: {
      Type: "Pass",
      InputPath: "$.done.lists[*][*]",
      ResultPath: "$.request.done",
      Next: "RememberRun",
    },
    RememberRun: { Type: "Pass", InputPath: "$.plan.run", ResultPath: "$.clean.run", Next: "Plan" },
  };
}

function run(made: IFunction, event: Invocation["event"], answer: Invocation["answer"], next: string): State {
  return invoke({ functionArn: made.functionArn, event, answer, timeoutSeconds: FUNCTION_SECONDS }, next);
}
