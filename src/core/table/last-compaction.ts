/** When the last compaction of a deployment that left nothing to do began: without anything new since, there is nothing to compact. */
import * as z from "zod/mini";
import { compactedPath } from "../format/deployment-path.ts";
import { type LakeFile, moment } from "../format/lake-file.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { readLakeFile, replaceLakeFile } from "./stored-file.ts";

export interface LastCompaction {
  readonly atSeconds: number;
  /** The newest change that compactions have seen in the change log, where they have seen any. */
  readonly newestChangeSeconds?: number | undefined;
}

const compactedFile: LakeFile<LastCompaction> = {
  name: "record of the last compaction",
  shape: z.object({ atSeconds: moment, newestChangeSeconds: z.optional(moment) }),
  next: "Delete it: it is written again.",
};

export function readLastCompaction(store: ObjectStore, table: string): Promise<LastCompaction | undefined> {
  return readLakeFile(store, compactedFile, compactedPath(table));
}

export function saveLastCompaction(store: ObjectStore, table: string, last: LastCompaction): Promise<void> {
  return replaceLakeFile(store, compactedPath(table), last);
}
