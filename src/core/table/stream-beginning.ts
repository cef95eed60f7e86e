/**
 * Where the reading of a table's stream began: what was written before is on no change that the lake will ever get, so that a
 * snapshot has to show it.
 */
import * as z from "zod/mini";
import { defined } from "../defined.ts";
import { type LakeFile, moment } from "../format/lake-file.ts";
import { streamBeginningPath } from "../format/lake-path.ts";
import type { StreamIdentity } from "../ports/change-source.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { readLakeFile, replaceLakeFile } from "./stored-file.ts";

export interface StreamBeginning {
  /** The stream as it was then. */
  readonly stream: StreamIdentity;
  /** Since when it is read, from the oldest record that it had at that time. */
  readonly readSinceSeconds: number;
  /** The table's configuration in a deployment: of another one, the beginning counts no longer. */
  readonly configuration?: string;
  /** For a table that was added to a source that was being read: changes since then reach it. */
  readonly servedFromSeconds?: number;
  /** Until when an earlier configuration of the table was served. */
  readonly servedBeforeSeconds?: number;
}

const shape = z.object({
  stream: z.object({
    arn: z.string(),
    createdAtSeconds: z.optional(moment),
    isFirst: z.optional(z.literal(true)),
  }),
  readSinceSeconds: moment.check(z.int()),
  configuration: z.optional(z.string()),
  servedFromSeconds: z.optional(moment),
  servedBeforeSeconds: z.optional(moment),
});

const beginningFile: LakeFile<z.infer<typeof shape>> = {
  name: "beginning of the stream's reading",
  shape,
  next: "Delete it, and position.json beside it if there is one: the stream is read from its beginning again. Then take a new snapshot.",
};

/** Undefined where the stream was never read; throws LAKE_NEWER or LAKE_DAMAGED. */
export async function readStreamBeginning(
  store: ObjectStore,
  table: string,
): Promise<StreamBeginning | undefined> {
  const read = await readLakeFile(store, beginningFile, streamBeginningPath(table));
  if (read === undefined) return undefined;
  const { arn, createdAtSeconds, isFirst } = read.stream;
  const stream = {
    arn,
    ...(createdAtSeconds === undefined ? {} : { createdAtSeconds }),
    ...(isFirst === undefined ? {} : { isFirst }),
  };
  const { readSinceSeconds, configuration, servedFromSeconds, servedBeforeSeconds } = read;
  return { stream, readSinceSeconds, ...defined({ configuration, servedFromSeconds, servedBeforeSeconds }) };
}

export function saveStreamBeginning(
  store: ObjectStore,
  table: string,
  beginning: StreamBeginning,
): Promise<void> {
  return replaceLakeFile(store, streamBeginningPath(table), beginning);
}
