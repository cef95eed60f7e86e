/** The commits of a lake table: its manifests, the newest of which counts. */
import { DynalakeError } from "../error.ts";
import { manifestFolder, manifestPath, manifestSequence } from "../format/lake-path.ts";
import { initialManifest, type Manifest, manifestFile } from "../format/manifest.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { readLakeFile, requireLakeFile } from "./stored-file.ts";

export interface Commits {
  /** The newest commit, or what holds before the first one. */
  readonly manifest: Manifest;
  /** The numbers of the commits that are kept, in order. */
  readonly sequences: readonly number[];
}

/** Reads which commits there are, and the newest one unless it is that of an earlier reading: a commit never changes. */
export async function readCommits(store: ObjectStore, table: string, known?: Commits): Promise<Commits> {
  const sequences = await manifestSequences(store, table);
  const newest = sequences.at(-1) ?? 0;
  if (known?.manifest.sequence === newest) return { manifest: known.manifest, sequences };
  return { manifest: await manifestNumbered(store, table, newest), sequences };
}

/** The newest commit, or what holds before the first one. */
export async function latestManifest(store: ObjectStore, table: string): Promise<Manifest> {
  return (await readCommits(store, table)).manifest;
}

/** The numbers of the manifests that are kept, in order. */
export async function manifestSequences(store: ObjectStore, table: string): Promise<readonly number[]> {
  const objects = await store.list(manifestFolder(table));
  return objects.map((object) => manifestSequence(object.path)).filter((sequence) => sequence !== undefined);
}

/** Undefined if there is no such commit; throws LAKE_NEWER or LAKE_DAMAGED. */
export function readManifest(
  store: ObjectStore,
  table: string,
  sequence: number,
): Promise<Manifest | undefined> {
  return readLakeFile(store, manifestFile, manifestPath(table, sequence));
}

/** A commit that has to be there; 0 is what holds before the first one. */
export async function manifestNumbered(
  store: ObjectStore,
  table: string,
  sequence: number,
): Promise<Manifest> {
  if (sequence === 0) return initialManifest(1);
  return requireLakeFile(store, manifestFile, manifestPath(table, sequence));
}

/** The newest commit at or before a time; throws AS_OF_UNKNOWN. */
export async function manifestAsOf(
  store: ObjectStore,
  table: string,
  commits: Commits,
  asOfSeconds: number,
): Promise<Manifest> {
  const { sequences } = commits;
  const read = new Map<number, Manifest | undefined>([[commits.manifest.sequence, commits.manifest]]);
  const manifestAt = async (index: number): Promise<Manifest | undefined> => {
    const sequence = sequences[index] as number;
    if (!read.has(sequence)) read.set(sequence, await readManifest(store, table, sequence));
    return read.get(sequence);
  };
  let low = 0;
  let high = sequences.length;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const manifest = await manifestAt(middle);
    // breakage: as-of-includes-its-commit
    if (manifest === undefined || manifest.committedAtSeconds <= asOfSeconds) low = middle + 1;
    else high = middle;
  }
  const found = low === 0 ? undefined : await manifestAt(low - 1);
  if (found !== undefined) return found;
  const first = sequences.length === 0 ? undefined : await manifestAt(0);
  if (first === undefined || (first.sequence === 1 && first.kind !== "snapshot")) return initialManifest(1);
  const earliest = new Date(first.committedAtSeconds * 1000).toISOString().replace(".000Z", "Z");
  throw new DynalakeError("AS_OF_UNKNOWN", `the lake table "${table}" reaches back to ${earliest}`);
}
