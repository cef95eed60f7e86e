/**
 * Where changes come from: one reader of one table's stream. An adapter follows all shards, gives a parent's records
 * before those of its children, and starts again wherever a position says.
 */
export interface ChangeSource {
  /**
   * Opens the stream behind `from`; undefined means everything that the stream still holds (TRIM_HORIZON). Fails with
   * TABLE_NOT_FOUND, STREAM_UNUSABLE, CREDENTIALS or UNREACHABLE, having changed nothing.
   */
  open(from: StreamPosition | undefined): Promise<ChangeReader>;
}

export interface ChangeReader {
  /** The stream that is being read. */
  readonly stream: StreamIdentity;

  /**
   * The next records, in order within each shard and from parent to child: at most `recordsMax`, and none if none came
   * within `waitMs`. Throttling, expired iterators and passing network failures are retried inside with backoff; what
   * fails for good is thrown. `position` covers exactly the records returned so far: saved after their delivery, it
   * makes the reading at-least-once. Only one call may be under way.
   */
  next(request: { readonly recordsMax: number; readonly waitMs: number }): Promise<ChangeBatch>;

  /** Ends the reading; a `next` under way returns what it has. Idempotent. */
  close(): Promise<void>;
}

export interface StreamIdentity {
  readonly arn: string;
  /** Seconds since the epoch when the stream was created, where the service tells. */
  readonly createdAtSeconds?: number;
  /** The table was created with it: nothing was ever written before it. */
  readonly isFirst?: true;
}

export interface ChangeBatch {
  /** Stream records in the JSON shape of a Lambda event: binary values as base64 text, times in seconds. */
  readonly records: readonly unknown[];
  readonly position: StreamPosition;
  /** Holes found since the last batch: records that the stream no longer has. */
  readonly gaps: readonly StreamGap[];
  /** True when every open shard answered with nothing newer at the last poll. */
  readonly caughtUp: boolean;
  /**
   * Seconds since the epoch: in each open shard all records from before it have been given out, as the newest of them tells. A
   * stream that is never idle is never caught up, but it passes every moment. Absent where a source does not tell.
   */
  readonly reachedSeconds?: number;
  /**
   * By the reader's clock: all that the stream had at that moment has been given out, whatever has come since then; 0 before
   * the first such moment. Absent where a source does not tell.
   */
  readonly readUntilSeconds?: number;
}

/** How far a stream has been read; plain JSON. */
export interface StreamPosition {
  readonly streamArn: string;
  readonly shards: Readonly<Record<string, ShardPosition>>;
}

export interface ShardPosition {
  readonly parent?: string;
  /** Sequence number of the last record given out; absent before the first one. */
  readonly after?: string;
  /** True once the shard is closed and all of its records were given out. */
  readonly finished: boolean;
}

export interface StreamGap {
  readonly reason: "trimmed" | "shard-expired" | "stream-recreated";
  /** What was found, for people; names shards and streams, never items. */
  readonly detail: string;
}
