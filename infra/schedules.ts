/** What runs by itself: the first snapshot, compactions, vacuum. */
import { type Duration, Stack } from "aws-cdk-lib";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import { CfnSchedule } from "aws-cdk-lib/aws-scheduler";
import type { IStateMachine } from "aws-cdk-lib/aws-stepfunctions";
import { Construct, type IDependable } from "constructs";
import type { CompactionInput, SnapshotInput } from "../src/aws/contracts/machines.ts";
import type { CleanEvent } from "../src/aws/contracts/steps.ts";
import { handRole } from "./permissions.ts";

export interface SchedulesProps {
  /** The lake table's name. */
  readonly table: string;
  readonly snapshot: IStateMachine;
  readonly compaction: IStateMachine;
  readonly clean: IFunction;
  /** The mapping and all else that has to be there before anything runs. */
  readonly after: IDependable;
  readonly firstSnapshotEvery: Duration;
  readonly snapshotEvery: Duration | "never";
  readonly compactEvery: Duration | "never";
  readonly vacuumEvery: Duration;
}

/**
 * A schedule without a start date runs its target as soon as it is made (AWS: EventBridge Scheduler user guide, "Rate-based
 * schedules"), which is how the first snapshot starts by itself; a one-time schedule in the past would be refused. It comes
 * again, seldom, in case that snapshot failed: where the lake has one, or one is under way, the execution ends at once. So
 * neither a later run nor another deployment takes a second one.
 */
export class Schedules extends Construct {
  constructor(scope: Construct, id: string, props: SchedulesProps) {
    super(scope, id);
    const { clean, compaction, snapshot, table } = props;
    const role = handRole(this, "Role", {
      service: "scheduler.amazonaws.com",
      description: `dynalake ${table}: schedules`,
      permissions: [
        {
          actions: ["states:StartExecution"],
          resources: [snapshot.stateMachineArn, compaction.stateMachineArn],
        },
        { actions: ["lambda:InvokeFunction"], resources: [clean.functionArn] },
      ],
    });
    const every = (
      name: string,
      rate: Duration | "never",
      targetArn: string,
      input: SnapshotInput | CompactionInput | CleanEvent,
    ): void => {
      if (rate === "never") return;
      const schedule = new CfnSchedule(this, name, {
        description: `dynalake ${table}`,
        scheduleExpression: rateExpression(rate),
        flexibleTimeWindow: { mode: "OFF" },
        target: {
          arn: targetArn,
          roleArn: role.roleArn,
          input: Stack.of(this).toJsonString(input),
          // What could not be started within a quarter of an hour is as well started the next time.
          retryPolicy: { maximumEventAgeInSeconds: 900, maximumRetryAttempts: 10 },
        },
      });
      schedule.node.addDependency(role, props.after);
    };
    every("FirstSnapshot", props.firstSnapshotEvery, snapshot.stateMachineArn, { first: true });
    every("Snapshot", props.snapshotEvery, snapshot.stateMachineArn, {});
    every("Compaction", props.compactEvery, compaction.stateMachineArn, {});
    every("Vacuum", props.vacuumEvery, clean.functionArn, { vacuum: true });
  }
}

/** rate(15 minutes): in the largest unit that holds it, in the singular where it is one. */
function rateExpression(rate: Duration): string {
  const minutes = rate.toMinutes();
  const [value, unit] =
    minutes % 1440 === 0
      ? [minutes / 1440, "day"]
      : minutes % 60 === 0
        ? [minutes / 60, "hour"]
        : [minutes, "minute"];
  return `rate(${value} ${unit}${value === 1 ? "" : "s"})`;
}
