/** When the last compaction of a deployment that left nothing to do began: without anything new since, there is nothing to compact. */
import * as z from "zod/mini";
import { compactedPath } from "../format/deployment-path.ts";
import { type LakeFile, moment } from "../format/lake-file.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { readLakeFile, replaceLakeFile } from "./stored-file.ts";

const compactedFile: LakeFile<{ readonly atSeconds: number }> = {
  name: "record of the last compaction",
  shape: z.object({ atSeconds: moment }),
  next: "Delete it: it is written again.",
};

export async function readLastCompaction(store: ObjectStore, table: string): Promise<number | undefined> {
  return (await readLakeFile(store, compactedFile, compactedPath(table)))?.atSeconds;
}

export function saveLastCompaction(store: ObjectStore, table: string, atSeconds: number): Promise<void> {
  return replaceLakeFile(store, compactedPath(table), { atSeconds });
}
