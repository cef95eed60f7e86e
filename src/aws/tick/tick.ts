/** A lake's tick: it looks what is due, starts it, and remembers what it has started. */
import type { LambdaClient } from "@aws-sdk/client-lambda";
import { InvokeCommand } from "@aws-sdk/client-lambda";
import { ListExecutionsCommand, StartExecutionCommand } from "@aws-sdk/client-sfn";
import { isHorizonBehind } from "../../core/compaction/commit-compaction.ts";
import { EXPORT_FUZZ_SECONDS } from "../../core/exports/export-manifest.ts";
import { changesDayFolder, hourOf } from "../../core/format/lake-path.ts";
import type { Schema } from "../../core/schema/schema.ts";
import { schemaMark } from "../../core/schema/schema-change.ts";
import { readLastCompaction } from "../../core/table/last-compaction.ts";
import { type OpenTable, openTableOf } from "../../core/table/open-table.ts";
import { isToGoOn, readUnfinishedVacuum } from "../../core/table/unfinished-vacuum.ts";
import { waitingPaths } from "../../core/table/waiting-paths.ts";
import { awsError } from "../../sdk/aws-error.ts";
import { AWS_DELIVERY_DELAY_SECONDS, settleSecondsFor } from "../aws-policy.ts";
import type { CompactionInput, SnapshotInput } from "../contracts/machines.ts";
import type { LakeEntry } from "../contracts/registry.ts";
import type { CleanEvent, SourceEvent } from "../contracts/steps.ts";
import { deployedEdit } from "../deployed-change.ts";
import { type DeployedTable, deployedSources, readLakeEntry } from "../registry.ts";
import { hasToFollow } from "../steps/follow-deployed-data.ts";
import type { LakeContext } from "../steps/step-context.ts";
import { planTick, type TickFacts, type TickPlan, type TickSource, type TickState } from "./plan-tick.ts";
import { readTickState, saveTickState } from "./tick-state.ts";

export interface TickContext extends LakeContext {
  readonly lambda: LambdaClient;
  readonly cleanFunction: string;
  /** A snapshot that ends with this tick. */
  readonly ending?: string | undefined;
}

export interface Ticked {
  readonly plan: TickPlan;
  readonly failures: readonly TickFailure[];
}

/** Something of a table or of a source could not be looked at, or not be started: the next tick tries it again. */
export interface TickFailure {
  readonly table?: string;
  readonly source?: string;
  readonly error: unknown;
}

type Attempt = <T>(of: Omit<TickFailure, "error">, work: () => Promise<T>) => Promise<T | undefined>;

/**
 * What fails for one table does not keep the others from being served. Two ticks at once start some things twice: the second of
 * two compactions, or of two first snapshots, ends at once.
 */
export async function tick(context: TickContext): Promise<Ticked> {
  const { nowSeconds, store } = context;
  const failures: TickFailure[] = [];
  const attempt: Attempt = async (of, work) => {
    try {
      return await work();
    } catch (error) {
      failures.push({ ...of, error }); // breakage: failed-start-is-tried-again
      return undefined;
    }
  };
  const lake = await readLakeEntry(store);
  const before = await readTickState(store);
  const sources: TickSource[] = [];
  for (const { entry, tables } of await deployedSources(store)) {
    const seen = await Promise.all(
      tables.map((deployed) =>
        attempt({ table: deployed.table }, async () => ({
          ...deployed,
          facts: await factsOf(context, deployed),
        })),
      ),
    );
    sources.push({ entry, tables: seen.filter((table) => table !== undefined) });
  }
  const plan = planTick(sources, before, {
    nowSeconds: nowSeconds(),
    runningSnapshots: await runningSnapshots(context, lake),
    fuzzSeconds: EXPORT_FUZZ_SECONDS,
  });
  await start(context, lake, plan, attempt);
  await saveTickState(store, stateAfter(plan.state, before, failures));
  return { plan, failures };
}

/** Where something failed, nothing counts as done. */
function stateAfter(planned: TickState, before: TickState, failures: readonly TickFailure[]): TickState {
  const tables = failures.flatMap(({ table }) => table ?? []);
  const sources = failures.flatMap(({ source }) => source ?? []);
  return {
    tables: {
      ...planned.tables,
      ...Object.fromEntries(tables.map((name) => [name, before.tables[name] ?? {}])),
    },
    sources: {
      ...planned.sources,
      ...Object.fromEntries(sources.map((name) => [name, before.sources[name] ?? {}])),
    },
  };
}

