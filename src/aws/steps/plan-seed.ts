/** The staged rows of a snapshot are counted, and the run that makes the base of them is planned. */

import { planSeed } from "../../core/compaction/seed.ts";
import type { StagedSplits } from "../../core/compaction/seed-stages.ts";
import { DynalakeError } from "../../core/error.ts";
import { EXPORT_FUZZ_SECONDS } from "../../core/exports/export-manifest.ts";
import { stagedRowsPath, tallyPath } from "../../core/format/lake-path.ts";
import { itemWireColumns } from "../../core/row/wire-line.ts";
import { withEarlierColumns } from "../../core/schema/earlier-columns.ts";
import type { Schema } from "../../core/schema/schema.ts";
import { emptyWireRows } from "../../core/sql/typed-columns.ts";
import { readLakeFile } from "../../core/table/stored-file.ts";
import { AWS_DELIVERY_DELAY_SECONDS } from "../aws-policy.ts";
import { type PlannedSeed, type PlanSeedEvent, RUNS_MAX } from "../contracts/steps.ts";
import { readExport } from "../source-export.ts";
import { savePlan } from "./saved-plan.ts";
import type { StepContext } from "./step-context.ts";
import { type Tally, tallyFile } from "./tally.ts";

/** Throws EXPORT_INVALID where a file of the export is missing among what was staged. */
export async function planSeedStep(context: StepContext, request: PlanSeedEvent): Promise<PlannedSeed> {
  const { entry, store, engine, newRunId, nowSeconds, opened } = context;
  const { manifest, schema } = opened;
  const { failedRuns = 0, run } = request;
  const { summary, files } = await readExport(store, request.exportPrefix);
  const sum = { items: 0, skipped: 0, rejected: 0 };
  const splits = new Set<number>();
  const tallies = await allTallies(context, run, files.length);
  for (const [index, file] of files.entries()) {
    const tally = tallies[index] as Tally;
    if (tally.failure !== undefined) throw new DynalakeError(tally.failure.code, tally.failure.message);
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
    splits.add(tally.splits ?? 1);
  }
  if (sum.rejected > 0 && sum.items + sum.skipped === 0)
    throw new DynalakeError("EXPORT_INVALID", "no item of the export has the key of the schema");
  // A commit may have changed columns while the files of the export were read, each by a function of its own.
  const written = withEarlierColumns(schema);
  const staged =
    sum.items === 0 ? emptyWireRows(engine.dialect, itemWireColumns(written)) : engine.staged(written, run);
  const { items, skipped, rejected: quarantined } = sum;
  const { exportTimeSeconds } = summary;
  const seeding = {
    engine,
    schema,
    // What is staged is read again, and written to other folders.
    run: failedRuns === 0 ? run : newRunId(), // breakage: failed-runs-are-not-repeated
    staged,
    stagedBy: "several" as const,
    ...(sum.items === 0 ? {} : stagedSplits(context, written, run, [...splits])),
    items,
    exportTimeSeconds,
    cutSeconds: Math.max(0, exportTimeSeconds - EXPORT_FUZZ_SECONDS),
    deliveryDelaySeconds: AWS_DELIVERY_DELAY_SECONDS,
    snapshotsKept: entry.snapshotsKept, // breakage: deployed-retention-is-committed
    nowSeconds,
  };
  const plan = await planSeed(seeding, manifest);
  const again = { ...request, failedRuns: failedRuns + 1 };
  const saved = await savePlan(context, plan);
  return { ...saved, items, skipped, quarantined, ...(again.failedRuns < RUNS_MAX ? { again } : {}) };
}

/** Files that were staged by two versions of the function, into different splits, are all read by each statement. */
function stagedSplits(
  { engine }: StepContext,
  written: Schema,
  run: string,
  counts: readonly number[],
): { readonly splits?: StagedSplits } {
  const [count = 1, other] = counts;
  if (count === 1 || other !== undefined) return {};
  return { splits: { count, relation: (splits) => engine.staged(written, run, splits) } };
}

/** Read many at a time: one after the other, those of 50,000 files would take longer than the function may run. */
const TALLIES_AT_ONCE = 50;

async function allTallies(context: StepContext, run: string, files: number): Promise<readonly Tally[]> {
  const all: Tally[] = [];
  while (all.length < files) {
    const indexes = Array.from(
      { length: Math.min(TALLIES_AT_ONCE, files - all.length) },
      (_, i) => all.length + i,
    );
    all.push(...(await Promise.all(indexes.map((index) => requireTally(context, run, index)))));
  }
  return all;
}

async function requireTally({ store, opened }: StepContext, run: string, index: number): Promise<Tally> {
  const path = tallyPath(opened.schema.table, run, index);
  const tally = await readLakeFile(store, tallyFile, path);
  if (tally !== undefined) return tally; // breakage: unstaged-files-fail
  throw new DynalakeError(
    "EXPORT_INVALID",
    `file ${index + 1} of the export was not staged: there is no ${path}`,
  );
}
