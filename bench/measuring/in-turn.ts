/** Jobs that are compared run in turn, so that whatever slows the machine down meets all of them. */

/** So many results of each job. A first round warms caches and compilers and is not counted. */
export async function inTurn<Job extends string, Result>(
  jobs: Readonly<Record<Job, () => Promise<Result>>>,
  rounds: number,
): Promise<Readonly<Record<Job, readonly Result[]>>> {
  const names = Object.keys(jobs) as Job[];
  const results = Object.fromEntries(names.map((name) => [name, [] as Result[]])) as Record<Job, Result[]>;
  for (let round = 0; round <= rounds; round++)
    for (const name of names) {
      const result = await jobs[name]();
      if (round > 0) results[name].push(result);
    }
  return results;
}
