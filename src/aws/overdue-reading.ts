/** Records a gap for changes that may have left the stream before overdue records. */
import { recordedTime } from "../core/change/change.ts";
import type { Gap } from "../core/format/manifest.ts";
import type { ObjectStore } from "../core/ports/object-store.ts";
import { latestManifest } from "../core/table/commits.ts";
import { type ArrivedRecord, gapOfOverdueReading, isOverdueReading } from "../core/table/gap.ts";
import { recordGrowingGap } from "../core/table/recorded-gaps.ts";
import { readStreamWatch } from "../core/table/stream-watch.ts";

export interface OverdueReadingContext {
  readonly store: ObjectStore;
  readonly table: string;
  /** That of the table by which it gets the records. */
  readonly configuration: string | undefined;
  readonly nowSeconds: () => number;
}

/**
 * Returns a function to call with every batch of the stream. It returns the gap that it recorded, if any. Batches that are
 * read in time cost nothing, and a gap is not recorded again for each of many batches.
 */
export function overdueReading(
  context: OverdueReadingContext,
): (records: readonly unknown[]) => Promise<Gap | undefined> {
  const { configuration, store, table } = context;
  let notedUntilSeconds = 0;
  return async (records) => {
    const nowSeconds = context.nowSeconds();
    const overdue = records
      .flatMap((record) => arrived(record, configuration))
      .find((record) => isOverdueReading(record.changedAtSeconds, nowSeconds));
    if (overdue === undefined) return undefined;
    const [manifest, watch] = [await latestManifest(store, table), await readStreamWatch(store, table)];
    const found = gapOfOverdueReading(manifest, watch, overdue, nowSeconds);
    if (found === undefined || found.gap.lostUntilSeconds <= notedUntilSeconds) return undefined;
    await recordGrowingGap(store, table, found.id, found.gap);
    notedUntilSeconds = found.gap.lostUntilSeconds;
    return found.gap;
  };
}

function arrived(record: unknown, configuration: string | undefined): readonly ArrivedRecord[] {
  const changedAtSeconds = recordedTime(record);
  if (changedAtSeconds === undefined) return [];
  const { eventSourceARN: arn } = record as { readonly eventSourceARN?: unknown };
  return [{ changedAtSeconds, configuration, streamArn: typeof arn === "string" ? arn : undefined }];
}
