/** How far a table's stream has been read and delivered: saved only after the delivery. */
import * as z from "zod/mini";
import { type LakeFile, moment } from "../format/lake-file.ts";
import { positionPath } from "../format/lake-path.ts";
import type { StreamPosition } from "../ports/change-source.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { readLakeFile, replaceLakeFile } from "./stored-file.ts";

export interface ReadingState {
  readonly position: StreamPosition;
  readonly savedAtSeconds: number;
  /** When the reader last saw the end of the stream, with everything before it delivered. */
  readonly caughtUpAtSeconds: number | undefined;
  /** The newest `_changed_at` that was delivered. */
  readonly newestChangeSeconds: number | undefined;
}

const shape = z.object({
  position: z.object({
    streamArn: z.string(),
    shards: z.record(
      z.string(),
      z.object({ parent: z.optional(z.string()), after: z.optional(z.string()), finished: z.boolean() }),
    ),
  }),
  savedAtSeconds: moment,
  caughtUpAtSeconds: z.optional(moment),
  newestChangeSeconds: z.optional(moment),
});

const positionFile: LakeFile<z.infer<typeof shape>> = { name: "stream position", shape };

/** The saved state, or undefined where the stream has never been read; throws LAKE_NEWER or LAKE_DAMAGED. */
export async function readReadingState(store: ObjectStore, table: string): Promise<ReadingState | undefined> {
  const read = await readLakeFile(store, positionFile, positionPath(table));
  if (read === undefined) return undefined;
  const { position, savedAtSeconds, caughtUpAtSeconds, newestChangeSeconds } = read;
  return { position: position as StreamPosition, savedAtSeconds, caughtUpAtSeconds, newestChangeSeconds };
}

export function saveReadingState(store: ObjectStore, table: string, state: ReadingState): Promise<void> {
  return replaceLakeFile(store, positionPath(table), state);
}
