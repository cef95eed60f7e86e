/**
 * When a deployment was last seen reading its source table's stream. A reader of our own knows its place in the stream; where
 * a service reads it, somebody has to look, and this is what the last look leaves for the next one.
 */
import { z } from "zod";
import { streamWatchPath } from "../format/lake-path.ts";
import { momentFile } from "../format/manifest.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { readState, type StateFile, saveState } from "./state-file.ts";

export interface StreamWatch {
  /** The stream that was being read when it was last seen; undefined where there never was one. */
  readonly streamArn: string | undefined;
  /** When it was last seen being read; before the first time, until when nothing can be missing. */
  readonly seenReadingSeconds: number;
  /** When somebody last looked. */
  readonly lookedSeconds: number;
  /** When somebody looked for the first time. */
  readonly sinceSeconds: number;
}

const seconds = momentFile.int();

const watchFile = z.object({
  format: z.number().int(),
  streamArn: z.string().optional(),
  seenReadingSeconds: seconds,
  lookedSeconds: seconds,
  sinceSeconds: seconds,
});

const file: StateFile<z.infer<typeof watchFile>> = {
  type: watchFile,
  tells: "when the stream was read",
  next: "Take a new snapshot, then delete the file: it is written anew.",
};

/** The result of the last look, or undefined if there was none. Throws LAKE_NEWER or LAKE_DAMAGED. */
export async function readStreamWatch(store: ObjectStore, table: string): Promise<StreamWatch | undefined> {
  const read = await readState(store, streamWatchPath(table), file);
  if (read === undefined) return undefined;
  const { format: _, streamArn, ...times } = read;
  return { streamArn, ...times };
}

export function saveStreamWatch(store: ObjectStore, table: string, watch: StreamWatch): Promise<void> {
  return saveState(store, streamWatchPath(table), watch);
}