async function factsOf(context: TickContext, deployed: DeployedTable): Promise<TickFacts> {
  const { nowSeconds, store } = context;
  const { entry, schema, table } = deployed;
  const opened = await openTableOf(store, schema);
  return {
    hasNews:
      isChanged(opened, schema) ||
      isHorizonBehind(opened.manifest, nowSeconds()) ||
      (await hasNews(context, deployed)) ||
      (await hasToFollow({ store, opened, nowSeconds }, entry.schemaSettleSeconds)), // breakage: what-waits-is-news
    snapshotSeconds: opened.manifest.snapshots.at(-1)?.exportTimeSeconds,
    waiting: (await waitingPaths(store, table)).length,
    isVacuumLeft: isToGoOn(await readUnfinishedVacuum(store, table)),
  };
}

/** One that the table had before is left by a rollback: a compaction has nothing to do with it. */
function isChanged(opened: OpenTable, deployed: Schema): boolean {
  if (schemaMark(opened.schema.file) === schemaMark(deployed.file)) return false;
  const edit = deployedEdit(opened, deployed);
  return edit !== undefined && edit.kind !== "earlier"; // breakage: rolled-back-schemas-are-no-news
}

/** Whether objects have come since the last compaction, or since shortly before it, when it still left them alone. */
async function hasNews(
  { nowSeconds, store }: TickContext,
  { entry, table }: DeployedTable,
): Promise<boolean> {
  const compactedSeconds = (await readLastCompaction(store, table))?.atSeconds;
  if (compactedSeconds === undefined) return true;
  const sinceMs = (compactedSeconds - settleSecondsFor(entry.bufferSeconds)) * 1000;
  const now = nowSeconds();
  // An object lies in the hour of its oldest record, which may have been held up.
  for (let at = now; ; at -= DAY_SECONDS) {
    const objects = await store.list(changesDayFolder(table, hourOf(at).dt));
    if (objects.some(({ modifiedMs }) => modifiedMs >= sinceMs)) return true; // breakage: late-objects-are-news
    if (at <= now - AWS_DELIVERY_DELAY_SECONDS) return false;
  }
}

const DAY_SECONDS = 24 * 3600;

async function start(context: TickContext, lake: LakeEntry, plan: TickPlan, attempt: Attempt): Promise<void> {
  const { clients, cleanFunction } = context;
  const execute = async (stateMachineArn: string, input: SnapshotInput | CompactionInput): Promise<void> => {
    const command = new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) });
    await clients.stepFunctions.send(command).catch(failed("Step Functions", "start a state machine"));
  };
  for (const snapshot of plan.snapshots)
    await attempt({ table: snapshot.table }, () => execute(lake.snapshotMachineArn, snapshot));
  for (const table of plan.compactions)
    await attempt({ table }, () => execute(lake.compactionMachineArn, { table }));
  for (const table of plan.vacuums) {
    const event: CleanEvent = { table, vacuum: true };
    await attempt({ table }, () => invoke(context, cleanFunction, event));
  }
  for (const { source, sourceFunction } of plan.looks) {
    const event: SourceEvent = { step: "look" };
    await attempt({ source }, () => invoke(context, sourceFunction, event));
  }
  // What waits is seen by each tick, whatever was done before.
  for (const { table, streamFunction } of plan.feeds)
    await attempt({}, () => invoke(context, streamFunction, { feed: table }));
}

/** Does not wait for its end. */
async function invoke({ lambda }: TickContext, FunctionName: string, event: object): Promise<void> {
  const command = new InvokeCommand({
    FunctionName,
    InvocationType: "Event",
    Payload: JSON.stringify(event),
  });
  await lambda.send(command).catch(failed("Lambda", `run ${FunctionName}`));
}

async function runningSnapshots({ clients, ending }: TickContext, lake: LakeEntry): Promise<number> {
  const command = new ListExecutionsCommand({
    stateMachineArn: lake.snapshotMachineArn,
    statusFilter: "RUNNING",
    maxResults: 10,
  });
  const { executions = [] } = await clients.stepFunctions
    .send(command)
    .catch(failed("Step Functions", "list the running snapshots"));
  return executions.filter(({ executionArn }) => executionArn !== ending).length; // breakage: ending-snapshot-makes-room
}

function failed(service: string, attempt: string): (error: unknown) => never {
  return (error) => {
    throw awsError(error, { service, attempt, otherwise: "ENGINE_FAILED" });
  };
}
