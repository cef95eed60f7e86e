/** Writes down that a run follows a table, every few seconds, also while a delivery takes long. */
import { hostname } from "node:os";
import type { Follower } from "../../core/delivery/follow.ts";
import type { ObjectStore } from "../../core/ports/object-store.ts";
import { readHeartbeat, saveHeartbeat } from "../../core/table/run-heartbeat.ts";
import { nowSeconds } from "../../sdk/new-run-id.ts";
import { pause } from "./pause.ts";

const BEAT_MS = 2_000;

export interface Heartbeat {
  /** Writes down that the run has ended. */
  end(): Promise<void>;
}

/** A beat that cannot be written is left out: what matters fails on its own. */
export async function startHeartbeat(
  store: ObjectStore,
  table: string,
  follower: Pick<Follower, "progress">,
): Promise<Heartbeat> {
  const startedAtSeconds = nowSeconds();
  const earlier = await readHeartbeat(store, table).catch(() => undefined);
  const beat = async (endedAtSeconds?: number): Promise<void> => {
    const { waitingRecords, newest, deliveredUntilSeconds } = follower.progress();
    const run = { process: process.pid, host: hostname(), startedAtSeconds, seenAtSeconds: nowSeconds() };
    const reached = {
      newest: newest ?? earlier?.newest,
      deliveredUntilSeconds: deliveredUntilSeconds ?? earlier?.deliveredUntilSeconds,
    };
    const heartbeat = { ...run, endedAtSeconds, waitingRecords, ...reached };
    await saveHeartbeat(store, table, heartbeat).catch(() => undefined);
  };
  const ended = new AbortController();
  const beating = (async (): Promise<void> => {
    do await beat();
    while (await pause(BEAT_MS, ended.signal));
  })();
  return {
    end: async () => {
      ended.abort();
      await beating;
      await beat(nowSeconds());
    },
  };
}
