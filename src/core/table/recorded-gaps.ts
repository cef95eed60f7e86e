/** The gaps of a lake table as they are recorded: as files of their own, and in each commit. */
import { lakeFileBytes } from "../format/lake-file.ts";
import { gapPath, gapsFolder } from "../format/lake-path.ts";
import { type Gap, gapFile, type Manifest, openGaps } from "../format/manifest.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { gapBeforeReading } from "./gap.ts";
import { readLakeFile } from "./stored-file.ts";
import { readStreamBeginning } from "./stream-beginning.ts";

/** Records a gap. `id` makes it unique. */
export async function recordGap(store: ObjectStore, table: string, id: string, gap: Gap): Promise<void> {
  await store.create(gapPath(table, id), lakeFileBytes(gap));
}

/** Records a gap that grows while it is found again. Re-recording keeps `foundAtSeconds` and advances `lostUntilSeconds`. */
export async function recordGrowingGap(
  store: ObjectStore,
  table: string,
  id: string,
  gap: Gap,
): Promise<void> {
  const path = gapPath(table, id);
  const known = await readLakeFile(store, gapFile, path);
  if (known !== undefined && known.lostUntilSeconds >= gap.lostUntilSeconds) return;
  // breakage: growing-gap-stays-one
  const grown: Gap = { ...(known ?? gap), lostUntilSeconds: gap.lostUntilSeconds };
  await store.replace(path, lakeFileBytes(grown));
}

/**
 * Every gap that is known while the manifest is the newest, in the order in which they were found: those that were recorded, and
 * the one between its snapshot and the beginning of the stream's reading. That one follows from the two themselves, whichever of
 * them came last.
 */
export async function knownGaps(
  store: ObjectStore,
  table: string,
  manifest: Manifest,
): Promise<readonly Gap[]> {
  const found = mergedGaps(manifest.gaps, await readGaps(store, table));
  const beginning = await readStreamBeginning(store, table);
  const gap = beginning && gapBeforeReading(manifest, beginning); // breakage: unread-time-is-gap
  if (gap === undefined) return found;
  const isKnown = openGaps(manifest, found).some(
    ({ lostUntilSeconds }) => lostUntilSeconds >= gap.lostUntilSeconds,
  );
  return isKnown ? found : mergedGaps(found, [gap]);
}

/** Every gap that has a file of its own, in the order in which they were found. */
export async function readGaps(store: ObjectStore, table: string): Promise<readonly Gap[]> {
  const gaps: Gap[] = [];
  for (const { path } of await store.list(gapsFolder(table))) {
    const gap = await readLakeFile(store, gapFile, path);
    if (gap !== undefined) gaps.push(gap);
  }
  return gaps.sort((a, b) => a.foundAtSeconds - b.foundAtSeconds);
}

function mergedGaps(known: readonly Gap[], found: readonly Gap[]): readonly Gap[] {
  // breakage: gaps-are-told-apart
  const identity = (gap: Gap): string => `${gap.foundAtSeconds} ${gap.reason} ${gap.detail}`;
  const all = new Map([...known, ...found].map((gap) => [identity(gap), gap]));
  return [...all.values()].sort((a, b) => a.foundAtSeconds - b.foundAtSeconds); // breakage: gaps-in-their-order
}
