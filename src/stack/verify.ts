/** Verifies a deployed lake table against its source table while both change. */
import { tmpdir } from "node:os";
import { athenaRows } from "../aws/athena-items.ts";
import { deliveredWithinSeconds } from "../aws/aws-policy.ts";
import type { Deployment } from "../aws/deployment.ts";
import { defined } from "../core/defined.ts";
import { regionOfArn } from "../core/values/region-of-arn.ts";
import { comparedTogether, type Sharing } from "../core/verify/shared-scan.ts";
import { verifiedLake } from "../core/verify/verified-lake.ts";
import { type VerifyProgress, verify } from "../core/verify/verify.ts";
import { timedDeliveries } from "../core/verify/verify-deliveries.ts";
import { verifyReport } from "../core/verify/verify-report.ts";
import { withScratch } from "../files/verify-scratch.ts";
import { verificationOf } from "../library/reported.ts";
import type { Verification } from "../library/reports.ts";
import type { Timing } from "../sdk/timing.ts";
import { liveSettling } from "../source/live-settling.ts";
import type { ReadLimits } from "../source/read-pace.ts";
import { connectSource, type SourceConfig } from "../source/source-connection.ts";
import { batchGetOf, verifiedTable } from "../source/verified-table.ts";
import { deployedTable, type OpenedStack } from "./open-stack.ts";

export interface DeployedVerify extends ReadLimits {
  readonly config: SourceConfig;
  /** How long a difference gets to settle. Default: what the deployment's buffers need. */
  readonly settleSeconds?: number;
  readonly namedMax: number;
  /** Where the scan of the source is shared with other comparisons. */
  readonly sharing?: Sharing;
  readonly timing: Timing;
  readonly onProgress: (progress: VerifyProgress) => void;
}

/** Keys of one statement: Athena takes 256 KB of text. */
const CANDIDATES_MAX = 2_000;

interface DeployedVerifies extends Omit<DeployedVerify, "sharing" | "onProgress"> {
  readonly onProgress: (table: string, progress: VerifyProgress) => void;
}

/** Compares deployed tables with their sources, those of one source with one scan. */
export function verifyDeployments(
  stack: OpenedStack,
  deployments: readonly Deployment[],
  options: DeployedVerifies,
): AsyncIterable<Verification> {
  return comparedTogether(
    deployments,
    ({ sourceTableArn }) => sourceTableArn,
    (deployment, sharing, isFirst) =>
      verifyDeployment(stack, deployment, {
        ...options,
        sharing,
        // The reading of the source is one for all of them.
        onProgress: (progress) => {
          if (isFirst || progress.step !== "source") options.onProgress(deployment.table, progress);
        },
      }),
  );
}

/** How far a deployment's delivery is cannot be seen: differences get time instead. */
export async function verifyDeployment(
  stack: OpenedStack,
  deployment: Deployment,
  options: DeployedVerify,
): Promise<Verification> {
  const { config, settleSeconds, namedMax, timing, onProgress, readShare, readUnitsPerSecond } = options;
  const { store, engine } = stack.lakeOf(deployment);
  const { signal } = stack;
  const opened = await deployedTable({ store }, deployment.table);
  const { schema } = opened;
  const region = regionOfArn(deployment.sourceTableArn);
  const connection = connectSource({ ...defined({ region }), ...config });
  try {
    const tableArn = deployment.ownerRole === undefined ? undefined : deployment.sourceTableArn;
    const table = verifiedTable(
      { ...connection, batchGet: batchGetOf(connection) },
      { schema, signal, ...defined({ readShare, readUnitsPerSecond, tableArn }) },
      timing,
    );
    const source = options.sharing?.(table) ?? table;
    const lake = verifiedLake({ store, engine }, opened, (sql, of) => athenaRows(engine, sql, of));
    const delaySeconds = settleSeconds ?? deliveredWithinSeconds(deployment.bufferSeconds);
    const settle = liveSettling({
      schema,
      source,
      lake,
      deliveries: timedDeliveries,
      // A key that was changed meanwhile gets a second chance.
      settleSeconds: 2 * delaySeconds,
      delaySeconds,
      timing,
      signal,
    });
    const verification = await withScratch(tmpdir(), (scratch) =>
      verify({ schema, source, lake, settle, scratch, candidatesMax: CANDIDATES_MAX, namedMax, onProgress }),
    );
    const { mappingIds } = deployment;
    return verificationOf(await verifyReport({ store, mappingIds }, schema, verification));
  } finally {
    connection.close();
  }
}
