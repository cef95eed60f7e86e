/** What the engineer on call wants to know of a lake table. */

import {
  errorsFolder,
  failedBatchesFolder,
  hourOf,
  quarantineFolder,
  quarantineReason,
} from "../format/lake-path.ts";
import { type Gap, openGaps, type SnapshotRecord } from "../format/manifest.ts";
import { currentView } from "../overlay/lake-view.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import type { QueryEngine } from "../ports/query-engine.ts";
import { readManifest } from "../table/commits.ts";
import { SURELY_KEPT_SECONDS } from "../table/gap.ts";
import type { OpenTable } from "../table/open-table.ts";
import { type ReadingState, readReadingState } from "../table/reading-state.ts";
import { knownGaps } from "../table/recorded-gaps.ts";
import { readStreamWatch, type StreamWatch } from "../table/stream-watch.ts";

export interface StatusContext {
  readonly store: ObjectStore;
  readonly engine: QueryEngine;
  /** The id of the event source mapping of a deployment; its failed batches are the table's. */
  readonly mappingId?: string;
}

/**
 * The first that is so of: gap: changes were lost. unread: the stream is not being read, and will lose changes or has.
 * undelivered: changes were put aside and are in no row. quarantine: records wait for a decision. empty: nothing was ever
 * delivered. healthy: nothing is missing.
 */
export type Health = "gap" | "unread" | "undelivered" | "quarantine" | "empty" | "healthy";

export interface TableStatus {
  readonly table: string;
  readonly source: string;
  readonly health: Health;
  readonly rows: number;
  readonly snapshot: Pick<SnapshotRecord, "exportTimeSeconds" | "items"> | undefined;
  readonly stream: StreamStatus | undefined;
  /** When a deployment was last seen reading the stream, and when somebody last looked. */
  readonly watch: Pick<StreamWatch, "streamArn" | "seenReadingSeconds" | "lookedSeconds"> | undefined;
  readonly commits:
    | { readonly newest: number; readonly newestAtSeconds: number; readonly asOfFromSeconds: number }
    | undefined;
  readonly horizonSeconds: number;
  readonly segments: {
    readonly base: number;
    readonly deltas: number;
    readonly rows: number;
    readonly bytes: number;
  };
  /** Objects of the change log of the last hours. */
  readonly recentChangeObjects: number;
  readonly undelivered: Undelivered;
  /** Quarantine objects by their reason. */
  readonly quarantine: Readonly<Record<string, number>>;
  readonly openGaps: readonly Gap[];
  readonly mendedGaps: readonly Gap[];
}

/** Objects with changes that the lake lacks until they are replayed and the objects are removed. */
export interface Undelivered {
  /** Batches of the stream that failed for good. */
  readonly failedBatches: number;
  /** Files of what Firehose could not convert. */
  readonly unconverted: number;
}

export interface StreamStatus {
  readonly streamArn: string;
  /** Seconds since the reader last saw the end of the stream; undefined where it never did. */
  readonly behindSeconds: number | undefined;
  readonly savedAtSeconds: number;
  readonly newestChangeSeconds: number | undefined;
}

