/** A trial leaves nothing behind, however it ends. */

/** Does something, and then tries each of the removals, whatever failed before. Throws the first failure, which explains the others. */
export async function thenRemoved<Result>(
  trial: () => Promise<Result>,
  removals: readonly (() => Promise<void>)[],
): Promise<Result> {
  const [tried] = await Promise.allSettled([trial()]);
  const failures: unknown[] = tried.status === "rejected" ? [tried.reason] : [];
  for (const remove of removals) {
    try {
      await remove();
    } catch (error) {
      failures.push(error); // breakage: each-removal-is-tried
    }
  }
  if (tried.status === "rejected" || failures.length > 0) throw failures[0];
  return tried.value;
}
