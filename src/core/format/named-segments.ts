/** The segments that a manifest names itself: the live ones, and that of a kept snapshot which no object lists. */
export function namedSegments<T>({ segments, snapshots }: Named<T>): readonly T[] {
  return [...segments, ...snapshots.flatMap((snapshot) => snapshot.segments)];
}

/** The segments that a manifest names. */
export interface Named<T> {
  readonly segments: readonly T[];
  readonly snapshots: readonly { readonly segments: readonly T[] }[];
}

interface Written {
  readonly run: string;
}

/** Whether the manifest needs what a run has written. */
export function needsRun(
  { segments, snapshots }: { readonly segments: readonly Written[]; readonly snapshots: readonly Written[] },
  run: string,
): boolean {
  return [...segments, ...snapshots].some((each) => each.run === run);
}
