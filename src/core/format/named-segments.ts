/** All segments that a manifest needs: the live ones, and those of kept snapshots. */
export function namedSegments<T>({ segments, snapshots }: Named<T>): readonly T[] {
  return [...segments, ...snapshots.flatMap((snapshot) => snapshot.segments)];
}

/** The segments that a manifest names. */
export interface Named<T> {
  readonly segments: readonly T[];
  readonly snapshots: readonly { readonly segments: readonly T[] }[];
}
