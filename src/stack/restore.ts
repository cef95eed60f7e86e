/** Restores of a deployed lake table: the same as those of a folder, with items that Athena has read. */
import { join } from "node:path";
import type { Deployment } from "../aws/deployment.ts";
import { defined } from "../core/defined.ts";
import { regionOfArn } from "../core/values/region-of-arn.ts";
import type { LakeTable } from "../library/lake.ts";
import {
  plannedRestore,
  type RestoreSource,
  restoreInto,
  verifyRestoredTable,
} from "../library/restoring.ts";
import { plannedRestoreToS3, restoreToS3 } from "../library/restoring-to-s3.ts";
import type { Timing } from "../sdk/timing.ts";
import { connectSource, type SourceConfig } from "../source/source-connection.ts";
import { deployedTable, type OpenedStack } from "./open-stack.ts";
import { unloadedItems } from "./unloaded-rows.ts";

/** A lake table that can be restored from. */
export type RestorableTable = Pick<
  LakeTable,
  "planRestore" | "planRestoreToS3" | "restore" | "restoreToS3" | "verifyRestored"
>;

export interface DeployedRestore {
  /** Where the restored table is. Default: the source's region. */
  readonly config: SourceConfig;
  /** A folder of this machine in which a restore lies until it is done. Absolute. */
  readonly workFolder: string;
  /** The folder that paths are relative to. */
  readonly cwd: string;
  readonly timing: Timing;
  /** Called each time before items are read in Athena, with the time that they are of; where it throws, they are not. */
  readonly beforeReading: (asOfSeconds: number | undefined) => Promise<void>;
}

/** Throws LAKE_NOT_FOUND if there is no data yet. */
export async function restorableTable(
  stack: OpenedStack,
  deployment: Deployment,
  { beforeReading, config, cwd, timing, workFolder }: DeployedRestore,
): Promise<RestorableTable> {
  const { bucket, mappingIds, ownerRole, sourceTableArn, table } = deployment;
  const lake = stack.lakeOf(deployment);
  const there = { ...defined({ region: regionOfArn(sourceTableArn) }), ...config };
  const source: RestoreSource = {
    opened: await deployedTable(lake, table),
    cwd,
    config: there,
    timing,
    connect: async () => connectSource(there),
    withLake: (_, use) =>
      use({
        store: lake.store,
        mappingIds,
        ...defined({ sourceArn: ownerRole && sourceTableArn }),
        // Lakes in several buckets may have tables of the same name.
        workFolder: join(workFolder, bucket),
        items: async function* (opened, asOfSeconds) {
          await beforeReading(asOfSeconds); // breakage: restores-ask-before-they-read
          yield* unloadedItems(stack, lake, opened, asOfSeconds);
        },
      }),
  };
  const { signal } = stack;
  return {
    planRestore: (options) => plannedRestore(source, options, signal),
    planRestoreToS3: (options) => plannedRestoreToS3(source, options, signal),
    restore: (options) => restoreInto(source, options, signal),
    restoreToS3: (options) => restoreToS3(source, options, signal),
    verifyRestored: (options) => verifyRestoredTable(source, options, signal),
  };
}
