/** What a status shows of a lake table, but for its gaps. The library and the JSON of `status` have the same members. */

import type { SnapshotsKept } from "../format/snapshots-kept.ts";

/**
 * The first of these that applies. gap: changes were lost. unread: the stream is not read, and loses changes after 24 hours.
 * undelivered: changes were put aside and are in no row. unfollowed: no run has followed the table within the time that was asked
 * for. quarantine: some records could not be understood and are waiting.
 * empty: nothing was ever delivered. drift: columns do not show all values of their attributes. healthy: nothing is missing.
 */
export type Health =
  | "gap"
  | "unread"
  | "undelivered"
  | "unfollowed"
  | "quarantine"
  | "empty"
  | "drift"
  | "healthy";

/** Plain data: times are seconds since the epoch. */
export interface StatusFacts {
  readonly table: string;
  readonly source: string;
  readonly health: Health;
  /** Rows of the table now. */
  readonly rows: number;
  /** The last snapshot; undefined if there was none. */
  readonly snapshot: { readonly exportTimeSeconds: number; readonly items: number } | undefined;
  /** What `<table>_snapshots` has, the newest last. */
  readonly keptSnapshots: KeptSnapshots;
  /** How far the stream was read; undefined if it never was. */
  readonly stream:
    | {
        readonly streamArn: string;
        /**
         * Now, less the oldest over the open shards of the last empty answer or the newest delivered change; undefined while a shard
         * was not read yet. Times on the stream are whole seconds.
         */
        readonly behindSeconds: number | undefined;
        readonly savedAtSeconds: number;
        readonly newestChangeSeconds: number | undefined;
      }
    | undefined;
  /** The run that follows the table, or did so last; undefined if none ever did, and for a deployment. */
  readonly following: FollowingRun | undefined;
  /**
   * When a deployment was last seen reading the stream, and when it was last looked at, in seconds since the epoch; undefined
   * for a lake that no deployment ever filled.
   */
  readonly watch:
    | {
        readonly streamArn: string | undefined;
        readonly seenReadingSeconds: number;
        readonly lookedSeconds: number;
      }
    | undefined;
  readonly commits:
    | {
        readonly newest: number;
        readonly newestAtSeconds: number;
        /** `asOf` reaches back to this time; 0 is the beginning. */
        readonly asOfFromSeconds: number;
      }
    | undefined;
  /** Changes from here on are read from the change log by each query; 0 is the beginning. */
  readonly horizonSeconds: number;
  readonly segments: {
    readonly base: number;
    readonly deltas: number;
    readonly rows: number;
    readonly bytes: number;
  };
  /** Change files since the horizon's hour. Some may already be compacted. */
  readonly recentChangeObjects: number;
  /** What a deployment has put aside; nothing in a folder. */
  readonly undelivered: Undelivered;
  /** Quarantine files by their reason. */
  readonly quarantine: Readonly<Record<string, number>>;
}

export interface KeptSnapshots {
  /** How many are kept: a number, all, or those that are at most so much older than the newest. */
  readonly keep: SnapshotsKept;
  readonly snapshots: readonly {
    readonly exportTimeSeconds: number;
    readonly items: number;
    readonly bytes: number;
  }[];
  /** Attributes that are masked by now and not in the files of so many snapshots, which show NULL. */
  readonly unmasked: readonly { readonly attribute: string; readonly snapshots: number }[];
}

/** The `At` members are ISO 8601. */
export interface FollowingRun {
  /** running: it gave a sign of life within half a minute. ended: it stopped cleanly. lost: it gave no sign of its end. */
  readonly state: "running" | "ended" | "lost";
  readonly process: number;
  readonly host: string;
  readonly startedAt: string;
  readonly startedAtSeconds: number;
  /** Its last sign of life. */
  readonly seenAt: string;
  readonly seenAtSeconds: number;
  /** Records that were fetched and are not delivered. The service reports no backlog. */
  readonly waitingRecords: number | "unknown";
  /** The newest change that a run delivered, and how long after its write, give or take a second. */
  readonly newest:
    | {
        readonly changedAt: string;
        readonly changedAtSeconds: number;
        readonly deliveredAt: string;
        readonly deliveredAtSeconds: number;
        readonly afterSeconds: number;
      }
    | undefined;
}

/** The number of objects whose changes the lake lacks until they are replayed and the objects removed. */
export interface Undelivered {
  /** Batches of the stream that failed permanently. */
  readonly failedBatches: number;
  /** Files with rows that Firehose could not convert. */
  readonly unconverted: number;
  /** Files with changes that the table could not take; a deployment delivers them by itself. */
  readonly waiting: number;
}
