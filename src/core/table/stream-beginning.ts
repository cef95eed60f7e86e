/**
 * Where the reading of a table's stream began: what was written before is on no change that the lake will ever get, so that a
 * snapshot has to show it.
 */
import { z } from "zod";
import { streamBeginningPath } from "../format/lake-path.ts";
import { momentFile } from "../format/manifest.ts";
import type { StreamIdentity } from "../ports/change-source.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { readState, type StateFile, saveState } from "./state-file.ts";

export interface StreamBeginning {
  /** The stream as it was then. */
  readonly stream: StreamIdentity;
  /** Since when it is read, from the oldest record that it had at that time. */
  readonly readSinceSeconds: number;
}

const beginningFile = z.object({
  format: z.number().int(),
  stream: z.object({
    arn: z.string(),
    createdAtSeconds: momentFile.optional(),
    isFirst: z.literal(true).optional(),
  }),
  readSinceSeconds: momentFile.int(),
});

const file: StateFile<z.infer<typeof beginningFile>> = {
  type: beginningFile,
  tells: "where the reading of the stream began",
  next: "Delete it, and position.json beside it where there is one: the stream is read from its beginning again. Then take a new snapshot.",
};

/** Undefined where the stream was never read; throws LAKE_NEWER or LAKE_DAMAGED. */
export async function readStreamBeginning(
  store: ObjectStore,
  table: string,
): Promise<StreamBeginning | undefined> {
  const read = await readState(store, streamBeginningPath(table), file);
  if (read === undefined) return undefined;
  const { arn, createdAtSeconds, isFirst } = read.stream;
  const stream = {
    arn,
    ...(createdAtSeconds === undefined ? {} : { createdAtSeconds }),
    ...(isFirst === undefined ? {} : { isFirst }),
  };
  return { stream, readSinceSeconds: read.readSinceSeconds };
}

export function saveStreamBeginning(
  store: ObjectStore,
  table: string,
  beginning: StreamBeginning,
): Promise<void> {
  return saveState(store, streamBeginningPath(table), beginning);
}
