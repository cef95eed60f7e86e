/** The staged rows of a snapshot are counted, and the run that makes the base of them is planned. */

import { planSeedRun } from "../../core/compaction/seed.ts";
import { DynalakeError } from "../../core/error.ts";
import { EXPORT_FUZZ_SECONDS } from "../../core/exports/export-manifest.ts";
import { stagedRowsPath, tallyPath } from "../../core/format/lake-path.ts";
import { itemWireColumns } from "../../core/row/wire-line.ts";
import { emptyWireRows } from "../../core/sql/columns.ts";
import { AWS_DELIVERY_DELAY_SECONDS } from "../aws-policy.ts";
import { readExport } from "../source-export.ts";
import { type SavedPlan, savePlan } from "./saved-plan.ts";
import type { StepContext } from "./step-context.ts";
import { parseTally, type Tally } from "./tally.ts";

export interface PlanSeedRequest {
  readonly run: string;
  readonly exportPrefix: string;
}

/** Full snapshots that a lake keeps for `<table>_snapshots`. */
const SNAPSHOTS_KEPT = 1;

/** What became of the export's items. */
export interface PlannedSeed extends SavedPlan {
  readonly items: number;
  readonly skipped: number;
  readonly quarantined: number;
}

/** Throws EXPORT_INVALID where a file of the export is missing among what was staged. */
export async function planSeed(context: StepContext, request: PlanSeedRequest): Promise<PlannedSeed> {
  const { store, engine, schema } = context;
  const { run } = request;
  const { summary, files } = await readExport(store, request.exportPrefix);
  const sum = { items: 0, skipped: 0, rejected: 0 };
  for (const [index, file] of files.entries()) {
    const tally = await requireTally(context, run, index);
    if (
      tally.itemCount !== file.itemCount ||
      tally.items + tally.skipped + tally.rejected !== file.itemCount
    ) {
      throw new DynalakeError(
        "EXPORT_INVALID",
        `${stagedRowsPath(schema.table, run, index)} does not have the items that the export's manifest lists`,
      );
    }
    sum.items += tally.items;
    sum.skipped += tally.skipped;
    sum.rejected += tally.rejected;
  }
  if (sum.rejected > 0 && sum.items + sum.skipped === 0)
    throw new DynalakeError("EXPORT_INVALID", "no item of the export has the key of the schema");
  const staged =
    sum.items === 0 ? emptyWireRows(engine.dialect, itemWireColumns(schema)) : engine.staged(schema, run);
  const planned = await planSeedRun({
    ...context,
    run,
    staged,
    items: sum.items,
    exportTimeSeconds: summary.exportTimeSeconds,
    cutSeconds: Math.max(0, summary.exportTimeSeconds - EXPORT_FUZZ_SECONDS),
    deliveryDelaySeconds: AWS_DELIVERY_DELAY_SECONDS,
    snapshotsKept: SNAPSHOTS_KEPT,
  });
  const { items, skipped, rejected: quarantined } = sum;
  return { ...(await savePlan(context, planned)), items, skipped, quarantined };
}

async function requireTally({ store, schema }: StepContext, run: string, index: number): Promise<Tally> {
  const path = tallyPath(schema.table, run, index);
  const content = await store.read(path);
  if (content !== undefined) return parseTally(content, path);
  throw new DynalakeError(
    "EXPORT_INVALID",
    `file ${index + 1} of the export was not staged: there is no ${path}`,
  );
}
