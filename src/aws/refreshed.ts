/** Caches what `make` returns until `seconds` after it was begun: what came meanwhile it may not have seen. Failures are not cached. */
export function refreshed<T>(
  seconds: number,
  nowSeconds: () => number,
  make: () => Promise<T>,
): () => Promise<T> {
  let made: { readonly value: T; readonly atSeconds: number } | undefined;
  return async () => {
    const atSeconds = nowSeconds();
    // breakage: refreshed-since-its-beginning
    if (made === undefined || atSeconds - made.atSeconds >= seconds)
      made = { atSeconds, value: await make() };
    return made.value;
  };
}
