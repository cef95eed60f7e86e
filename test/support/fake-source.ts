/** A change source with one shard in memory. It resumes from any position, and finds its gaps again. */
import type {
  ChangeBatch,
  ChangeReader,
  ChangeSource,
  StreamGap,
  StreamPosition,
} from "../../src/core/ports/change-source.ts";

export const STREAM_ARN = "arn:aws:dynamodb:eu-west-1:123456789012:table/t/stream/2026";

export class FakeSource implements ChangeSource {
  readonly records: unknown[] = [];
  /** Gaps, by the index of the record after them. */
  readonly gaps: Map<number, StreamGap> = new Map();
  /** The position of each call of `open`. */
  readonly openedFrom: (StreamPosition | undefined)[] = [];
  readonly readers: FakeReader[] = [];
  createdAtSeconds: number | undefined;
  /** Further members of a batch. */
  readUntilSeconds: number | undefined;
  /** At most so many records are given at once. */
  givenMax: number = Number.POSITIVE_INFINITY;
  /** The error that a call of `next` throws, once. */
  failure: Error | undefined;
  #failsFrom = 0;

  /** Fails once, after this many records were given. */
  fail(failure: Error, givenBefore: number): void {
    this.failure = failure;
    this.#failsFrom = givenBefore;
  }

  /** The error that is due after so many records. */
  takeFailure(given: number): Error | undefined {
    if (given < this.#failsFrom) return undefined;
    const { failure } = this;
    this.failure = undefined;
    return failure;
  }

  async open(from: StreamPosition | undefined): Promise<FakeReader> {
    this.openedFrom.push(from);
    const reader = new FakeReader(this, Number(from?.shards.shard?.after ?? -1) + 1);
    this.readers.push(reader);
    return reader;
  }
}

class FakeReader implements ChangeReader {
  readonly stream: ChangeReader["stream"];
  readonly #source: FakeSource;
  #at: number;
  closed = false;

  constructor(source: FakeSource, at: number) {
    const { createdAtSeconds } = source;
    this.stream = { arn: STREAM_ARN, ...(createdAtSeconds === undefined ? {} : { createdAtSeconds }) };
    this.#source = source;
    this.#at = at;
  }

  /** How many records it has given, from the stream's beginning. */
  get given(): number {
    return this.#at;
  }

  async next({ recordsMax }: { readonly recordsMax: number }): Promise<ChangeBatch> {
    await Promise.resolve();
    const { records, gaps, readUntilSeconds, givenMax } = this.#source;
    const failure = this.#source.takeFailure(this.#at);
    if (failure !== undefined) throw failure;
    const [from, below] = [this.#at, Math.min(this.#at + Math.min(recordsMax, givenMax), records.length)];
    this.#at = below;
    const after = below === 0 ? {} : { after: String(below - 1) };
    return {
      records: records.slice(from, below),
      position: { streamArn: STREAM_ARN, shards: { shard: { ...after, finished: false } } },
      gaps: [...gaps].filter(([at]) => at >= from && at < below).map(([, gap]) => gap),
      caughtUp: below === records.length,
      ...(readUntilSeconds === undefined ? {} : { readUntilSeconds }),
    };
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}
