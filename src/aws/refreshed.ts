/** Caches what `make` returns for `seconds`. Failures are not cached. */
export function refreshed<T>(
  seconds: number,
  nowSeconds: () => number,
  make: () => Promise<T>,
): () => Promise<T> {
  let made: { readonly value: T; readonly atSeconds: number } | undefined;
  return async () => {
    if (made === undefined || nowSeconds() - made.atSeconds >= seconds)
      made = { value: await make(), atSeconds: nowSeconds() };
    return made.value;
  };
}
