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

/** When the reader for a configuration of the table was last known to be less than an hour behind. */
export interface CaughtUp {
  readonly configuration?: string | undefined;
  readonly atSeconds: number;
}

export interface StreamWatch {
  /** The stream that was being read when it was last seen; undefined where there never was one. */
  readonly streamArn: string | undefined;
  /** When it was last seen being read; before the first time, until when nothing can be missing. */
  readonly seenReadingSeconds: number;
  /** When somebody last looked. */
  readonly lookedSeconds: number;
  /** When somebody looked for the first time. */
  readonly sinceSeconds: number;
  /** Which readers of the stream were known to be less than an hour behind, and when: the newest of each configuration. */
  readonly caughtUp?: readonly CaughtUp[];
  /** The table's configuration in a deployment: of another one, the look counts no longer. */
  readonly configuration?: string;
}

/** A reader that is less behind has caught up. */
export const CAUGHT_UP_SECONDS = 3600;

/** What a table gets the changes of, and by which of its configurations. */
export interface WatchedReading {
  readonly streamArn: string | undefined;
  readonly configuration: string | undefined;
}

/**
 * Until when readers for other configurations had surely read a stream: 0 where none was seen. The present one is not asked: if it is
 * late, it may be so with one of its shards alone.
 */
export function readBefore(
  watch: StreamWatch | undefined,
  { streamArn, configuration }: WatchedReading,
): number {
  if (watch === undefined || watch.streamArn !== streamArn) return 0; // breakage: another-stream-was-not-read
  const others = (watch.caughtUp ?? []).filter((one) => one.configuration !== configuration); // breakage: own-reading-excuses-nothing
  // breakage: who-has-caught-up-may-be-an-hour-behind
  return Math.max(0, ...others.map(({ atSeconds }) => atSeconds - CAUGHT_UP_SECONDS));
}

const seconds = moment.check(z.int());

const shape = z.object({
  streamArn: z.optional(z.string()),
  seenReadingSeconds: seconds,
  lookedSeconds: seconds,
  sinceSeconds: seconds,
  caughtUp: z.optional(z.array(z.object({ configuration: z.optional(z.string()), atSeconds: seconds }))),
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
  const { streamArn, caughtUp, configuration, ...times } = read;
  return { streamArn, ...times, ...defined({ caughtUp, configuration }) };
}

export function saveStreamWatch(store: ObjectStore, table: string, watch: StreamWatch): Promise<void> {
  return replaceLakeFile(store, streamWatchPath(table), watch);
}
