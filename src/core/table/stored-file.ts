/** The files of a lake table in its store: each is read by the one way of lake-file.ts, and written whole. */
import { DynalakeError } from "../error.ts";
import { LAKE_FORMAT, type LakeFile, lakeFileBytes, parseLakeFile } from "../format/lake-file.ts";
import type { ObjectStore } from "../ports/object-store.ts";

/** What the file holds, or undefined if there is none; throws LAKE_NEWER or LAKE_DAMAGED, naming `path`. */
export async function readLakeFile<T>(
  store: ObjectStore,
  file: LakeFile<T>,
  path: string,
): Promise<T | undefined> {
  const content = await store.read(path);
  return content === undefined ? undefined : parseLakeFile(file, content, path);
}

/** What a file holds that is found out anew where it is missing: a damaged one is as none. Throws LAKE_NEWER, naming `path`. */
export async function readRenewable<T>(
  store: ObjectStore,
  file: LakeFile<T>,
  path: string,
): Promise<T | undefined> {
  try {
    return await readLakeFile(store, file, path);
  } catch (error) {
    // breakage: damaged-records-stop-nothing
    if (error instanceof DynalakeError && error.code === "LAKE_DAMAGED") return undefined;
    throw error;
  }
}

/** What a file holds that has to be there; throws LAKE_DAMAGED if it is missing. */
export async function requireLakeFile<T>(store: ObjectStore, file: LakeFile<T>, path: string): Promise<T> {
  const found = await readLakeFile(store, file, path);
  if (found !== undefined) return found;
  throw new DynalakeError("LAKE_DAMAGED", `the ${file.name} ${path} is missing`);
}

/** Writes the file with the number of its format, in place of the one that was there. */
export function replaceLakeFile(store: ObjectStore, path: string, value: object): Promise<void> {
  return store.replace(path, lakeFileBytes({ format: LAKE_FORMAT, ...value }));
}
