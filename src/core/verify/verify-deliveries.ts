/** How far the changes of a source have come, as its stream and the saved position of its reader tell. */

import { type Change, Rejection, readChange } from "../change/change.ts";
import { changeFor } from "../change/selection.ts";
import { DynalakeError } from "../error.ts";
import {
  type KeyInWindow,
  type LogWindow,
  type RuleTimes,
  windowFromFloor,
  withChange,
} from "../overlay/overlay-rule.ts";
import type { ChangeReader, ChangeSource, StreamPosition } from "../ports/change-source.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import type { Deliveries } from "../ports/verified.ts";
import type { Schema } from "../schema/schema.ts";
import { latestManifest } from "../table/commits.ts";
import { readReadingState } from "../table/reading-state.ts";
import type { Item } from "../values/attribute-value.ts";
import { keyHash } from "../values/key.ts";

export interface StreamDeliveries {
  readonly store: ObjectStore;
  readonly schema: Schema;
  readonly stream: ChangeSource;
  readonly nowSeconds: () => number;
  /** The clock that stamps the changes. */
  readonly serviceNowSeconds: () => number;
  /** So far the times of records that follow each other can be apart from their order. */
  readonly marginSeconds: number;
  /** Reading to the end of the stream takes at most so long. */
  readonly readSeconds: number;
}

/** A reader that follows the stream saves its position at least this often. */
const FOLLOWED_SECONDS = 15;
const RECORDS_MAX = 5_000;
const WAIT_MS = 200;

export function streamDeliveries(context: StreamDeliveries): Deliveries {
  const { store, schema, stream, nowSeconds } = context;
  return {
    mark: async () => {
      const state = await readReadingState(store, schema.table);
      const times = await latestManifest(store, schema.table);
      const moving = state !== undefined && state.savedAtSeconds > nowSeconds() - FOLLOWED_SECONDS;
      return {
        moving,
        changesOf: async (keyHashes) => {
          const changes = new AskedChanges(keyHashes, times);
          const reader = await openReader(stream, state?.position);
          if (reader === undefined) return new Map();
          try {
            return (await readToEnd(context, reader, changes)) ? changes.newest() : "unknown";
          } finally {
            await reader.close();
          }
        },
      };
    },
  };
}

/** Undefined where the source has no stream that could feed a lake: nothing is under way then. */
async function openReader(
  stream: ChangeSource,
  from: StreamPosition | undefined,
): Promise<ChangeReader | undefined> {
  try {
    return await stream.open(from);
  } catch (error) {
    if (error instanceof DynalakeError && error.code === "STREAM_UNUSABLE") return undefined;
    throw error;
  }
}

/** True where every record that the stream had at the beginning was read: to its end, or past now where it has no end. */
async function readToEnd(
  context: StreamDeliveries,
  reader: ChangeReader,
  changes: AskedChanges,
): Promise<boolean> {
  const { schema, nowSeconds } = context;
  const endSeconds = context.serviceNowSeconds() + context.marginSeconds;
  const untilSeconds = nowSeconds() + context.readSeconds;
  for (;;) {
    const batch = await reader.next({ recordsMax: RECORDS_MAX, waitMs: WAIT_MS });
    for (const record of batch.records) {
      const change = changeOf(schema, record, nowSeconds());
      if (change !== undefined) changes.take(change);
    }
    const { caughtUp, reachedSeconds = caughtUp ? Number.POSITIVE_INFINITY : 0 } = batch;
    if (reachedSeconds >= endSeconds) return true;
    if (nowSeconds() >= untilSeconds) return false; // breakage: unread-stream-proves-nothing
  }
}

/** A record that is none goes to quarantine, and changes nothing. */
function changeOf(schema: Schema, record: unknown, arrivedAtSeconds: number): Change | undefined {
  try {
    return changeFor(schema, readChange(record, schema, arrivedAtSeconds));
  } catch (error) {
    if (error instanceof Rejection) return undefined;
    throw error;
  }
}

/** What the stream has of the keys that were asked for, by the rule of the overlay: changes older than the snapshot do not count. */
class AskedChanges {
  readonly #keyHashes: ReadonlySet<string>;
  readonly #window: LogWindow;
  readonly #keys: Map<string, KeyInWindow<Change>> = new Map();

  constructor(keyHashes: ReadonlySet<string>, times: RuleTimes) {
    this.#keyHashes = keyHashes;
    this.#window = windowFromFloor(times);
  }

  take(change: Change): void {
    const hash = keyHash(change.key);
    if (!this.#keyHashes.has(hash)) return;
    const held = withChange(this.#keys.get(hash), change, this.#window);
    if (held !== undefined) this.#keys.set(hash, held);
  }

  /** The item that each key has by its newest change; undefined where that removed it. */
  newest(): ReadonlyMap<string, Item | undefined> {
    // breakage: verify-ignores-older-changes
    const standing = [...this.#keys].filter(([, { stands }]) => stands);
    return new Map(
      standing.map(([hash, { newest }]) => [hash, newest.operation === "REMOVE" ? undefined : newest.item]),
    );
  }
}

/** For a lake that does not show how far its changes have come: what is not delivered after the wait of a look never will be. */
export const timedDeliveries: Deliveries = {
  mark: async () => ({ moving: true, changesOf: async () => new Map() }),
};
