/** The snapshots that a table keeps, for people. */
import { counted } from "../../core/counted.ts";
import { timeText } from "../../core/time-text.ts";
import type { SnapshotsKept, TableStatus } from "../../index.ts";

type Line = readonly [name: string, value: string];

const LISTED_MAX = 10;

/** Nothing where people never asked for more than the last one. */
export function keptLines({ keptSnapshots }: TableStatus): readonly Line[] {
  const { keep, snapshots, unmasked } = keptSnapshots;
  if (keep === 1 && snapshots.length < 2) return [];
  const bytes = snapshots.reduce((sum, each) => sum + each.bytes, 0);
  const newest = snapshots.toReversed();
  const listed = newest.slice(0, LISTED_MAX).map(({ exportTimeSeconds, items }): Line => {
    const time = exportTimeSeconds === 0 ? "an unknown time" : timeText(exportTimeSeconds);
    return ["", `${time}  ${counted(items, "item")}`];
  });
  const more = snapshots.length - listed.length;
  return [
    ["snapshots", `${counted(snapshots.length, "snapshot")}, ${counted(bytes, "byte")}; ${keptText(keep)}`],
    ...listed,
    ...(more > 0 ? [["", `and ${counted(more, "older one")}; --json lists all`] as const] : []),
    ...unmasked.map(({ attribute, snapshots: count }): Line => {
      const where = counted(count, "older snapshot");
      return ["masked", `${attribute} is NULL in ${where}, whose files still hold it unmasked`];
    }),
  ];
}

function keptText(keep: SnapshotsKept): string {
  if (keep === "all") return "keeps all";
  if (typeof keep === "number") return keep === 1 ? "keeps the last one" : `keeps the last ${keep}`;
  const days = keep.seconds / 86_400;
  return Number.isInteger(days)
    ? `keeps ${counted(days, "day")}`
    : `keeps ${counted(keep.seconds, "second")}`;
}
