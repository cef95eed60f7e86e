/**
 * Where changes come from: one reader of the stream of one table. An adapter follows all shards, returns the records of a
 * parent before those of its children, and resumes from any position.
 */
export interface ChangeSource {
  /**
   * Opens the stream after the position `from`; undefined for everything that the stream still holds (TRIM_HORIZON). Fails
   * with TABLE_NOT_FOUND, STREAM_UNUSABLE, CREDENTIALS or UNREACHABLE, without having changed anything.
   */
  open(from: StreamPosition | undefined): Promise<ChangeReader>;
}

export interface ChangeReader {
  /** The stream that is being read. */
  readonly stream: StreamIdentity;

  /**
   * The next records, in order within each shard and from parent to child: at most `recordsMax`, and none if none arrives
   * within `waitMs`. Retries throttling, expired iterators and passing network failures with backoff, and throws permanent
   * failures. `position` covers exactly the records returned so far: saved after their delivery, it makes delivery
   * at-least-once. Only one call at a time is allowed.
   */
  next(request: { readonly recordsMax: number; readonly waitMs: number }): Promise<ChangeBatch>;

  /** How many records have been fetched and not returned yet. Absent if the source does not report it. */
  readonly fetchedRecords?: number;

  /** Ends the reading. A pending `next` returns what it has. Idempotent. */
  close(): Promise<void>;
}

export interface StreamIdentity {
  readonly arn: string;
  /** When the stream was created, in seconds since the epoch, if the service reports it. */
  readonly createdAtSeconds?: number;
  /** The table was created with this stream: nothing was written before it. */
  readonly isFirst?: true;
}

export interface ChangeBatch {
  /** Stream records in the shape of a Lambda event: binary values as base64 text, times in seconds. */
  readonly records: readonly unknown[];
  readonly position: StreamPosition;
  /** Gaps found since the last batch: records that the stream no longer holds. */
  readonly gaps: readonly StreamGap[];
  /** Whether the last poll of every open shard returned nothing newer. */
  readonly caughtUp: boolean;
  /**
   * Seconds since the epoch: every record made before this time, by the records' own clock, has been returned. A busy stream
   * is never caught up, but it passes every such time. Absent if the source does not report it.
   */
  readonly reachedSeconds?: number;
  /**
   * Seconds since the epoch, by the reader's clock: every record that the stream held at this time has been returned; 0 before
   * the first such time. Absent if the source does not report it.
   */
  readonly readUntilSeconds?: number;
  /**
   * For people, without the allowance for skew that `readUntilSeconds` makes: seconds since the epoch, the oldest over the shards
   * that are read of the last empty answer or the newest record returned. Absent while a shard has neither.
   */
  readonly currentUntilSeconds?: number | undefined;
}

/** How far a stream has been read, as plain JSON. */
export interface StreamPosition {
  readonly streamArn: string;
  readonly shards: Readonly<Record<string, ShardPosition>>;
}

export interface ShardPosition {
  readonly parent?: string;
  /** Sequence number of the last record returned; absent before the first. */
  readonly after?: string;
  /** Whether the shard is closed and all of its records have been returned. */
  readonly finished: boolean;
}

export interface StreamGap {
  readonly reason: "trimmed" | "shard-expired" | "stream-recreated";
  /** What was found, as a sentence that names shards and streams, never items. */
  readonly detail: string;
}
