/**
 * Where the reading of a table's stream began: what was written before is on no change that the lake will ever get, so that a
 * snapshot has to show it.
 */
import * as z from "zod/mini";
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
}

const shape = z.object({
  stream: z.object({
    arn: z.string(),
    createdAtSeconds: z.optional(moment),
    isFirst: z.optional(z.literal(true)),
  }),
  readSinceSeconds: moment.check(z.int()),
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
  return { stream, readSinceSeconds: read.readSinceSeconds };
}

export function saveStreamBeginning(
  store: ObjectStore,
  table: string,
  beginning: StreamBeginning,
): Promise<void> {
  return replaceLakeFile(store, streamBeginningPath(table), beginning);
}
