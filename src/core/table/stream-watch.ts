/**
 * When a deployment was last seen reading its source table's stream. A reader of our own knows its place in the stream; where
 * a service reads it, somebody has to look, and this is what the last look leaves for the next one.
 */
import * as z from "zod/mini";
import { defined } from "../defined.ts";
import { type LakeFile, moment } from "../format/lake-file.ts";
import { streamWatchPath } from "../format/lake-path.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { readLakeFile, replaceLakeFile } from "./stored-file.ts";

export interface StreamWatch {
  /** The stream that was being read when it was last seen; undefined where there never was one. */
  readonly streamArn: string | undefined;
  /** When it was last seen being read; before the first time, until when nothing can be missing. */
  readonly seenReadingSeconds: number;
  /** When somebody last looked. */
  readonly lookedSeconds: number;
  /** When somebody looked for the first time. */
  readonly sinceSeconds: number;
  /**
   * When its reader was last known to be less than an hour behind. It holds for whatever reads this stream: nothing older than an hour
   * was unread by then.
   */
  readonly caughtUpSeconds?: number;
  /** The table's configuration in a deployment: of another one, the look counts no longer. */
  readonly configuration?: string;
}

/** A reader that is less behind has caught up. */
export const CAUGHT_UP_SECONDS = 3600;

/** Until when the table surely has the changes of a stream, by what looks have seen: 0 where they have not. */
export function readUntil(watch: StreamWatch | undefined, streamArn: string | undefined): number {
  // breakage: another-stream-was-not-read
  if (watch?.caughtUpSeconds === undefined || watch.streamArn !== streamArn) return 0;
  return watch.caughtUpSeconds - CAUGHT_UP_SECONDS; // breakage: who-has-caught-up-may-be-an-hour-behind
}

const seconds = moment.check(z.int());

const shape = z.object({
  streamArn: z.optional(z.string()),
  seenReadingSeconds: seconds,
  lookedSeconds: seconds,
  sinceSeconds: seconds,
  caughtUpSeconds: z.optional(seconds),
  configuration: z.optional(z.string()),
});

const watchFile: LakeFile<z.infer<typeof shape>> = {
  name: "record of the stream's reading",
  shape,
  next: "Take a new snapshot, then delete the file: it is written again.",
};

/** The result of the last look, or undefined if there was none. Throws LAKE_NEWER or LAKE_DAMAGED. */
export async function readStreamWatch(store: ObjectStore, table: string): Promise<StreamWatch | undefined> {
  const read = await readLakeFile(store, watchFile, streamWatchPath(table));
  if (read === undefined) return undefined;
  const { streamArn, caughtUpSeconds, configuration, ...times } = read;
  return { streamArn, ...times, ...defined({ caughtUpSeconds, configuration }) };
}

export function saveStreamWatch(store: ObjectStore, table: string, watch: StreamWatch): Promise<void> {
  return replaceLakeFile(store, streamWatchPath(table), watch);
}
