/** Snapshots that a run takes of the tables that it follows, by their age. */
import { DynalakeError } from "../../core/error.ts";
import type { Schema } from "../../core/schema/schema.ts";
import { latestManifest } from "../../core/table/commits.ts";
import { folderStore } from "../../files/folder-store.ts";
import { nowSeconds } from "../../sdk/new-run-id.ts";
import { pause } from "./pause.ts";

export interface RegularSnapshots {
  /** The age of a table's last snapshot at which the next one is due. */
  readonly everySeconds: number;
  readonly take: (schema: Schema, signal: AbortSignal) => Promise<void>;
}

interface SnapshotRequest {
  readonly folder: string;
  readonly snapshots?: RegularSnapshots | undefined;
  readonly onEvent: (
    table: string,
    event: { readonly kind: "snapshot-failed"; readonly error: DynalakeError },
  ) => void;
}

const RETRY_SECONDS = 60;
/** Others may take a snapshot meanwhile, and timers have a longest time. */
const LOOK_AGAIN_SECONDS = 3600;

/** Takes a snapshot whenever one is due, until it is stopped; `once` takes one at most, and fails with it. */
export async function snapshotRegularly(
  { folder, snapshots, onEvent }: SnapshotRequest,
  schema: Schema,
  { once, stop }: { readonly once: boolean; readonly stop: AbortSignal },
): Promise<void> {
  if (snapshots === undefined) return;
  const store = folderStore(folder);
  for (;;) {
    const last = (await latestManifest(store, schema.table)).snapshots.at(-1);
    const dueSeconds = (last?.exportTimeSeconds ?? 0) + snapshots.everySeconds - nowSeconds();
    if (dueSeconds > 0) {
      // breakage: young-snapshots-are-enough
      if (once || !(await pause(Math.min(dueSeconds, LOOK_AGAIN_SECONDS) * 1000, stop))) return;
      continue;
    }
    try {
      await snapshots.take(schema, stop);
    } catch (error) {
      if (stop.aborted) return;
      if (once || !(error instanceof DynalakeError)) throw error;
      onEvent(schema.table, { kind: "snapshot-failed", error });
      if (!(await pause(RETRY_SECONDS * 1000, stop))) return;
    }
    if (once) return;
  }
}
