/**
 * The snapshot: a source table's export becomes the base of a lake table.
 *
 * Input: `SnapshotInput`. With first, as the tick sends it, the execution ends at once if the table has a snapshot or another
 * execution takes one. Without it, a snapshot is always taken. Tables of the same source that have none go along: their files are
 * staged with those of the table, and an execution of their own, which is given what was staged, seeds each.
 *
 * Output: `SnapshotCommitted` with the facts of a report, `SKIPPED`, or `CONFLICT` if a snapshot of a later time is there.
 */
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import type { Construct } from "constructs";
import {
  CONFLICT,
  SKIPPED,
  type SnapshotCommitted,
  type SnapshotWork,
} from "../src/aws/contracts/machines.ts";
import type {
  BegunExport,
  BegunSnapshot,
  CleanEvent,
  CommitAnswer,
  CommitEvent,
  PlannedSeed,
  PlanSeedEvent,
  PublishedViews,
  PublishViewsEvent,
  TickEvent,
} from "../src/aws/contracts/steps.ts";
import { ANOTHER_RUN, anotherRun, committing, PLANNING_RETRY } from "./another-run.ts";
import type { LakePlace } from "./lake-place.ts";
import { LakeMachine, machineArns, reportOf } from "./machine.ts";
import { beginning, end, failure, step, success, TABLE } from "./machine-frame.ts";
import { exportStates } from "./snapshot-export.ts";
import { stage } from "./stage.ts";
import { given, kept } from "./state-data.ts";
import type { MachineDefinition, State } from "./states.ts";
import type { TableAccess } from "./table-access.ts";

export interface SnapshotFunctions {
  readonly beginRun: IFunction;
  readonly planSeed: IFunction;
  readonly commit: IFunction;
  readonly publishViews: IFunction;
  readonly clean: IFunction;
  readonly tick: IFunction;
}

export interface SnapshotMachineProps {
  readonly access: TableAccess;
  readonly functions: SnapshotFunctions;
  /** Patterns of the names of sources' functions. */
  readonly sourceFunctions: readonly string[];
}

/** Exports of large tables take hours. */
const TIMEOUT_SECONDS = 24 * 3600;
/** What begin-run has answered. */
const begun = kept<BegunSnapshot>("$.begun");
/** The export, once there is one. */
const exported = kept<BegunExport>("$.export");
const seed = kept<PlannedSeed>("$.seed");
/** The event by which it was planned. */
const seeding = kept<PlanSeedEvent>("$.seeding");
const commitAnswer = kept<CommitAnswer>("$.commit");
const published = kept<PublishedViews>("$.published");

export function snapshotMachine(scope: Construct, id: string, props: SnapshotMachineProps): LakeMachine {
  const { access, functions } = props;
  const { lake } = access;
  const { beginRun, clean, commit, planSeed, publishViews, tick } = functions;
  const invoked = [beginRun, planSeed, commit, publishViews, clean, tick];
  return new LakeMachine(scope, id, {
    lake,
    kind: "snapshot",
    definition: snapshotDefinition(lake, functions),
    functionArns: invoked.map(({ functionArn }) => functionArn),
    functionPatterns: props.sourceFunctions,
    permissions: [
      {
        actions: ["dynamodb:DescribeExport"],
        resources: [access.anyExportArn()],
        because: "Exports are named when they start, and a lake's sources come and go.",
      },
      {
        // The map of an export's files goes on with those that failed when its execution is redriven.
        actions: ["states:RedriveExecution"],
        resources: [machineArns(lake, "snapshot").mapExecutions],
        because: "Executions get their names when they start.",
      },
      // The lists of what is mapped over, and what the statements read and write as their caller.
      ...access.readExports(),
      ...access.read("staging/", "segments/"),
      ...access.list("staging/", "segments/"),
      ...access.writeSegments(),
      ...access.writeMapResults(),
      ...access.runStatements("staging"),
    ],
  });
}

