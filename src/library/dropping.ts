/** Dropping records of a table's quarantine in an open lake. */
import { DynalakeError } from "../core/error.ts";
import { repairTimeSeconds } from "../core/format/manifest.ts";
import type { ObjectStore } from "../core/ports/object-store.ts";
import { namedTable } from "../core/table/chosen-tables.ts";
import { dropQuarantine, planQuarantineDrop } from "../core/table/dropped-quarantine.ts";
import { newRunId, nowSeconds } from "../sdk/new-run-id.ts";
import type { FolderContext } from "./folder-context.ts";

export interface DropOptions {
  /** Only records with this reason. */
  readonly reason?: string;
  /** Nothing is dropped. */
  readonly dryRun?: boolean;
}

export interface DroppedRecords {
  readonly table: string;
  /** By their reason. */
  readonly records: Readonly<Record<string, number>>;
  readonly files: number;
  /** A snapshot taken at this time or later has what they changed; undefined where there is nothing to drop. */
  readonly snapshotAfterSeconds: number | undefined;
}

/** Rejects with USAGE for a reason that no record has. */
export function dropQuarantined(
  { lifetime, store, name }: FolderContext,
  of: string,
  options: DropOptions,
): Promise<DroppedRecords> {
  return lifetime.run(undefined, async () => {
    const { table } = (await namedTable(store, name, of)).schema;
    return dropFrom(store, table, options);
  });
}

/** Drops from the quarantine of a lake table, wherever its lake lies. Rejects with USAGE for a reason that no record has. */
export async function dropFrom(
  store: ObjectStore,
  table: string,
  { reason, dryRun = false }: DropOptions,
): Promise<DroppedRecords> {
  const plan = await planQuarantineDrop(store, table, reason);
  const { paths, records, newestSeconds: lostUntilSeconds } = plan;
  const found = { table, records, files: paths.length };
  if (paths.length === 0) {
    if (reason === undefined) return { ...found, snapshotAfterSeconds: undefined };
    throw new DynalakeError("USAGE", `no record is in quarantine for "${reason}"`, {
      next: "`dynalake quarantine list` shows the reasons.",
    });
  }
  if (!dryRun)
    await dropQuarantine(store, table, plan, { id: `dropped-${newRunId()}`, nowSeconds: nowSeconds() });
  return { ...found, snapshotAfterSeconds: repairTimeSeconds({ lostUntilSeconds }) };
}
