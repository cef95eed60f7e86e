/** Dropping records of the quarantine for good: their changes are then a gap, until a later snapshot. */
import { counted, grouped } from "../counted.ts";
import { quarantineFolder, quarantineReason } from "../format/lake-path.ts";
import type { Gap } from "../format/manifest.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { recordGap } from "./recorded-gaps.ts";

/** What would be dropped. */
export interface QuarantineDrop {
  /** The objects that hold the records. */
  readonly paths: readonly string[];
  /** Records by their reason. */
  readonly records: Readonly<Record<string, number>>;
  /** No change of them is newer: 0 for none. */
  readonly newestSeconds: number;
}

/** Plans the drop of all records, or of those with a reason. Those that arrive later stay. */
export async function planQuarantineDrop(
  store: ObjectStore,
  table: string,
  reason: string | undefined,
): Promise<QuarantineDrop> {
  const paths: string[] = [];
  const records: Record<string, number> = {};
  let newestSeconds = 0;
  for (const { path, modifiedMs } of await store.list(quarantineFolder(table))) {
    const own = quarantineReason(path);
    if (own === undefined || (reason !== undefined && own !== reason)) continue;
    const content = await store.read(path);
    if (content === undefined) continue;
    paths.push(path);
    records[own] = (records[own] ?? 0) + linesIn(content);
    // The file is written after the record has arrived, which is after its change.
    newestSeconds = Math.max(newestSeconds, Math.ceil(modifiedMs / 1000));
  }
  return { paths, records, newestSeconds };
}

/** Drops what was planned, and returns the gap that it leaves. `id` makes the gap unique. */
export async function dropQuarantine(
  store: ObjectStore,
  table: string,
  { paths, records, newestSeconds }: QuarantineDrop,
  { id, nowSeconds }: { readonly id: string; readonly nowSeconds: number },
): Promise<Gap> {
  const gap: Gap = {
    reason: "dropped",
    detail: `${droppedText(records)} dropped from quarantine`,
    foundAtSeconds: nowSeconds,
    lostUntilSeconds: newestSeconds,
  };
  // Before the records are gone: a lake that lacks them never looks whole.
  await recordGap(store, table, id, gap); // breakage: dropped-records-are-a-gap
  await store.remove(paths);
  return gap;
}

function droppedText(records: QuarantineDrop["records"]): string {
  const all = Object.values(records).reduce((sum, count) => sum + count, 0);
  const reasons = Object.entries(records).map(([reason, count]) => `${grouped(count)} ${reason}`);
  return `${counted(all, "record")} (${reasons.join(", ")}) ${all === 1 ? "was" : "were"}`;
}

function linesIn(content: Uint8Array): number {
  return new TextDecoder()
    .decode(content)
    .split("\n")
    .filter((line) => line !== "").length;
}