function snapshotDefinition(lake: LakePlace, functions: SnapshotFunctions): MachineDefinition<SnapshotWork> {
  const report = reportOf(lake, "snapshot");
  const event = {
    kind: "snapshot",
    "table.$": TABLE,
    "execution.$": "$.request.execution.arn",
    "first.$": "$.request.first",
    "partsAtOnce.$": "$.request.partsAtOnce",
  };
  return {
    Comment: `dynalake ${lake.databaseName}: snapshot`,
    StartAt: "Defaults",
    TimeoutSeconds: TIMEOUT_SECONDS,
    States: {
      ...beginning({
        defaults: { table: "", first: false, partsAtOnce: 0 },
        next: "Staged?",
      }),
      "Staged?": {
        Type: "Choice",
        Choices: [{ Variable: "$.request.staged", IsPresent: true, Next: "Continue" }],
        Default: "Begin",
      },
      Begin: step(functions.beginRun, event, begun.path, "Begun?"),
      Continue: step(functions.beginRun, { ...event, "staged.$": "$.request.staged" }, begun.path, "Take"),
      Take: { Type: "Pass", InputPath: "$.request.staged", ResultPath: exported.path, Next: "Seed" },
      "Begun?": {
        Type: "Choice",
        Choices: [{ ...begun.is("go", "export"), Next: "Export" }],
        Default: "Skipped",
      },
      ...exportStates({ bucket: lake.bucket.bucketName, begun, exported, next: "Seed" }),
      ...seedStates(lake, functions),
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

type SeedWork = "PlanSeed" | "Stage" | "Commit" | "Publish" | "Clean";

/** Staged rows become base segments and are committed. An empty table has no statement. */
function seedStates(
  lake: LakePlace,
  functions: SnapshotFunctions,
): Record<SeedWork, State> & Record<string, State> {
  const place = {
    bucket: lake.bucket.bucketName,
    database: lake.databaseName,
    workGroup: lake.upkeepWorkGroupName,
  };
  const ofExport = given<PlanSeedEvent>({
    table: TABLE,
    run: exported.at("run"),
    exportPrefix: exported.at("exportPrefix"),
  });
  const cleanEvent = given<CleanEvent>({
    table: TABLE,
    run: exported.at("run"),
    exportPrefix: exported.at("exportPrefix"),
    exportTables: begun.at("tables"),
  });
  const commitEvent = given<CommitEvent>({ table: TABLE, run: seed.at("run") });
  const publishEvent = given<PublishViewsEvent>({ table: TABLE });
  return {
    Seed: { Type: "Pass", Parameters: ofExport, ResultPath: seeding.path, Next: "PlanSeed" },
    PlanSeed: step(functions.planSeed, seeding.path, seed.path, "Statements?", PLANNING_RETRY),
    "Statements?": {
      Type: "Choice",
      Choices: [{ Variable: seed.at("statements"), NumericGreaterThan: 0, Next: "Stage" }],
      Default: "Commit",
    },
    Stage: stage(place, seed.at("statementsKey"), seed.at("token"), { done: "Commit", failed: ANOTHER_RUN }),
    ...anotherRun(seed.at("again"), seeding.path, "PlanSeed"),
    Commit: committing(step(functions.commit, commitEvent, commitAnswer.path, "Committed?")),
    "Committed?": {
      Type: "Choice",
      Choices: [{ ...commitAnswer.is("outcome", "conflict"), Next: "CleanAfterConflict" }],
      Default: "Publish",
    },
    CleanAfterConflict: step(functions.clean, cleanEvent, null, "Conflict"),
    Publish: step(functions.publishViews, publishEvent, published.path, "Clean"),
    Clean: step(functions.clean, cleanEvent, null, "Tick"),
    // Other tables may wait for their first snapshot until this one has ended.
    Tick: {
      ...step(functions.tick, given<TickEvent>({ ending: "$.request.execution.arn" }), null, "Succeeded"),
      // The snapshot is taken, and the next tick starts the same.
      Catch: [{ ErrorEquals: ["States.ALL"], ResultPath: null, Next: "Succeeded" }],
    },
  };
}
