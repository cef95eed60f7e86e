/** What a lake's ticks have done, from one to the next. Without it, a tick does more than it has to. */
import * as z from "zod/mini";
import { tickPath } from "../../core/format/deployment-path.ts";
import { type LakeFile, moment } from "../../core/format/lake-file.ts";
import type { ObjectStore } from "../../core/ports/object-store.ts";
import { readLakeFile, replaceLakeFile } from "../../core/table/stored-file.ts";
import type { TickState } from "./plan-tick.ts";

const at = z.optional(moment);

const tickFile: LakeFile<TickState> = {
  name: "record of the ticks",
  shape: z.object({
    tables: z.record(z.string(), z.object({ compactionSeconds: at, snapshotSeconds: at, vacuumSeconds: at })),
    sources: z.record(z.string(), z.object({ lookSeconds: at })),
  }),
  next: "Delete it: it is written again.",
};

const NOTHING_DONE: TickState = { tables: {}, sources: {} };

export async function readTickState(store: ObjectStore): Promise<TickState> {
  return (await readLakeFile(store, tickFile, tickPath)) ?? NOTHING_DONE;
}

export function saveTickState(store: ObjectStore, state: TickState): Promise<void> {
  return replaceLakeFile(store, tickPath, state);
}
