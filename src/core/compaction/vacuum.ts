/** Removes what no manifest of the retention window names. */
import { batchesOf } from "../batches-of.ts";
import {
  manifestPath,
  runOfPath,
  segmentOfPath,
  segmentsFolder,
  snapshotsFolder,
  stagingFolder,
} from "../format/lake-path.ts";
import type { Manifest } from "../format/manifest.ts";
import type { ObjectStore, StoredObject } from "../ports/object-store.ts";
import { manifestSequences, readManifest } from "../table/commits.ts";

export interface RetentionPolicy {
  /** Manifests, and with them `--as-of`, are kept for so long, and as long as `graceSeconds` says. */
  readonly retentionSeconds: number;
  /**
   * Files younger than this may belong to a run that is still under way. So may the numbers of manifests that were replaced
   * since: such a run would take a freed number for the next one, and its commit, behind the newest, would not count.
   */
  readonly graceSeconds: number;
}

export const DEFAULT_RETENTION: RetentionPolicy = {
  retentionSeconds: 7 * 24 * 3600,
  graceSeconds: 24 * 3600,
};

export interface VacuumResult {
  readonly manifests: number;
  readonly files: number;
  readonly bytes: number;
}

/** What a vacuum removes. */
export interface VacuumPlan {
  /** Their paths. */
  readonly manifests: readonly string[];
  readonly files: readonly StoredObject[];
}

/** Removes old manifests first, then the files that only they named, then the remains of runs that never committed. */
export async function vacuum(
  store: ObjectStore,
  table: string,
  policy: RetentionPolicy,
  nowSeconds: number,
): Promise<VacuumResult> {
  const plan = await planVacuum(store, table, policy, nowSeconds);
  await store.remove(plan.manifests);
  await store.remove(plan.files.map((file) => file.path));
  return vacuumed(plan);
}

/** What the plan removes, in numbers. */
export function vacuumed({ files, manifests }: VacuumPlan): VacuumResult {
  return {
    manifests: manifests.length,
    files: files.length,
    bytes: files.reduce((bytes, file) => bytes + file.bytes, 0),
  };
}

/** Only reads. */
export async function planVacuum(
  store: ObjectStore,
  table: string,
  policy: RetentionPolicy,
  nowSeconds: number,
): Promise<VacuumPlan> {
  // Before the manifests are read: files of a run that commits in between are named by then.
  const folders = [segmentsFolder(table), snapshotsFolder(table), stagingFolder(table)];
  const files: StoredObject[] = [];
  // As the arguments of one call, hundreds of thousands would overflow the stack.
  // breakage: files-one-after-the-other
  for (const folder of folders) for (const file of await store.list(folder)) files.push(file);
  // breakage: commit-numbers-get-grace
  const keptSeconds = Math.max(policy.retentionSeconds, policy.graceSeconds);
  const { expired, named } = await readWindow(store, table, nowSeconds - keptSeconds);
  return {
    manifests: expired.map((sequence) => manifestPath(table, sequence)),
    // breakage: unnamed-files-get-grace
    files: unnamedFiles(table, files, named, nowSeconds - policy.graceSeconds),
  };
}

/** What the manifests of the window name. */
interface Named {
  /** `<run>/<part>`. */
  readonly files: Set<string>;
  /** Those of kept snapshots. */
  readonly runs: Set<string>;
}

interface Window {
  /** The numbers of the manifests before it. */
  readonly expired: readonly number[];
  readonly named: Named;
}

const READ_AT_ONCE_MAX = 32;

/**
 * A manifest is needed until its successor is older than the window: at any time in the window it was the newest. A year of them
 * does not fit into memory, and what they name is mostly the same.
 */
async function readWindow(store: ObjectStore, table: string, windowStartSeconds: number): Promise<Window> {
  const expired: number[] = [];
  const named: Named = { files: new Set(), runs: new Set() };
  let before: Manifest | undefined;
  let hasBegun = false;
  for (const batch of batchesOf(await manifestSequences(store, table), READ_AT_ONCE_MAX)) {
    const manifests = await Promise.all(batch.map((sequence) => readManifest(store, table, sequence)));
    for (const manifest of manifests) {
      if (manifest === undefined) continue;
      if (before !== undefined) {
        hasBegun ||= manifest.committedAtSeconds > windowStartSeconds; // breakage: commit-current-until-successor
        if (hasBegun) addNames(named, before);
        else expired.push(before.sequence);
      }
      before = manifest;
    }
  }
  if (before !== undefined) addNames(named, before);
  return { expired, named };
}

function addNames({ files, runs }: Named, { segments, snapshots }: Manifest): void {
  for (const { run, part } of segments) files.add(`${run}/${part}`);
  for (const { run } of snapshots) runs.add(run); // breakage: kept-snapshots-named
}

/**
 * Files of runs that no manifest names and that are too old to belong to a run under way, which writes something now and then: one
 * that stood still for longer finds its files gone, and commits nothing.
 */
function unnamedFiles(
  table: string,
  files: readonly StoredObject[],
  { files: named, runs: keptRuns }: Named,
  graceStartSeconds: number,
): readonly StoredObject[] {
  const youngRuns = new Set(
    files.filter((file) => file.modifiedMs / 1000 >= graceStartSeconds).map((file) => runOfPath(file.path)),
  );
  return files.filter((file) => {
    const run = runOfPath(file.path);
    if (youngRuns.has(run)) return false; // breakage: young-runs-kept
    if (file.path.startsWith(stagingFolder(table))) return true;
    // What a kept snapshot's run has written, and its list.
    if (run !== undefined && keptRuns.has(run)) return false;
    const segment = segmentOfPath(file.path);
    return segment === undefined || !named.has(`${segment.run}/${segment.part}`);
  });
}
