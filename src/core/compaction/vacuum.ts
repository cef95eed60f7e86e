/**
 * Removes what no manifest of the retention window names, page by page: neither two million files nor a year of manifests fit into
 * memory at once, and a function may have no time for all of them.
 */
import { batchesOf } from "../batches-of.ts";
import { defined } from "../defined.ts";
import {
  manifestPath,
  runOfPath,
  segmentOfPath,
  segmentsFolder,
  snapshotsFolder,
  stagingFolder,
} from "../format/lake-path.ts";
import type { ObjectStore, StoredObject } from "../ports/object-store.ts";
import type { NamedFiles } from "../table/unfinished-vacuum.ts";
import { RetentionWindow } from "./retention-window.ts";

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

/** What a vacuum has removed in the time that it had. */
export interface VacuumPass extends VacuumResult {
  /** Present if time was up: the next pass goes on after this run. Runs go in the order of their names. */
  readonly leftAfter?: string;
  /** What the manifests name that were read by then, for the next pass. */
  readonly leftNamed?: NamedFiles;
}

export interface VacuumTime {
  /** Asked after each page, the first ones of which are those of manifests. Default: there is time for all. */
  readonly isOver?: () => boolean;
  /** Where a pass before this one has ended. Default: at the beginning, before any run. */
  readonly after?: string | undefined;
  /** What it had read by then. Default: nothing. */
  readonly named?: NamedFiles | undefined;
}

/** What goes at a time: some of the manifests that have expired, or files that nothing names. */
interface VacuumPage {
  /** Their paths. */
  readonly manifests: readonly string[];
  readonly files: readonly StoredObject[];
  /** The last run of which nothing is left once this page is removed. */
  readonly after: string;
}

const NOTHING: VacuumResult = { manifests: 0, files: 0, bytes: 0 };

/**
 * Removes old manifests first, then the files that only they named, and the remains of runs that never committed. What was removed
 * stays removed, wherever it ends: a later pass finds less.
 */
export async function vacuum(
  store: ObjectStore,
  table: string,
  policy: RetentionPolicy,
  nowSeconds: number,
  { isOver = () => false, after = "", named }: VacuumTime = {},
): Promise<VacuumPass> {
  const window = windowOf(store, table, policy, nowSeconds, named);
  let removed = NOTHING;
  for await (const page of vacuumPages(store, table, policy, nowSeconds, window, after)) {
    await store.remove(page.manifests);
    await store.remove(page.files.map(({ path }) => path));
    removed = withPage(removed, page);
    // breakage: vacuum-ends-in-time
    if (isOver()) return { ...removed, leftAfter: page.after, ...defined({ leftNamed: window.named() }) };
  }
  return removed;
}

/** What `vacuum` would remove. Only reads. */
export async function foreseeVacuum(
  store: ObjectStore,
  table: string,
  policy: RetentionPolicy,
  nowSeconds: number,
): Promise<VacuumResult> {
  const window = windowOf(store, table, policy, nowSeconds);
  let foreseen = NOTHING;
  for await (const page of vacuumPages(store, table, policy, nowSeconds, window, ""))
    foreseen = withPage(foreseen, page);
  return foreseen;
}

function windowOf(
  store: ObjectStore,
  table: string,
  { graceSeconds, retentionSeconds }: RetentionPolicy,
  nowSeconds: number,
  named?: NamedFiles,
): RetentionWindow {
  const keptSeconds = Math.max(retentionSeconds, graceSeconds); // breakage: commit-numbers-get-grace
  return new RetentionWindow(store, table, nowSeconds - keptSeconds, named);
}

function withPage(before: VacuumResult, { files, manifests }: VacuumPage): VacuumResult {
  return {
    manifests: before.manifests + manifests.length,
    files: before.files + files.length,
    bytes: files.reduce((bytes, file) => bytes + file.bytes, before.bytes),
  };
}

/** As many as one request removes from S3. */
const REMOVED_AT_ONCE_MAX = 1000;

/**
 * Whether a run's files are needed is decided for each run by itself. A file is unneeded if no manifest of the window names it, and
 * no file of its run is young. Runs under way are safe in whatever order this is found out: one that is not named by the manifests that
 * were read commits later, and so has written a file within its grace before that, which is young. The order is for one that stood
 * still for longer. Its files are listed before the manifests that came meanwhile are read: if it commits in between, they are named.
 */
