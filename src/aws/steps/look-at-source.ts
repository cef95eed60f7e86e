/** A source's stream is checked for each of its lake tables, and what waits for a person is counted. */
import type { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import type { LambdaClient } from "@aws-sdk/client-lambda";
import { DynalakeError } from "../../core/error.ts";
import { deployedMoments } from "../../core/status/tables-view.ts";
import { failedBatchesOf, type Wholeness, wholenessOf } from "../../core/status/wholeness.ts";
import type { NamedGap } from "../../core/table/gap.ts";
import type { OpenTable } from "../../core/table/open-table.ts";
import type { RecordAge, Sighting } from "../../core/table/stream-look.ts";
import type { SourceMetric, TableMetric } from "../contracts/metrics.ts";
import type { SourceEntry } from "../contracts/registry.ts";
import { iteratorAges } from "../iterator-age.ts";
import { unshownValues } from "../known-drift.ts";
import { openDeployedTable } from "../lake-schema.ts";
import { type DeployedTable, deployedTablesOf, mappingIdsOf } from "../registry.ts";
import { sightStream } from "../stream-sighting.ts";
import { refreshMoments } from "../tables-view.ts";
import { healthOf, type LakeHealth } from "./lake-health.ts";
import type { LakeContext } from "./step-context.ts";
import { watchStream } from "./watch-stream.ts";

const HOUR_SECONDS = 3600;

export interface LookContext extends LakeContext {
  readonly lambda: LambdaClient;
  readonly cloudWatch: CloudWatchClient;
}

export interface LookedAtSource {
  readonly metrics: Readonly<Record<SourceMetric, number>>;
  readonly tables: readonly LookedAtTable[];
  /** Checks that failed: the next look finds what this one missed. */
  readonly failures: readonly DynalakeError[];
}

export type LookedHealth = LakeHealth & Readonly<Record<Extract<TableMetric, "HiddenValues">, number>>;

export interface LookedAtTable {
  readonly table: string;
  readonly health: LookedHealth;
  readonly gaps: readonly NamedGap[];
  readonly unreadSeconds: number;
}

/** One table that cannot be checked does not keep the others from it. */
export async function lookAtSource(lake: LookContext, entry: SourceEntry): Promise<LookedAtSource> {
  const tables: LookedAtTable[] = [];
  const failures: DynalakeError[] = [];
  const attempt = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof DynalakeError)) throw error;
      failures.push(error);
      return undefined;
    }
  };
  const { eventSourceMapping: mappingId, ownerRole, sourceTableArn, streamFunction } = entry;
  const batches = await attempt(() => failedBatchesOf(lake.store, mappingIdsOf(entry))); // breakage: failed-listings-end-no-look
  const failedBatches = batches?.length;
  // What was put aside was read, and did not get anywhere.
  // breakage: who-puts-aside-has-not-caught-up
  const read = failedBatches === 0 ? await attempt(() => agesOfLastHour(lake, streamFunction)) : undefined;
  await attempt(async () => {
    const { clients, lambda } = lake;
    const { dynamodb } = clients;
    const seen = await sightStream({
      ...{ lambda, dynamodb, sourceTableArn, mappingId },
      recordAges: read ?? [],
    });
    const sighting = ownerRole === undefined ? seen : { ...seen, isForeign: true as const };
    for (const deployed of await deployedTablesOf(lake.store, entry.source))
      await attempt(async () => {
        const opened = await openDeployedTable(lake.store, deployed.schema);
        const { looked, own } = await lookAtTable(lake, deployed, { opened, sighting });
        tables.push(looked);
        // Without the batches, a table might seem whole that is not.
        if (failedBatches === undefined) return;
        const whole = { ...own, undelivered: { ...own.undelivered, failedBatches } };
        // A gap is shown where people look, also while nothing is compacted.
        const moments = await deployedMoments(lake.store, opened, whole);
        await refreshMoments(lake.engine.catalog, moments, opened.manifest.sequence); // breakage: looks-tell-gaps
      });
  });
  const metrics = {
    FailedLooks: failures.length,
    StreamUnreadSeconds: Math.max(0, ...tables.map(({ unreadSeconds }) => unreadSeconds)),
    OnFailureObjects: failedBatches ?? 0, // breakage: failed-batches-measured
  };
  return { metrics, tables, failures };
}

function agesOfLastHour(
  { cloudWatch, nowSeconds }: LookContext,
  functionName: string,
): Promise<readonly RecordAge[]> {
  const untilSeconds = nowSeconds();
  return iteratorAges(cloudWatch, { functionName, sinceSeconds: untilSeconds - HOUR_SECONDS, untilSeconds });
}

interface LookingAtTable {
  readonly opened: OpenTable;
  readonly sighting: Sighting;
}

async function lookAtTable(
  lake: LakeContext,
  { entry, table }: DeployedTable,
  { opened, sighting }: LookingAtTable,
): Promise<{ readonly looked: LookedAtTable; readonly own: Wholeness }> {
  const { gaps, unreadSeconds } = await watchStream({ ...lake, opened, entry }, sighting);
  const own = await wholenessOf(lake, opened.manifest, table);
  const health = { ...healthOf(own), HiddenValues: await unshownValues(lake.store, opened) };
  return { looked: { table, gaps, unreadSeconds, health }, own };
}
