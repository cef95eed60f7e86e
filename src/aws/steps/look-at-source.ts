/** A source's stream is checked for each of its lake tables, and what waits for a person is counted. */
import type { LambdaClient } from "@aws-sdk/client-lambda";
import { DynalakeError } from "../../core/error.ts";
import { failedBatchesFolder } from "../../core/format/lake-path.ts";
import type { NamedGap, Sighting } from "../../core/table/gap.ts";
import type { SourceMetric } from "../contracts/metrics.ts";
import type { SourceEntry } from "../contracts/registry.ts";
import { openDeployedTable } from "../lake-schema.ts";
import { type DeployedTable, deployedTablesOf } from "../registry.ts";
import { sightStream } from "../stream-sighting.ts";
import { type LakeHealth, lakeHealth } from "./lake-health.ts";
import type { LakeContext } from "./step-context.ts";
import { watchStream } from "./watch-stream.ts";

export interface LookedAtSource {
  readonly metrics: Readonly<Record<SourceMetric, number>>;
  readonly tables: readonly LookedAtTable[];
  /** Checks that failed: the next look finds what this one missed. */
  readonly failures: readonly DynalakeError[];
}

export interface LookedAtTable {
  readonly table: string;
  readonly health: LakeHealth;
  readonly gaps: readonly NamedGap[];
  readonly unreadSeconds: number;
}

/** One table that cannot be checked does not keep the others from it. */
export async function lookAtSource(
  lake: LakeContext & { readonly lambda: LambdaClient },
  entry: SourceEntry,
): Promise<LookedAtSource> {
  const tables: LookedAtTable[] = [];
  const failures: DynalakeError[] = [];
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof DynalakeError)) throw error;
      failures.push(error);
    }
  };
  await attempt(async () => {
    const { eventSourceMapping: mappingId, ownerRole, sourceTableArn } = entry;
    const { clients, lambda } = lake;
    const seen = await sightStream({ lambda, dynamodb: clients.dynamodb, sourceTableArn, mappingId });
    const sighting = ownerRole === undefined ? seen : { ...seen, isForeign: true as const };
    for (const deployed of await deployedTablesOf(lake.store, entry.source))
      await attempt(async () => void tables.push(await lookAtTable(lake, deployed, sighting)));
  });
  const failedBatches = await lake.store.list(failedBatchesFolder(entry.eventSourceMapping));
  const metrics = {
    FailedLooks: failures.length,
    StreamUnreadSeconds: Math.max(0, ...tables.map(({ unreadSeconds }) => unreadSeconds)),
    OnFailureObjects: failedBatches.length, // breakage: failed-batches-measured
  };
  return { metrics, tables, failures };
}

async function lookAtTable(
  lake: LakeContext,
  { entry, schema, table }: DeployedTable,
  sighting: Sighting,
): Promise<LookedAtTable> {
  const opened = await openDeployedTable(lake.store, schema);
  const { gaps, unreadSeconds } = await watchStream({ ...lake, opened, entry }, sighting);
  return { table, gaps, unreadSeconds, health: await lakeHealth(lake.store, opened) };
}
