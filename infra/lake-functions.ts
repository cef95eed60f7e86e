/** The functions of a lake: what each is given and may do. They work on the table that their event names. */
import { Duration } from "aws-cdk-lib";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import { Construct } from "constructs";
import type { LakeHandlerName } from "../src/aws/contracts/handlers.ts";
import {
  beginRunPermissions,
  cleanPermissions,
  commitPermissions,
  planCompactionPermissions,
  planSeedPermissions,
  publishViewsPermissions,
  registerPermissions,
  tickPermissions,
} from "./handler-permissions.ts";
import { type LakeFunctionProps, lakeFunction } from "./lake-function.ts";
import { machineArns } from "./machine.ts";
import { pascal, sourceFunctionsArn } from "./names.ts";
import type { TableAccess } from "./table-access.ts";

export interface LakeFunctions {
  readonly register: IFunction;
  readonly tick: IFunction;
  readonly beginRun: IFunction;
  readonly planSeed: IFunction;
  readonly planCompaction: IFunction;
  readonly commit: IFunction;
  readonly publishViews: IFunction;
  readonly clean: IFunction;
}

type Own<Handler extends LakeHandlerName> = Pick<
  LakeFunctionProps<Handler>,
  "permissions" | "environment" | "memoryMebibytes"
>;

export function lakeFunctions(scope: Construct, access: TableAccess): LakeFunctions {
  const { lake } = access;
  const functions = new Construct(scope, "Functions");
  const make = <Handler extends LakeHandlerName>(handler: Handler, own: Own<Handler>): IFunction =>
    lakeFunction(functions, pascal(handler), {
      handler,
      lake,
      owner: lake.databaseName,
      timeout: Duration.minutes(15),
      ...own,
    });
  const [snapshot, compaction] = [machineArns(lake, "snapshot"), machineArns(lake, "compaction")];
  const clean = make("clean", {
    permissions: cleanPermissions(access),
    environment: {},
    memoryMebibytes: 1024,
  });
  const ofSources = (["source", "stream"] as const).map((handler) => sourceFunctionsArn(lake, handler));
  const machines = { snapshot: snapshot.machine, compaction: compaction.machine };
  const tick = make("tick", {
    permissions: tickPermissions(access, machines, [clean.functionArn, ...ofSources]),
    environment: { CLEAN_FUNCTION: clean.functionName },
    memoryMebibytes: 512,
  });
  return {
    clean,
    tick,
    register: make("register", {
      permissions: registerPermissions(access, tick.functionArn),
      environment: { TICK_FUNCTION: tick.functionName },
      memoryMebibytes: 512,
    }),
    beginRun: make("begin-run", {
      permissions: beginRunPermissions(access, [snapshot.executions, compaction.executions]),
      environment: {},
      memoryMebibytes: 512,
    }),
    planSeed: make("plan-seed", {
      permissions: planSeedPermissions(access),
      environment: {},
      memoryMebibytes: 1024,
    }),
    planCompaction: make("plan-compaction", {
      permissions: planCompactionPermissions(access),
      environment: {},
      memoryMebibytes: 1024,
    }),
    commit: make("commit", {
      permissions: commitPermissions(access),
      environment: {},
      memoryMebibytes: 1024,
    }),
    publishViews: make("publish-views", {
      permissions: publishViewsPermissions(access),
      environment: {},
      memoryMebibytes: 512,
    }),
  };
}
