/** The first step of every execution: it may work on its table, or another one does. */
import { DescribeExecutionCommand, type SFNClient } from "@aws-sdk/client-sfn";
import { EXPORT_FUZZ_SECONDS } from "../../core/exports/export-manifest.ts";
import { latestManifest } from "../../core/table/commits.ts";
import { takeLock } from "../../core/table/run-lock.ts";
import { awsError, failureName } from "../../sdk/aws-error.ts";
import { EARLY_SECONDS, PARTS_AT_ONCE } from "../contracts/machines.ts";
import type { BeginRunEvent, BegunRun, BegunSnapshot } from "../contracts/steps.ts";
import { type DeployedTable, deployedTablesOf, requireDeployedTable, requireSource } from "../registry.ts";
import type { LakeContext } from "./step-context.ts";

export async function beginRun(context: LakeContext, event: BeginRunEvent): Promise<BegunRun> {
  const table = await requireDeployedTable(context.store, event.table);
  if (event.kind === "compaction") return { go: (await locked(context, event)) ? "compact" : "no" };
  return beginSnapshot(context, event, table);
}

async function beginSnapshot(
  context: LakeContext,
  event: BeginRunEvent,
  { entry, table }: DeployedTable,
): Promise<BegunRun> {
  const { store } = context;
  const { first = false, staged } = event;
  const { snapshotPartFunction, sourceFunction, ...configured } = await requireSource(store, entry.source);
  const partsAtOnce = event.partsAtOnce || (configured.partsAtOnce ?? PARTS_AT_ONCE);
  const foreign = configured.ownerRole === undefined ? {} : { isForeign: true as const };
  const reading = { snapshotPartFunction, sourceFunction, partsAtOnce, ...foreign };
  const hasLock = await locked(context, event, staged?.execution);
  // What was staged for it is used, and a snapshot that is asked for by hand is taken, also while another execution works.
  if (staged !== undefined) return { go: "seed", tables: staged.tables, others: [], ...reading };
  if (first && (!hasLock || !(await awaitsFirst(context, entry, table)))) return { go: "no" };
  const others = await alongWith(context, event, entry.source);
  return { go: "export", tables: [table, ...others], others, ...reading } satisfies BegunSnapshot;
}

/** The tables of the same source for which a snapshot is due, too: one export is for all of them. */
async function alongWith(
  context: LakeContext,
  event: BeginRunEvent,
  source: string,
): Promise<readonly string[]> {
  const along: string[] = [];
  for (const { entry, table } of await deployedTablesOf(context.store, source)) {
    if (table === event.table || !(await isDue(context, entry, table))) continue;
    if (await locked(context, { ...event, table })) along.push(table);
  }
  return along;
}

/** Whether the table has no snapshot, or its newest one is older than it may get. */
async function isDue(context: LakeContext, entry: DeployedTable["entry"], table: string): Promise<boolean> {
  const newest = (await latestManifest(context.store, table)).snapshots.at(-1);
  if (newest === undefined) return awaitsFirst(context, entry, table);
  const { snapshotEverySeconds: every } = entry;
  // What the tick that started the execution has found to be due, too.
  // breakage: due-as-the-tick-sees-it
  return every !== undefined && context.nowSeconds() >= newest.exportTimeSeconds + every - EARLY_SECONDS;
}

/**
 * A table without a snapshot, whose changes are delivered by now as long as an export's cut is fuzzy: what was changed before,
 * the export shows.
 */
async function awaitsFirst(
  { store, nowSeconds }: LakeContext,
  { served }: Pick<DeployedTable["entry"], "served">,
  table: string,
): Promise<boolean> {
  const fromSeconds = served.at(-1)?.fromSeconds ?? 0;
  // breakage: first-snapshot-waits-until-served
  if (nowSeconds() < fromSeconds + EXPORT_FUZZ_SECONDS) return false;
  return (await latestManifest(store, table)).snapshots.length === 0;
}

/** `before` is the execution that leaves its lock to this one. */
function locked(
  { clients, store }: LakeContext,
  { execution, kind, table }: BeginRunEvent,
  before?: string,
): Promise<boolean> {
  const isRunning = async (other: string): Promise<boolean> =>
    other !== before && isAtWork(clients.stepFunctions, other);
  return takeLock(store, { table, kind, execution, isRunning });
}

async function isAtWork(client: SFNClient, executionArn: string): Promise<boolean> {
  try {
    const { status } = await client.send(new DescribeExecutionCommand({ executionArn }));
    return status === "RUNNING" || status === "PENDING_REDRIVE";
  } catch (error) {
    // Step Functions forgets executions after 90 days.
    if (failureName(error) === "ExecutionDoesNotExist") return false;
    const attempt = "describe the execution that has the lock";
    throw awsError(error, { service: "Step Functions", attempt, otherwise: "ENGINE_FAILED" });
  }
}
