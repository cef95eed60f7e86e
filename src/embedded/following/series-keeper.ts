/** Writes down what a run delivers, for figures of the last days: once a minute, and at its end. */
import type { Follower } from "../../core/delivery/follow.ts";
import type { ObjectStore } from "../../core/ports/object-store.ts";
import { NO_SERIES, readRunSeries, saveRunSeries, withDelivered } from "../../core/table/run-series.ts";
import { nowSeconds } from "../../sdk/new-run-id.ts";
import { pause } from "./pause.ts";

const LOOK_MS = 10_000;
const SAVE_SECONDS = 60;

export interface SeriesKeeper {
  /** Writes down the rest. */
  end(): Promise<void>;
}

/** What cannot be read begins anew, and what cannot be written is left out: only figures depend on it. */
export async function keepSeries(
  store: ObjectStore,
  table: string,
  follower: Pick<Follower, "takeDelivered">,
): Promise<SeriesKeeper> {
  let series = (await readRunSeries(store, table).catch(() => undefined)) ?? NO_SERIES;
  let isSaved = true;
  let savedAtSeconds = nowSeconds();
  const look = (): void => {
    const counts = follower.takeDelivered();
    if (counts === undefined) return;
    series = withDelivered(series, counts, nowSeconds());
    isSaved = false;
  };
  const save = async (): Promise<void> => {
    if (isSaved) return;
    await saveRunSeries(store, table, series).catch(() => undefined);
    isSaved = true;
    savedAtSeconds = nowSeconds();
  };
  const ended = new AbortController();
  const keeping = (async (): Promise<void> => {
    while (await pause(LOOK_MS, ended.signal)) {
      look();
      if (nowSeconds() - savedAtSeconds >= SAVE_SECONDS) await save();
    }
  })();
  return {
    end: async () => {
      ended.abort();
      await keeping;
      look();
      await save();
    },
  };
}
