/** Reads the stream of a table, and the next one when the table gets a new stream. */
import { DynalakeError } from "../core/error.ts";
import type { ChangeBatch, ChangeReader, StreamGap, StreamIdentity } from "../core/ports/change-source.ts";
import type { Timing } from "../sdk/timing.ts";
import { Bell } from "./bell.ts";
import { FollowedStream, type StreamToFollow } from "./followed-stream.ts";

/** A stream that can be read. */
export interface FoundStream {
  readonly identity: StreamIdentity;
  readonly toFollow: Omit<StreamToFollow, "onNews">;
  /** What is lost if this stream is read in place of the requested one. */
  readonly gaps: readonly StreamGap[];
}

export interface StreamReading {
  readonly first: FoundStream;
  /** Finds the stream that replaced an ended one; fails if the table has none that can be read. */
  readonly successorOf: (streamArn: string, signal: AbortSignal) => Promise<FoundStream>;
  /** Turns an error of the SDK into a DynalakeError. */
  readonly toError: (error: unknown) => DynalakeError;
  readonly timing: Timing;
}

export class StreamReader implements ChangeReader {
  readonly #reading: StreamReading;
  readonly #bell: Bell;
  #identity: StreamIdentity;
  #followed: FollowedStream;
  #gaps: StreamGap[];
  #successor: "none" | "sought" | FoundStream = "none";
  #failure: unknown;
  #isWaiting = false;
  readonly #close = new AbortController();

  constructor(reading: StreamReading) {
    this.#reading = reading;
    this.#bell = new Bell(reading.timing);
    this.#identity = reading.first.identity;
    this.#gaps = [...reading.first.gaps];
    this.#followed = this.#follow(reading.first);
  }

  get stream(): StreamIdentity {
    return this.#identity;
  }

  get fetchedRecords(): number {
    return this.#followed.fetchedRecords;
  }

  async next(request: { readonly recordsMax: number; readonly waitMs: number }): Promise<ChangeBatch> {
    if (this.#isWaiting)
      throw new DynalakeError("INTERNAL", "the stream reader is already waiting for a batch");
    this.#isWaiting = true;
    try {
      return await this.#next(Math.max(1, request.recordsMax), request.waitMs);
    } finally {
      this.#isWaiting = false;
    }
  }

  async close(): Promise<void> {
    this.#close.abort();
    this.#bell.ring();
    await this.#followed.stop();
  }

  async #next(recordsMax: number, waitMs: number): Promise<ChangeBatch> {
    const { timing } = this.#reading;
    const untilMs = timing.nowMs() + waitMs;
    for (;;) {
      this.#succeed();
      // In this order: the position must cover the records taken and include the shards of the gaps.
      const records = this.#followed.take(recordsMax);
      const gaps = [...this.#gaps, ...this.#followed.takeGaps()];
      this.#gaps = [];
      const leftMs = untilMs - timing.nowMs();
      const failure = this.#failure ?? this.#followed.failure;
      const due = records.length > 0 || gaps.length > 0 || this.#closed;
      if (!due && failure !== undefined) throw this.#reading.toError(failure);
      if (due || leftMs <= 0) {
        const { position, reachedSeconds, currentUntilSeconds } = this.#followed;
        const readUntilSeconds = this.#isCurrent ? this.#followed.readUntilSeconds : 0;
        const reached = { reachedSeconds, readUntilSeconds, currentUntilSeconds };
        return { records, gaps, position, caughtUp: this.#caughtUp, ...reached };
      }
      await this.#bell.wait(leftMs);
    }
  }

  get #closed(): boolean {
    return this.#close.signal.aborted;
  }

  get #caughtUp(): boolean {
    return this.#isCurrent && this.#followed.caughtUp;
  }

  get #isCurrent(): boolean {
    return !this.#closed && this.#successor === "none";
  }

  #follow(found: FoundStream): FollowedStream {
    const followed = new FollowedStream({ ...found.toFollow, onNews: () => this.#bell.ring() });
    followed.start();
    return followed;
  }

  /** Once this stream has ended, looks for its successor and switches to it. */
  #succeed(): void {
    if (this.#closed || this.#failure !== undefined || !this.#followed.ended) return;
    if (this.#successor === "none") {
      this.#successor = "sought";
      void this.#seekSuccessor();
    } else if (this.#successor !== "sought") {
      const found = this.#successor;
      this.#gaps.push(...this.#followed.takeGaps(), ...found.gaps);
      this.#identity = found.identity;
      this.#followed = this.#follow(found);
      this.#successor = "none";
    }
  }

  async #seekSuccessor(): Promise<void> {
    try {
      this.#successor = await this.#reading.successorOf(this.#identity.arn, this.#close.signal);
    } catch (error) {
      this.#failure = error;
    }
    this.#bell.ring();
  }
}

/** The gap between an ended stream and its successor. */
export function streamRecreated(oldArn: string, newArn: string): StreamGap {
  const detail = `Stream ${newArn} replaced ${oldArn}; changes made between the two are in neither`;
  return { reason: "stream-recreated", detail };
}
