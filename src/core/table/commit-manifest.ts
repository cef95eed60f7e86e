/** The commit point of a lake table. */
import { manifestPath } from "../format/lake-path.ts";
import { type Manifest, manifestText } from "../format/manifest.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { readManifest } from "./commits.ts";
import { knownGaps } from "./recorded-gaps.ts";

/**
 * THE commit point: creates the manifest if its number is still free. Answers with the manifest as it was committed, or with
 * "conflict" if another commit came first and nothing was changed. An error whose outcome cannot be found out is thrown, and
 * then nothing that was staged may be deleted.
 */
export async function commitManifest(
  store: ObjectStore,
  table: string,
  manifest: Manifest,
): Promise<Manifest | "conflict"> {
  const complete = { ...manifest, gaps: await knownGaps(store, table, manifest) };
  const path = manifestPath(table, complete.sequence);
  let failure: unknown;
  try {
    const content = new TextEncoder().encode(manifestText(complete));
    if ((await store.create(path, content)) === "created") return complete;
  } catch (error) {
    failure = error;
  }
  // The number may have been taken by this very run, at an earlier try whose answer was lost.
  const present = await readManifest(store, table, complete.sequence);
  if (present === undefined && failure !== undefined) throw failure;
  return present?.run === complete.run ? present : "conflict"; // breakage: commit-number-taken-once
}
