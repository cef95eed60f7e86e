/** Schedules for the first snapshot, compactions and vacuum. */
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
  /** The mapping and everything else that must exist before anything runs. */
  readonly after: IDependable;
  readonly firstSnapshotEvery: Duration;
  readonly snapshotEvery: Duration | "never";
  readonly compactEvery: Duration | "never";
  readonly vacuumEvery: Duration;
}

/**
 * A schedule without a start date runs its target as soon as it is created (AWS: EventBridge Scheduler user guide, "Rate-based
 * schedules"). That starts the first snapshot automatically; a one-time schedule in the past would be rejected. The schedule
 * repeats occasionally, in case that snapshot fails. If a snapshot exists or is in progress, the execution ends immediately, so
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
          // After 15 minutes, it is as well to wait for the next scheduled time.
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

/** rate(15 minutes): in the largest unit that divides it, singular for one. */
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