export async function tableStatus(
  { store, engine, mappingId }: StatusContext,
  opened: OpenTable,
  nowSeconds: number,
): Promise<TableStatus> {
  const { manifest, schema } = opened;
  const view = await currentView(engine, opened, undefined);
  const [counted] = await engine.rows(`SELECT count(*) AS rows FROM (${view.sql})`);
  const state = await readReadingState(store, schema.table);
  const gaps = await knownGaps(store, schema.table, manifest);
  const open = openGaps(manifest, gaps);
  const watch = await readStreamWatch(store, schema.table);
  const undelivered = await undeliveredObjects(store, schema.table, mappingId);
  const quarantined = await store.list(quarantineFolder(schema.table));
  const snapshot = manifest.snapshots.at(-1);
  const objects = await opened.changes.since(hourOf(manifest.horizonSeconds));
  const rows = Number(counted?.rows ?? 0);
  const health = healthOf({
    gap: open.length > 0,
    unread: isUnread(state, watch, nowSeconds),
    undelivered: undelivered.failedBatches + undelivered.unconverted > 0,
    quarantine: quarantined.length > 0,
    empty: manifest.sequence === 0 && objects.length === 0,
  });
  return {
    table: schema.table,
    source: schema.source,
    health,
    rows,
    snapshot: snapshot && { exportTimeSeconds: snapshot.exportTimeSeconds, items: snapshot.items },
    stream: state && {
      streamArn: state.position.streamArn,
      behindSeconds:
        state.caughtUpAtSeconds === undefined ? undefined : Math.max(0, nowSeconds - state.caughtUpAtSeconds),
      savedAtSeconds: state.savedAtSeconds,
      newestChangeSeconds: state.newestChangeSeconds,
    },
    watch: watch && {
      streamArn: watch.streamArn,
      seenReadingSeconds: watch.seenReadingSeconds,
      lookedSeconds: watch.lookedSeconds,
    },
    commits: await commitsOf(store, opened),
    horizonSeconds: manifest.horizonSeconds,
    segments: {
      base: manifest.segments.filter((segment) => segment.kind === "base").length,
      deltas: manifest.segments.filter((segment) => segment.kind === "delta").length,
      rows: manifest.segments.reduce((sum, segment) => sum + segment.rows, 0),
      bytes: manifest.segments.reduce((sum, segment) => sum + segment.bytes, 0),
    },
    recentChangeObjects: objects.length,
    undelivered,
    quarantine: countsByReason(quarantined.map(({ path }) => path)),
    openGaps: open,
    mendedGaps: gaps.filter((gap) => !open.includes(gap)),
  };
}

/** Counts what a deployment has put aside. Embedded, nothing is: a batch that fails is delivered again. */
export async function undeliveredObjects(
  store: ObjectStore,
  table: string,
  mappingId: string | undefined,
): Promise<Undelivered> {
  const batches = mappingId === undefined ? [] : await store.list(failedBatchesFolder(mappingId));
  return { failedBatches: batches.length, unconverted: (await store.list(errorsFolder(table))).length };
}

/** The first of the states that is so, in their order. */
function healthOf(states: Readonly<Record<Exclude<Health, "healthy">, boolean>>): Health {
  const order = ["gap", "unread", "undelivered", "quarantine", "empty"] as const;
  return order.find((state) => states[state]) ?? "healthy";
}

/**
 * Nobody was seen reading for so long that the stream may have dropped changes, or the last look at a deployment found that
 * it does not read. A table whose stream was never read is a snapshot, and not unread.
 */
function isUnread(
  state: ReadingState | undefined,
  watch: StreamWatch | undefined,
  nowSeconds: number,
): boolean {
  if (watch !== undefined && watch.lookedSeconds > watch.seenReadingSeconds) return true;
  const readAtSeconds = watch?.seenReadingSeconds ?? state?.savedAtSeconds;
  return readAtSeconds !== undefined && nowSeconds - readAtSeconds > SURELY_KEPT_SECONDS;
}

function countsByReason(paths: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const path of paths) {
    const reason = quarantineReason(path) ?? "unknown";
    counts[reason] = (counts[reason] ?? 0) + 1;
  }
  return counts;
}

async function commitsOf(
  store: ObjectStore,
  { manifest: newest, schema, sequences }: OpenTable,
): Promise<TableStatus["commits"]> {
  const [first] = sequences;
  if (first === undefined) return undefined;
  const oldest = first === newest.sequence ? newest : await readManifest(store, schema.table, first);
  if (oldest === undefined) return undefined;
  const asOfFromSeconds = first === 1 && oldest.kind !== "snapshot" ? 0 : oldest.committedAtSeconds;
  return { newest: newest.sequence, newestAtSeconds: newest.committedAtSeconds, asOfFromSeconds };
}
