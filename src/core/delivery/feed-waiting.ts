/** Delivers what waits for a table. */
import type { ObjectStore } from "../ports/object-store.ts";
import { waitingPaths } from "../table/waiting-paths.ts";
import { type DeliveryContext, deliver } from "./deliver.ts";
import { readWaiting } from "./waiting-changes.ts";

export interface Fed {
  readonly rows: number;
  /** Objects that are delivered and gone. */
  readonly objects: number;
}

/** Ends with the first failure, and after `secondsMax`. Doing it again, or twice at once, does no harm. */
export async function feedWaiting(
  store: ObjectStore,
  table: string,
  context: DeliveryContext,
  clock: { readonly nowSeconds: () => number; readonly secondsMax: number },
): Promise<Fed> {
  const { nowSeconds, secondsMax } = clock;
  const untilSeconds = nowSeconds() + secondsMax;
  let fed: Fed = { rows: 0, objects: 0 };
  for (const path of await waitingPaths(store, table)) {
    if (nowSeconds() >= untilSeconds) break;
    const waiting = await readWaiting(store, path);
    if (waiting === undefined) continue;
    const { records } = waiting;
    const { rows } = await deliver(context, { records, source: path, arrivedAtSeconds: nowSeconds() });
    await store.remove([path]); // breakage: fed-changes-go-after-delivery
    fed = { rows: fed.rows + rows, objects: fed.objects + 1 };
  }
  return fed;
}
