/** A lake table as it lies in the store: its schema, its manifests, its gaps. */
import { DynalakeError } from "../error.ts";
import {
  gapPath,
  gapsFolder,
  manifestFolder,
  manifestPath,
  manifestSequence,
  schemaPath,
} from "../format/lake-path.ts";
import {
  type Gap,
  initialManifest,
  type Manifest,
  manifestText,
  openGaps,
  parseGap,
  parseManifest,
} from "../format/manifest.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { parseSchema, parseSchemaText, type Schema } from "../schema/schema.ts";
import { gapBeforeReading } from "./gap.ts";
import { readStreamBeginning } from "./stream-beginning.ts";

const decoder = new TextDecoder("utf-8", { fatal: true });
const encoder = new TextEncoder();

/** Throws LAKE_DAMAGED if the object is not text. */
function textOf(content: Uint8Array, path: string): string {
  try {
    return decoder.decode(content);
  } catch (cause) {
    throw new DynalakeError("LAKE_DAMAGED", `${path} is not UTF-8 text`, { cause });
  }
}

/** The names of the lake's tables. */
export async function lakeTables(store: ObjectStore): Promise<readonly string[]> {
  const tables: string[] = [];
  for (const folder of await store.folders("")) {
    if (/^[a-z][a-z0-9_]*$/.test(folder) && (await readSchema(store, folder)) !== undefined)
      tables.push(folder);
  }
  return tables;
}

/**
 * The schema that the table's data was written with, or undefined where the lake has no such table: that of the newest
 * commit, so that no crash parts it from the data, or that of schema.json where nothing was committed yet.
 */
export async function readSchema(store: ObjectStore, table: string): Promise<Schema | undefined> {
  const manifest = await latestManifest(store, table);
  if (manifest.schema !== null) return parseSchema(manifest.schema, manifestPath(table, manifest.sequence));
  return readWrittenSchema(store, table);
}

/** The schema that a table had at a commit: what it was before anything was committed, if that is what the manifest tells. */
export async function schemaAt(store: ObjectStore, manifest: Manifest, current: Schema): Promise<Schema> {
  const { table } = current;
  if (manifest.schema !== null) return parseSchema(manifest.schema, manifestPath(table, manifest.sequence));
  const newest = await latestManifest(store, table);
  const { recovery } = newest;
  return recovery === undefined
    ? current
    : parseSchema(recovery.before, manifestPath(table, newest.sequence));
}

/** The schema of schema.json. */
export async function readWrittenSchema(store: ObjectStore, table: string): Promise<Schema | undefined> {
  const path = schemaPath(table);
  const content = await store.read(path);
  return content === undefined ? undefined : parseSchemaText(textOf(content, path), path);
}

/** Writes the schema for people to read, and for a table without a commit. */
export async function writeSchema(store: ObjectStore, schema: Schema): Promise<void> {
  await store.replace(schemaPath(schema.table), schemaText(schema));
}

/** What schema.json holds. */
export function schemaText(schema: Schema): Uint8Array {
  return encoder.encode(`${JSON.stringify(schema.file, null, 2)}\n`);
}

/** The schema of a table that has to be there; throws LAKE_NOT_FOUND. */
export async function requireSchema(store: ObjectStore, table: string): Promise<Schema> {
  const schema = await readSchema(store, table);
  if (schema !== undefined) return schema;
  const tables = await lakeTables(store);
  const known = tables.length === 0 ? "it has no tables" : `its tables are ${tables.join(", ")}`;
  throw new DynalakeError("LAKE_NOT_FOUND", `the lake has no table "${table}"; ${known}`);
}

/** The numbers of the manifests that are kept, in order. */
export async function manifestSequences(store: ObjectStore, table: string): Promise<readonly number[]> {
  const objects = await store.list(manifestFolder(table));
  return objects.map((object) => manifestSequence(object.path)).filter((sequence) => sequence !== undefined);
}

export async function readManifest(
  store: ObjectStore,
  table: string,
  sequence: number,
): Promise<Manifest | undefined> {
  const path = manifestPath(table, sequence);
  const content = await store.read(path);
  return content === undefined ? undefined : parseManifest(textOf(content, path), path);
}

/** The newest commit, or what holds before the first one. */
export async function latestManifest(store: ObjectStore, table: string): Promise<Manifest> {
  return manifestNumbered(store, table, (await manifestSequences(store, table)).at(-1) ?? 0);
}

/** A commit that has to be there; 0 is what holds before the first one. */
export async function manifestNumbered(
  store: ObjectStore,
  table: string,
  sequence: number,
): Promise<Manifest> {
  if (sequence === 0) return initialManifest(1);
  const manifest = await readManifest(store, table, sequence);
  if (manifest === undefined) {
    throw new DynalakeError("LAKE_DAMAGED", `${manifestPath(table, sequence)} vanished while it was read`);
  }
  return manifest;
}

