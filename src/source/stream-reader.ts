import { DynalakeError } from "../core/error.ts";
import type { ChangeBatch, ChangeReader, StreamGap, StreamIdentity } from "../core/ports/change-source.ts";
import type { Timing } from "../sdk/timing.ts";
import { FollowedStream, type StreamToFollow } from "./followed-stream.ts";
import { Bell } from "./timing.ts";

/** A stream that was found and can be read. */
export interface FoundStream {
  readonly identity: StreamIdentity;
  /** Everything that following it needs. */
  readonly toFollow: Omit<StreamToFollow, "onNews">;
  /** What is lost by reading this stream rather than the one that was asked for. */
  readonly gaps: readonly StreamGap[];
}

export interface StreamReading {
  readonly first: FoundStream;
  /** Finds the stream that the table writes to after this one has ended; fails when there is none that can be read. */
  readonly successorOf: (streamArn: string, signal: AbortSignal) => Promise<FoundStream>;
  /** Turns what the SDK threw into an error of dynalake. */
  readonly toError: (error: unknown) => DynalakeError;
  readonly timing: Timing;
}

/** Gives out one stream's records batch by batch, and those of its successor when the table gets a new stream. */
export class StreamReader implements ChangeReader {
  readonly #reading: StreamReading;
  readonly #bell: Bell;
  #identity: StreamIdentity;
  #followed: FollowedStream;
  #gaps: StreamGap[];
  #succession: "none" | "sought" | FoundStream = "none";
  #failure: unknown;
  #underWay = false;
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

  async next(request: { readonly recordsMax: number; readonly waitMs: number }): Promise<ChangeBatch> {
    if (this.#underWay)
      throw new DynalakeError("INTERNAL", "a stream reader was asked twice at the same time");
    this.#underWay = true;
    try {
      return await this.#next(Math.max(1, request.recordsMax), request.waitMs);
    } finally {
      this.#underWay = false;
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
      // In this order: the position has to cover what is taken, and a gap belongs to a position that already knows of it.
      const records = this.#followed.take(recordsMax);
      const gaps = [...this.#gaps, ...this.#followed.takeGaps()];
      this.#gaps = [];
      const leftMs = untilMs - timing.nowMs();
      const failure = this.#failure ?? this.#followed.failure;
      const due = records.length > 0 || gaps.length > 0 || this.#closed;
      if (!due && failure !== undefined) throw this.#reading.toError(failure);
      if (due || leftMs <= 0) {
        const { position, reachedSeconds } = this.#followed;
        const readUntilSeconds = this.#isCurrent ? this.#followed.readUntilSeconds : 0;
        return { records, gaps, position, caughtUp: this.#caughtUp, reachedSeconds, readUntilSeconds };
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
    return !this.#closed && this.#succession === "none";
  }

  #follow(found: FoundStream): FollowedStream {
    const followed = new FollowedStream({ ...found.toFollow, onNews: () => this.#bell.ring() });
    followed.start();
    return followed;
  }

  /** Looks for the next stream once this one has ended, and goes over to it when it is found. */
  #succeed(): void {
    if (this.#closed || this.#failure !== undefined || !this.#followed.ended) return;
    if (this.#succession === "none") {
      this.#succession = "sought";
      void this.#seekSuccessor();
    } else if (this.#succession !== "sought") {
      const found = this.#succession;
      this.#gaps.push(...this.#followed.takeGaps(), ...found.gaps);
      this.#identity = found.identity;
      this.#followed = this.#follow(found);
      this.#succession = "none";
    }
  }

  async #seekSuccessor(): Promise<void> {
    try {
      this.#succession = await this.#reading.successorOf(this.#identity.arn, this.#close.signal);
    } catch (error) {
      this.#failure = error;
    }
    this.#bell.ring();
  }
}

/** The hole between a stream that has ended and the one after it. */
export function streamRecreated(oldArn: string, newArn: string): StreamGap {
  const detail = `The table's stream was ${oldArn} and is ${newArn} now; changes between the two are in neither`;
  return { reason: "stream-recreated", detail };
}
