/** How many full snapshots a table keeps for `<table>_snapshots`. */

/** A number of snapshots, all of them, or those that are not older than the newest one by more than this. The newest always stays. */
export type SnapshotsKept = number | "all" | { readonly seconds: number };

/** Of a table whose people never said. */
export const DEFAULT_SNAPSHOTS_KEPT = 1;

/** Those of the snapshots, in the order of their times, that stay. */
export function keptOf<T extends { readonly exportTimeSeconds: number }>(
  snapshots: readonly T[],
  kept: SnapshotsKept,
): readonly T[] {
  if (kept === "all") return snapshots;
  if (typeof kept === "number") return snapshots.slice(-kept);
  const newestSeconds = snapshots.at(-1)?.exportTimeSeconds ?? 0;
  // breakage: kept-by-age
  return snapshots.filter(({ exportTimeSeconds }) => newestSeconds - exportTimeSeconds <= kept.seconds);
}
