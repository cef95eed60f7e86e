/** Removes what no manifest of the retention window names. */
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

/** What vacuum keeps in mind of a manifest: the names of folded objects are many. */
type NamedSegments = Pick<Manifest, "sequence" | "committedAtSeconds" | "segments" | "snapshots">;

export interface VacuumResult {
  readonly manifests: number;
  readonly files: number;
  readonly bytes: number;
}

/** Removes old manifests first, then the files that only they named, then the remains of runs that never committed. */
export async function vacuum(
  store: ObjectStore,
  table: string,
  policy: RetentionPolicy,
  nowSeconds: number,
): Promise<VacuumResult> {
  // Before the manifests are read: files of a run that commits in between are named by then.
  const folders = [segmentsFolder(table), snapshotsFolder(table), stagingFolder(table)];
  const files: StoredObject[] = [];
  for (const folder of folders) files.push(...(await store.list(folder)));
  const manifests: NamedSegments[] = [];
  for (const sequence of await manifestSequences(store, table)) {
    const manifest = await readManifest(store, table, sequence);
    if (manifest === undefined) continue;
    const { committedAtSeconds, segments, snapshots } = manifest;
    manifests.push({ sequence, committedAtSeconds, segments, snapshots });
  }
  // breakage: commit-numbers-get-grace
  const keptSeconds = Math.max(policy.retentionSeconds, policy.graceSeconds);
  const expired = expiredManifests(manifests, nowSeconds - keptSeconds);
  const kept = manifests.slice(expired.length);
  await store.remove(expired.map((manifest) => manifestPath(table, manifest.sequence)));
  // breakage: unnamed-files-get-grace
  const unnamed = unnamedFiles(table, files, kept, nowSeconds - policy.graceSeconds);
  await store.remove(unnamed.map((file) => file.path));
  return {
    manifests: expired.length,
    files: unnamed.length,
    bytes: unnamed.reduce((bytes, file) => bytes + file.bytes, 0),
  };
}

/** A manifest is needed until its successor is older than the window: at any time in the window it was the newest. */
export function expiredManifests<T extends Pick<Manifest, "committedAtSeconds">>(
  manifests: readonly T[],
  windowStartSeconds: number,
): readonly T[] {
  const firstKept = manifests.findIndex((_, i) => {
    const successor = manifests[i + 1];
    // breakage: commit-current-until-successor
    return successor === undefined || successor.committedAtSeconds > windowStartSeconds;
  });
  return manifests.slice(0, Math.max(0, firstKept));
}

/**
 * Files of runs that no manifest names and that are too old to belong to a run under way, which writes something now and then: one
 * that stood still for longer finds its files gone, and commits nothing.
 */
function unnamedFiles(
  table: string,
  files: readonly StoredObject[],
  manifests: readonly Pick<Manifest, "segments" | "snapshots">[],
  graceStartSeconds: number,
): readonly StoredObject[] {
  const named = new Set(
    manifests.flatMap(({ segments }) => segments.map(({ run, part }) => `${run}/${part}`)),
  );
  // breakage: kept-snapshots-named
  const keptRuns = new Set(manifests.flatMap(({ snapshots }) => snapshots.map(({ run }) => run)));
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
