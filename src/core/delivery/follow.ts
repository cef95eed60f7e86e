/** Follows one stream into one lake table: read -> deliver -> save the position, in this order, for ever. */

import type { Gap } from "../format/manifest.ts";
import type { ChangeBatch, ChangeReader, ChangeSource } from "../ports/change-source.ts";
import { latestManifest } from "../table/commits.ts";
import { gapBeforeReading, gapFound } from "../table/gap.ts";
import { type ReadingState, readReadingState, saveReadingState } from "../table/reading-state.ts";
import { recordGap } from "../table/recorded-gaps.ts";
import { saveStreamBeginning } from "../table/stream-beginning.ts";
import { type Delivery, type DeliveryContext, deliver } from "./deliver.ts";

export interface FollowContext extends DeliveryContext {
  readonly source: ChangeSource;
  readonly nowSeconds: () => number;
  /** Makes a unique name of letters, digits, _ and -. */
  readonly newRun: () => string;
  /** At most so many records are delivered at once. */
  readonly recordsMax: number;
  /** A batch waits at most so long for its first record. */
  readonly waitMs: number;
  readonly onEvent: (event: FollowEvent) => void;
}

export type FollowEvent =
  | { readonly kind: "opened"; readonly resumed: boolean }
  | { readonly kind: "delivered"; readonly delivery: Delivery; readonly caughtUp: boolean }
  | { readonly kind: "gap"; readonly gap: Gap };

export interface Follower {
  /** Reads and delivers one batch, which may be empty. */
  step(): Promise<Delivery>;
  /** Whether the reader has seen the end of the stream, and all before it is delivered. */
  caughtUp(): boolean;
  /** All that the stream had at this moment is delivered; 0 where no such moment is known. */
  deliveredUntilSeconds(): number;
  close(): Promise<void>;
}

/** An idle stream is written down as read to its end every so many seconds. */
const IDLE_SAVE_SECONDS = 5;

/** Opens the stream where the last run has left it, or at its beginning. */
export async function openFollower(context: FollowContext): Promise<Follower> {
  const { store, source, nowSeconds } = context;
  const { table } = context.writer.codec.schema;
  const saved = await readReadingState(store, table);
  const reader = await source.open(saved?.position);
  context.onEvent({ kind: "opened", resumed: saved !== undefined });
  try {
    if (saved === undefined) {
      const beginning = { stream: reader.stream, readSinceSeconds: nowSeconds() };
      // Before any position: a snapshot that comes later has to know of it.
      await saveStreamBeginning(store, table, beginning); // breakage: beginning-saved
      const gap = gapBeforeReading(await latestManifest(store, table), beginning);
      if (gap !== undefined) await noteGap(context, gap);
    }
  } catch (error) {
    await reader.close();
    throw error;
  }
  return new StreamFollower(context, reader, saved);
}

async function noteGap(context: FollowContext, gap: Gap): Promise<void> {
  await recordGap(context.store, context.writer.codec.schema.table, context.newRun(), gap);
  context.onEvent({ kind: "gap", gap });
}

class StreamFollower implements Follower {
  readonly #context: FollowContext;
  readonly #reader: ChangeReader;
  #saved: ReadingState | undefined;
  /** The batch of a step that failed: the reader gives it once, so that the next step delivers it. */
  #undelivered: ChangeBatch | undefined;
  #caughtUp = false;
  #deliveredUntilSeconds = 0;

  constructor(context: FollowContext, reader: ChangeReader, saved: ReadingState | undefined) {
    this.#context = context;
    this.#reader = reader;
    this.#saved = saved;
  }

  async step(): Promise<Delivery> {
    const { recordsMax, waitMs, nowSeconds } = this.#context;
    // breakage: failed-batch-delivered-again
    const batch = this.#undelivered ?? (await this.#reader.next({ recordsMax, waitMs }));
    this.#undelivered = batch;
    // Written down before the position moves over it: a gap that was found once is never forgotten.
    // breakage: found-gaps-recorded
    for (const found of batch.gaps)
      await noteGap(this.#context, gapFound(found, this.#reader.stream, nowSeconds()));
    const arrivedAtSeconds = nowSeconds();
    // breakage: position-after-delivery
    const delivery = await deliver(this.#context, {
      records: batch.records,
      source: batch.position.streamArn,
      arrivedAtSeconds,
    });
    await this.#save(batch, delivery);
    this.#undelivered = undefined;
    this.#caughtUp = batch.caughtUp;
    this.#deliveredUntilSeconds = batch.readUntilSeconds ?? 0;
    if (batch.records.length > 0) {
      this.#context.onEvent({ kind: "delivered", delivery, caughtUp: batch.caughtUp });
    }
    return delivery;
  }

  caughtUp(): boolean {
    return this.#caughtUp;
  }

  deliveredUntilSeconds(): number {
    return this.#deliveredUntilSeconds;
  }

  async close(): Promise<void> {
    await this.#reader.close();
  }

  async #save(batch: ChangeBatch, delivery: Delivery): Promise<void> {
    const savedAtSeconds = this.#context.nowSeconds();
    const moved = batch.records.length > 0 || batch.gaps.length > 0 || batch.caughtUp !== this.#caughtUp;
    if (
      !moved &&
      this.#saved !== undefined &&
      savedAtSeconds < this.#saved.savedAtSeconds + IDLE_SAVE_SECONDS
    )
      return;
    const state: ReadingState = {
      position: batch.position,
      savedAtSeconds,
      caughtUpAtSeconds: newest(this.#saved?.caughtUpAtSeconds, endSeconds(batch, savedAtSeconds)),
      newestChangeSeconds: newest(this.#saved?.newestChangeSeconds, delivery.newestChangeSeconds),
    };
    await saveReadingState(this.#context.store, this.#context.writer.codec.schema.table, state);
    this.#saved = state;
  }
}

/** The last moment at which the batch and those before it were all that the stream had, where there is one. */
function endSeconds({ caughtUp, readUntilSeconds = 0 }: ChangeBatch, nowSeconds: number): number | undefined {
  if (caughtUp) return nowSeconds;
  return readUntilSeconds > 0 ? Math.floor(readUntilSeconds) : undefined;
}

function newest(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Math.max(a, b);
}
