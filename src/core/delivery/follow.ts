/**
 * Follows one stream into one lake table: read -> deliver -> save the position, in this order, for ever. The next batch is read
 * while one is delivered; the position never moves past what is delivered.
 */

import type { Gap } from "../format/manifest.ts";
import type { ChangeSource } from "../ports/change-source.ts";
import { latestManifest } from "../table/commits.ts";
import { gapBeforeReading } from "../table/gap.ts";
import { type ReadingState, readReadingState, saveReadingState } from "../table/reading-state.ts";
import { recordGap } from "../table/recorded-gaps.ts";
import type { DeliveredChange, RunHeartbeat } from "../table/run-heartbeat.ts";
import { type DeliveredCounts, summed } from "../table/run-series.ts";
import { saveStreamBeginning } from "../table/stream-beginning.ts";
import { type Delivery, type DeliveryContext, deliverRows } from "./deliver.ts";
import { type AheadContext, type BatchAhead, ReadAhead } from "./read-ahead.ts";

export interface FollowContext extends DeliveryContext, AheadContext {
  readonly source: ChangeSource;
  /** Makes a run id: unique, of letters, digits, _ and -. */
  readonly newRunId: () => string;
  readonly onEvent: (event: FollowEvent) => void;
}

export type FollowEvent =
  | { readonly kind: "opened"; readonly resumed: boolean }
  | { readonly kind: "delivered"; readonly delivery: Delivery; readonly caughtUp: boolean }
  | { readonly kind: "gap"; readonly gap: Gap };

export interface Follower {
  /** Delivers what was read since the last step, or what comes next, which may be nothing. */
  step(): Promise<Delivery>;
  /** Resolves once a step would deliver as much as one can. */
  full(): Promise<void>;
  /** Whether the reader has seen the end of the stream, and all before it is delivered. */
  caughtUp(): boolean;
  /** All that the stream had at this moment is delivered; 0 where no such moment is known. */
  deliveredUntilSeconds(): number;
  /** For people. */
  progress(): FollowProgress;
  /** What was delivered since this was last asked; undefined for nothing. */
  takeDelivered(): DeliveredCounts | undefined;
  close(): Promise<void>;
}

export type FollowProgress = Pick<RunHeartbeat, "waitingRecords" | "deliveredUntilSeconds" | "newest">;

/** How often an idle stream is recorded as read to its end. */
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
  return new StreamFollower(context, new ReadAhead(context, reader), saved);
}

async function noteGap(context: FollowContext, gap: Gap): Promise<void> {
  await recordGap(context.store, context.writer.codec.schema.table, context.newRunId(), gap);
  context.onEvent({ kind: "gap", gap });
}

class StreamFollower implements Follower {
  readonly #context: FollowContext;
  readonly #ahead: ReadAhead;
  #saved: ReadingState | undefined;
  /** The batch of a step that failed: it was read once, so that the next step delivers it. */
  #undelivered: BatchAhead | undefined;
  #caughtUp = false;
  #deliveredUntilSeconds = 0;
  #currentUntilSeconds: number | undefined;
  #newest: DeliveredChange | undefined;
  #delivered: DeliveredCounts | undefined;

  constructor(context: FollowContext, ahead: ReadAhead, saved: ReadingState | undefined) {
    this.#context = context;
    this.#ahead = ahead;
    this.#saved = saved;
  }

  async step(): Promise<Delivery> {
    // breakage: failed-batch-delivered-again
    const batch = this.#undelivered ?? (await this.#ahead.take());
    this.#undelivered = batch;
    const { rows, gaps, caughtUp } = batch;
    if (rows.records > 0) this.#ahead.start();
    // Written down before the position moves over it: a gap that was found once is never forgotten.
    // breakage: found-gaps-recorded
    for (const gap of gaps) await noteGap(this.#context, gap);
    // breakage: position-after-delivery
    const delivery = await deliverRows(this.#context, rows, this.#context.nowSeconds());
    await this.#save(batch, delivery);
    this.#undelivered = undefined;
    this.#caughtUp = caughtUp;
    this.#deliveredUntilSeconds = batch.readUntilSeconds;
    this.#note(batch, delivery);
    this.#count(batch, delivery);
    if (rows.records > 0) this.#context.onEvent({ kind: "delivered", delivery, caughtUp });
    return delivery;
  }

  full(): Promise<void> {
    return this.#ahead.full();
  }

  caughtUp(): boolean {
    return this.#caughtUp;
  }

  deliveredUntilSeconds(): number {
    return this.#deliveredUntilSeconds;
  }

  progress(): FollowProgress {
    return {
      waitingRecords: (this.#undelivered?.rows.records ?? 0) + this.#ahead.waitingRecords,
      deliveredUntilSeconds: this.#currentUntilSeconds,
      newest: this.#newest,
    };
  }

  takeDelivered(): DeliveredCounts | undefined {
    const delivered = this.#delivered;
    this.#delivered = undefined;
    return delivered;
  }

  async close(): Promise<void> {
    await this.#ahead.close();
  }

  #count({ rows: { insert, modify, remove, expired } }: BatchAhead, { oldestChangeSeconds }: Delivery): void {
    if (oldestChangeSeconds === undefined) return;
    const slowestSeconds = Math.max(0, this.#context.nowSeconds() - oldestChangeSeconds);
    const counts = { insert, modify, remove, expired, slowestSeconds };
    this.#delivered = this.#delivered === undefined ? counts : summed(this.#delivered, counts);
  }

  #note({ currentUntilSeconds }: BatchAhead, { newestChangeSeconds: changedAtSeconds }: Delivery): void {
    this.#currentUntilSeconds = currentUntilSeconds ?? this.#currentUntilSeconds;
    if (changedAtSeconds === undefined || changedAtSeconds < (this.#newest?.changedAtSeconds ?? 0)) return;
    this.#newest = { changedAtSeconds, deliveredAtSeconds: this.#context.nowSeconds() };
  }

  async #save(batch: BatchAhead, delivery: Delivery): Promise<void> {
    const savedAtSeconds = this.#context.nowSeconds();
    const moved = batch.rows.records > 0 || batch.gaps.length > 0 || batch.caughtUp !== this.#caughtUp;
    if (
      !moved &&
      this.#saved !== undefined &&
      savedAtSeconds < this.#saved.savedAtSeconds + IDLE_SAVE_SECONDS
    )
      return;
    const state: ReadingState = {
      position: batch.position,
      savedAtSeconds,
      caughtUpAtSeconds: newest(this.#saved?.caughtUpAtSeconds, endSeconds(batch)),
      newestChangeSeconds: newest(this.#saved?.newestChangeSeconds, delivery.newestChangeSeconds),
    };
    await saveReadingState(this.#context.store, this.#context.writer.codec.schema.table, state);
    this.#saved = state;
  }
}

/** The last moment at which the batch and those before it were all that the stream had, where there is one. */
function endSeconds({ caughtUp, readUntilSeconds, readAtSeconds }: BatchAhead): number | undefined {
  if (caughtUp) return readAtSeconds;
  return readUntilSeconds > 0 ? Math.floor(readUntilSeconds) : undefined;
}

function newest(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Math.max(a, b);
}
