/** Delivers what waits for a table. */
import type { ObjectStore } from "../ports/object-store.ts";
import { waitingPaths } from "../table/waiting-paths.ts";
import { sha256Half } from "../values/hash.ts";
import { type DeliveryContext, deliver } from "./deliver.ts";
import { type DeliveryFailure, failureOf } from "./delivery-failure.ts";
import { readWaiting } from "./waiting-changes.ts";

export interface Fed {
  readonly rows: number;
  /** Objects that are delivered and gone. */
  readonly objects: number;
  /** Objects that wait on, each with the reason. */
  readonly failed: readonly FailedFeed[];
}

export interface FailedFeed extends DeliveryFailure {
  readonly path: string;
}

/** Where so many fail, the others will as well: the next feed begins elsewhere. */
const FAILED_MAX = 20;

/**
 * Ends after `secondsMax`. An object that fails holds up no other one: the rest is delivered all the same, since sequence numbers
 * order changes, and each feed begins at another object, since failures use up its time. Doing it again, or twice at once, does no
 * harm.
 */
export async function feedWaiting(
  store: ObjectStore,
  table: string,
  context: DeliveryContext,
  clock: { readonly nowSeconds: () => number; readonly secondsMax: number },
): Promise<Fed> {
  const { nowSeconds, secondsMax } = clock;
  const beganSeconds = nowSeconds();
  let [rows, objects] = [0, 0];
  const failed: FailedFeed[] = [];
  for (const path of begunElsewhere(await waitingPaths(store, table), beganSeconds)) {
    if (nowSeconds() >= beganSeconds + secondsMax || failed.length >= FAILED_MAX) break;
    try {
      const waiting = await readWaiting(store, path);
      if (waiting === undefined) continue;
      const { records } = waiting;
      const delivery = await deliver(context, { records, source: path, arrivedAtSeconds: nowSeconds() });
      await store.remove([path]); // breakage: fed-changes-go-after-delivery
      rows += delivery.rows;
      objects++;
    } catch (error) {
      failed.push({ path, ...failureOf(error) }); // breakage: failing-objects-hold-up-none
    }
  }
  return { rows, objects, failed };
}

/** The same paths from one on that depends on the moment. */
function begunElsewhere(paths: readonly string[], nowSeconds: number): readonly string[] {
  const hash = Number.parseInt(sha256Half(String(nowSeconds)).slice(0, 8), 16);
  const first = paths.length === 0 ? 0 : hash % paths.length; // breakage: feeds-begin-elsewhere
  return [...paths.slice(first), ...paths.slice(0, first)];
}
