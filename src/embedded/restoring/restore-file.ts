/** How far a restore has come, in a file of its own, so that one that was cut goes on where it was. */
import * as z from "zod/mini";
import { type LakeFile, moment } from "../../core/format/lake-file.ts";
import { restoreFolder } from "../../core/format/lake-path.ts";
import type { ObjectStore } from "../../core/ports/object-store.ts";
import { readLakeFile, replaceLakeFile } from "../../core/table/stored-file.ts";
import { sha256Half } from "../../core/values/hash.ts";

export interface RestoreState {
  /** The table of DynamoDB that is filled. */
  readonly to: string;
  /** What happens to a key that is there. fresh: the restore makes the table. */
  readonly mode: "fresh" | "keep" | "replace";
  /** The moment whose items are restored. */
  readonly asOfSeconds: number;
  readonly items: number;
  /** The id of the table that is filled; undefined until it is made, and where the service gives none. */
  readonly tableId?: string | undefined;
  /** Whether the restore makes the table, and so its global indexes, too. */
  readonly makesTable: boolean;
  /** Whether the table is there: the restore has made it, or it was there before. */
  readonly made: boolean;
  /** By the name of a data file: so many of its items are in the table, or were refused. */
  readonly done: Readonly<Record<string, number>>;
  readonly written: number;
  readonly kept: number;
  readonly refused: number;
}

const count = z.int().check(z.minimum(0));

const restoreFile: LakeFile<RestoreState> = {
  name: "restore",
  shape: z.object({
    to: z.string(),
    mode: z.enum(["fresh", "keep", "replace"]),
    asOfSeconds: moment,
    items: count,
    tableId: z.optional(z.string()),
    makesTable: z.boolean(),
    made: z.boolean(),
    done: z.record(z.string(), count),
    written: count,
    kept: count,
    refused: count,
  }),
  next: "Remove the folder of this file, then run the restore again: it begins anew.",
};

/** The folder of a restore, relative to the lake. */
export function folderOfRestore(table: string, to: string): string {
  return restoreFolder(table, sha256Half(to));
}

function restorePath(table: string, to: string): string {
  return `${folderOfRestore(table, to)}restore.json`;
}

export function readRestore(
  store: ObjectStore,
  table: string,
  to: string,
): Promise<RestoreState | undefined> {
  return readLakeFile(store, restoreFile, restorePath(table, to));
}

export function saveRestore(store: ObjectStore, table: string, state: RestoreState): Promise<void> {
  return replaceLakeFile(store, restorePath(table, state.to), state);
}