/** The newest commit at or before a time; throws AS_OF_UNKNOWN. */
export async function manifestAsOf(
  store: ObjectStore,
  table: string,
  asOfSeconds: number,
): Promise<Manifest> {
  const sequences = await manifestSequences(store, table);
  let low = 0;
  let high = sequences.length;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const manifest = await readManifest(store, table, sequences[middle] as number);
    if (manifest === undefined || manifest.committedAtSeconds <= asOfSeconds) low = middle + 1;
    else high = middle;
  }
  const found = low === 0 ? undefined : await readManifest(store, table, sequences[low - 1] as number);
  if (found !== undefined) return found;
  const first = sequences.length === 0 ? undefined : await readManifest(store, table, sequences[0] as number);
  if (first === undefined || first.sequence === 1) {
    if (first === undefined || first.kind !== "snapshot") return initialManifest(1);
  }
  const earliest = new Date((first as Manifest).committedAtSeconds * 1000).toISOString();
  throw new DynalakeError("AS_OF_UNKNOWN", `the lake table "${table}" reaches back to ${earliest}`);
}

/**
 * THE commit point: creates the manifest if no other took its number. "conflict" means that another commit came first and
 * that nothing was changed. An error whose outcome cannot be found out is thrown, and then nothing staged may be deleted.
 */
export async function commitManifest(
  store: ObjectStore,
  table: string,
  manifest: Manifest,
): Promise<"committed" | "conflict"> {
  const complete = { ...manifest, gaps: await knownGaps(store, table, manifest) };
  const path = manifestPath(table, complete.sequence);
  try {
    if ((await store.create(path, encoder.encode(manifestText(complete)))) === "created") return "committed";
  } catch (error) {
    if ((await readManifest(store, table, complete.sequence)) === undefined) throw error;
  }
  // The number may have been taken by this very run, at an earlier try whose answer was lost.
  const present = await readManifest(store, table, complete.sequence);
  return present?.run === complete.run ? "committed" : "conflict";
}

/** Records a gap in the stream. `id` makes it unique. */
export async function recordGap(store: ObjectStore, table: string, id: string, gap: Gap): Promise<void> {
  await store.create(gapPath(table, id), encoder.encode(`${JSON.stringify(gap)}\n`));
}

/** Records a gap that grows. Re-recording a gap keeps foundAt and advances lostUntil. */
export async function recordGrowingGap(
  store: ObjectStore,
  table: string,
  id: string,
  gap: Gap,
): Promise<void> {
  const path = gapPath(table, id);
  const content = await store.read(path);
  const known = content === undefined ? undefined : parseGap(decoder.decode(content), path);
  if (known !== undefined && known.lostUntilSeconds >= gap.lostUntilSeconds) return;
  const grown: Gap = { ...(known ?? gap), lostUntilSeconds: gap.lostUntilSeconds };
  await store.replace(path, encoder.encode(`${JSON.stringify(grown)}\n`));
}

/**
 * Every gap that is known while the manifest is the newest, in the order in which they were found: those that were recorded,
 * and the one between its snapshot and the beginning of reading, which follows from the two, whichever came last.
 */
export async function knownGaps(
  store: ObjectStore,
  table: string,
  manifest: Manifest,
): Promise<readonly Gap[]> {
  const found = mergedGaps(manifest.gaps, await readGaps(store, table));
  const beginning = await readStreamBeginning(store, table);
  const gap = beginning && gapBeforeReading(manifest, beginning);
  if (gap === undefined) return found;
  const isKnown = openGaps(manifest, found).some(
    ({ lostUntilSeconds }) => lostUntilSeconds >= gap.lostUntilSeconds,
  );
  return isKnown ? found : mergedGaps(found, [gap]);
}

/** Every gap that was recorded, in the order in which they were found. */
export async function readGaps(store: ObjectStore, table: string): Promise<readonly Gap[]> {
  const gaps: Gap[] = [];
  for (const { path } of await store.list(gapsFolder(table))) {
    const content = await store.read(path);
    if (content !== undefined) gaps.push(parseGap(textOf(content, path), path));
  }
  return gaps.sort((a, b) => a.foundAtSeconds - b.foundAtSeconds);
}

function mergedGaps(known: readonly Gap[], found: readonly Gap[]): readonly Gap[] {
  const identity = (gap: Gap): string => `${gap.foundAtSeconds} ${gap.reason} ${gap.detail}`;
  const all = new Map([...known, ...found].map((gap) => [identity(gap), gap]));
  return [...all.values()].sort((a, b) => a.foundAtSeconds - b.foundAtSeconds);
}
