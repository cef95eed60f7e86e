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

/** After a failure, and twice as long after each further one: another try may read all of the source again. */
const RETRY_SECONDS = 60;
/** Others may take a snapshot meanwhile, and timers have a longest time. */
const LOOK_AGAIN_SECONDS = 3600;

/**
 * Takes a snapshot of each table whenever one is due, until it is stopped; `once` takes one at most of each, and fails with it.
 * They are taken one after the other, because each may use the share of the source's read capacity that snapshots have.
 */
export function snapshotRegularly(
  request: SnapshotRequest,
  schemas: readonly Schema[],
  run: SnapshotRun,
): readonly Promise<void>[] {
  const { snapshots } = request;
  if (snapshots === undefined) return [];
  const taking = { ...request, snapshots: inTurn(snapshots) };
  return schemas.map((schema) => snapshotTable(taking, schema, run));
}

interface SnapshotRun {
  readonly once: boolean;
  readonly stop: AbortSignal;
}

function inTurn({ everySeconds, take }: RegularSnapshots): RegularSnapshots {
  let last: Promise<void> = Promise.resolve();
  return {
    everySeconds,
    take: (schema, signal) => {
      const taken = last.then(() => {
        signal.throwIfAborted();
        return take(schema, signal);
      });
      last = taken.catch(() => undefined); // breakage: snapshots-take-turns
      return taken;
    },
  };
}

async function snapshotTable(
  { folder, snapshots, onEvent }: SnapshotRequest & { readonly snapshots: RegularSnapshots },
  schema: Schema,
  { once, stop }: SnapshotRun,
): Promise<void> {
  const store = folderStore(folder);
  let retrySeconds = RETRY_SECONDS;
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
      retrySeconds = RETRY_SECONDS;
    } catch (error) {
      if (stop.aborted) return;
      if (once || !(error instanceof DynalakeError)) throw error;
      onEvent(schema.table, { kind: "snapshot-failed", error });
      if (!(await pause(retrySeconds * 1000, stop))) return;
      retrySeconds = Math.min(2 * retrySeconds, LOOK_AGAIN_SECONDS); // breakage: failed-snapshots-wait-longer
    }
    if (once) return;
  }
}
