/** How far a table's stream has been read and delivered: saved only after the delivery. */
import { z } from "zod";
import { positionPath } from "../format/lake-path.ts";
import { momentFile } from "../format/manifest.ts";
import type { StreamPosition } from "../ports/change-source.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { readState, type StateFile, saveState } from "./state-file.ts";

export interface ReadingState {
  readonly position: StreamPosition;
  readonly savedAtSeconds: number;
  /** When the reader last saw the end of the stream, with everything before it delivered. */
  readonly caughtUpAtSeconds: number | undefined;
  /** The newest `_changed_at` that was delivered. */
  readonly newestChangeSeconds: number | undefined;
}

const stateFile = z.object({
  format: z.number().int(),
  position: z.object({
    streamArn: z.string(),
    shards: z.record(
      z.string(),
      z.object({ parent: z.string().optional(), after: z.string().optional(), finished: z.boolean() }),
    ),
  }),
  savedAtSeconds: momentFile,
  caughtUpAtSeconds: momentFile.optional(),
  newestChangeSeconds: momentFile.optional(),
});

const file: StateFile<z.infer<typeof stateFile>> = { type: stateFile, tells: "a position" };

/** The saved state, or undefined where the stream has never been read; throws LAKE_NEWER or LAKE_DAMAGED. */
export async function readReadingState(store: ObjectStore, table: string): Promise<ReadingState | undefined> {
  const read = await readState(store, positionPath(table), file);
  if (read === undefined) return undefined;
  const { position, savedAtSeconds, caughtUpAtSeconds, newestChangeSeconds } = read;
  return { position: position as StreamPosition, savedAtSeconds, caughtUpAtSeconds, newestChangeSeconds };
}

export function saveReadingState(store: ObjectStore, table: string, state: ReadingState): Promise<void> {
  return saveState(store, positionPath(table), state);
}
