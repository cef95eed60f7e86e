/**
 * The last sign of life of a `run` that follows a table. `status` reads this file and never touches the lock, which
 * could make a run that starts fail.
 */
import * as z from "zod/mini";
import { type LakeFile, moment } from "../format/lake-file.ts";
import { heartbeatPath } from "../format/lake-path.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { readLakeFile, replaceLakeFile } from "./stored-file.ts";

export interface RunHeartbeat {
  readonly process: number;
  readonly host: string;
  readonly startedAtSeconds: number;
  readonly seenAtSeconds: number;
  /** When it ended cleanly; undefined while it runs, and for one that died. */
  readonly endedAtSeconds: number | undefined;
  /** Records that were fetched and are not delivered. */
  readonly waitingRecords: number;
  /** Everything up to here is delivered, of each shard; undefined where one was not read yet. */
  readonly deliveredUntilSeconds: number | undefined;
  /** The newest change that was delivered, and when. */
  readonly newest: DeliveredChange | undefined;
}

export interface DeliveredChange {
  /** When it was written: whole seconds, as the stream has them. */
  readonly changedAtSeconds: number;
  readonly deliveredAtSeconds: number;
}

const shape = z.object({
  process: z.int(),
  host: z.string(),
  startedAtSeconds: moment,
  seenAtSeconds: moment,
  endedAtSeconds: z.optional(moment),
  waitingRecords: z.int().check(z.minimum(0)),
  deliveredUntilSeconds: z.optional(moment),
  newest: z.optional(z.object({ changedAtSeconds: moment, deliveredAtSeconds: moment })),
});

const heartbeatFile: LakeFile<z.infer<typeof shape>> = {
  name: "heartbeat of a run",
  shape,
  next: "Delete the file: the next run writes it again.",
};

/** Undefined where no run has followed the table; throws LAKE_NEWER or LAKE_DAMAGED. */
export async function readHeartbeat(store: ObjectStore, table: string): Promise<RunHeartbeat | undefined> {
  const read = await readLakeFile(store, heartbeatFile, heartbeatPath(table));
  if (read === undefined) return undefined;
  const { endedAtSeconds, deliveredUntilSeconds, newest, ...rest } = read;
  return { ...rest, endedAtSeconds, deliveredUntilSeconds, newest };
}

export function saveHeartbeat(store: ObjectStore, table: string, heartbeat: RunHeartbeat): Promise<void> {
  return replaceLakeFile(store, heartbeatPath(table), heartbeat);
}
