/** What works on the tables of a lake: the functions of snapshots and compactions, both machines, and the tick that starts them. */
import { type Duration, Lazy } from "aws-cdk-lib";
import type { IRole } from "aws-cdk-lib/aws-iam";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import { CfnSchedule } from "aws-cdk-lib/aws-scheduler";
import { Construct } from "constructs";
import { compactionMachine } from "./compaction-machine.ts";
import { type LakeFunctions, lakeFunctions } from "./lake-functions.ts";
import type { LakePlace } from "./lake-place.ts";
import type { LakeMachine } from "./machine.ts";
import { sourceFunctionsArn } from "./names.ts";
import { handRole } from "./permissions.ts";
import { snapshotMachine } from "./snapshot-machine.ts";
import { EVERY_TABLE, TableAccess } from "./table-access.ts";

export interface LakeWorkProps {
  readonly lake: LakePlace;
  /** Asked once all tables are known. */
  readonly tickEvery: () => Duration;
}

/** The roles of a lake's functions and machines, for grants of one's own. */
export type LakeRoles = Readonly<
  Record<Exclude<keyof LakeFunctions, "tick"> | "snapshotMachine" | "compactionMachine", IRole>
>;

export class LakeWork extends Construct {
  readonly functions: LakeFunctions;
  readonly snapshot: LakeMachine;
  readonly compaction: LakeMachine;

  constructor(scope: Construct, id: string, props: LakeWorkProps) {
    super(scope, id);
    const { lake } = props;
    const access = new TableAccess(lake, EVERY_TABLE);
    this.functions = lakeFunctions(this, access);
    const { functions } = this;
    const sourceFunctions = (["source", "snapshot-part"] as const).map((handler) =>
      sourceFunctionsArn(lake, handler),
    );
    this.snapshot = snapshotMachine(this, "Snapshot", { access, functions, sourceFunctions });
    this.compaction = compactionMachine(this, "Compaction", { access, functions });
    this.schedule(lake, functions.tick, props.tickEvery);
  }

  get roles(): LakeRoles {
    const { tick: _, ...functions } = this.functions;
    const ofFunctions = Object.entries(functions).map(([name, { role }]) => [name, role] as const);
    return {
      ...(Object.fromEntries(ofFunctions) as Omit<LakeRoles, "snapshotMachine" | "compactionMachine">),
      snapshotMachine: this.snapshot.machine.role,
      compactionMachine: this.compaction.machine.role,
    };
  }

  /** Begins as soon as it is created (AWS: EventBridge Scheduler user guide, "Rate-based schedules"). */
  private schedule(lake: LakePlace, tick: IFunction, every: () => Duration): void {
    const role = handRole(this, "ScheduleRole", {
      service: "scheduler.amazonaws.com",
      description: `dynalake ${lake.databaseName}: schedule`,
      permissions: [{ actions: ["lambda:InvokeFunction"], resources: [tick.functionArn] }],
    });
    const schedule = new CfnSchedule(this, "Tick", {
      description: `dynalake ${lake.databaseName}`,
      scheduleExpression: Lazy.string({ produce: () => rateExpression(every()) }),
      flexibleTimeWindow: { mode: "OFF" },
      target: {
        arn: tick.functionArn,
        roleArn: role.roleArn,
        input: "{}",
        // After 15 minutes, it is as well to wait for the next scheduled time.
        retryPolicy: { maximumEventAgeInSeconds: 900, maximumRetryAttempts: 10 },
      },
    });
    schedule.node.addDependency(role, this.snapshot, this.compaction);
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