async function* vacuumPages(
  store: ObjectStore,
  table: string,
  policy: RetentionPolicy,
  nowSeconds: number,
  window: RetentionWindow,
  after: string,
): AsyncGenerator<VacuumPage> {
  for await (const expired of window.read())
    yield { manifests: expired.map((sequence) => manifestPath(table, sequence)), files: [], after };
  let done = after;
  for await (const runs of listedRuns(store, table, after)) {
    await window.readNewer(); // breakage: manifests-read-after-files
    for (const { run, files } of runs) {
      // breakage: unnamed-files-get-grace
      const unneeded = unneededFiles(table, run, files, window, nowSeconds - policy.graceSeconds);
      for (const page of batchesOf(unneeded, REMOVED_AT_ONCE_MAX))
        yield { manifests: [], files: page, after: done };
      done = run;
    }
    yield { manifests: [], files: [], after: done };
  }
}

interface ListedRun {
  readonly run: string;
  readonly files: readonly StoredObject[];
}

const LISTED_AT_ONCE_MAX = 16;
/** After so many files, what was listed so far is decided. */
const FILES_AT_ONCE = 5000;

/** All runs after the one that is named, with all of their files, in the order of their names; some at a time. */
async function* listedRuns(
  store: ObjectStore,
  table: string,
  after: string,
): AsyncGenerator<readonly ListedRun[]> {
  const runs = (await runsOf(store, table)).filter((run) => run > after); // breakage: vacuum-goes-on-where-it-ended
  const segmentsOf = new Map<string, readonly StoredObject[]>();
  let [files, left] = [0, runs.length];
  for (const batch of batchesOf(runs, LISTED_AT_ONCE_MAX)) {
    const listed = await Promise.all(batch.map((run) => store.list(`${segmentsFolder(table)}${run}/`)));
    for (const [i, run] of batch.entries()) segmentsOf.set(run, listed[i] ?? []);
    files += listed.reduce((sum, { length }) => sum + length, 0);
    left -= batch.length;
    if (files < FILES_AT_ONCE && left > 0) continue;
    yield await withOtherFiles(store, table, segmentsOf);
    segmentsOf.clear();
    files = 0;
  }
}

async function runsOf(store: ObjectStore, table: string): Promise<readonly string[]> {
  const snapshots = (await store.list(snapshotsFolder(table))).flatMap(({ path }) => runOfPath(path) ?? []);
  const segments = await store.folders(segmentsFolder(table));
  const staging = await store.folders(stagingFolder(table));
  return [...new Set([...segments, ...staging, ...snapshots])].sort();
}

/** Most runs have segments only: the rest is looked for once for all. */
async function withOtherFiles(
  store: ObjectStore,
  table: string,
  segmentsOf: ReadonlyMap<string, readonly StoredObject[]>,
): Promise<readonly ListedRun[]> {
  const snapshots = await store.list(snapshotsFolder(table));
  const staging = new Set(await store.folders(stagingFolder(table)));
  const runs: ListedRun[] = [];
  for (const [run, segments] of segmentsOf) {
    const staged = staging.has(run) ? await store.list(`${stagingFolder(table)}${run}/`) : [];
    const lists = snapshots.filter(({ path }) => runOfPath(path) === run);
    runs.push({ run, files: [...segments, ...lists, ...staged] });
  }
  return runs;
}

/**
 * Files of a run that no manifest names and that is too old to be under way, since one that is writes something now and then: one
 * that stood still for longer finds its files gone, and commits nothing.
 */
function unneededFiles(
  table: string,
  run: string,
  files: readonly StoredObject[],
  window: RetentionWindow,
  graceStartSeconds: number,
): readonly StoredObject[] {
  // breakage: young-runs-kept
  if (files.some((file) => file.modifiedMs / 1000 >= graceStartSeconds)) return [];
  return files.filter(({ path }) => {
    if (path.startsWith(stagingFolder(table))) return true;
    // What a kept snapshot's run has written, and its list.
    if (window.keeps(run)) return false;
    const segment = segmentOfPath(path);
    return segment === undefined || !window.names(segment.run, segment.part);
  });
}
