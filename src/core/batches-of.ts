/** A list in pieces of at most so many, in order: what one call or one statement takes. */
export function batchesOf<T>(all: readonly T[], max: number): readonly (readonly T[])[] {
  const batches: (readonly T[])[] = [];
  for (let at = 0; at < all.length; at += max) batches.push(all.slice(at, at + max));
  return batches;
}
