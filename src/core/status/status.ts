/** The state of a lake table, for the engineer on call. */
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
  /** The id of the event source mapping of a deployment, whose failed batches belong to the table. */
  readonly mappingId?: string;
}

/**
 * The first of these that applies. gap: changes were lost. unread: the stream is not being read, so changes are or will be
 * lost. undelivered: changes were set aside and are missing from the table. quarantine: records are waiting for a decision.
 * empty: nothing has been delivered yet. healthy: nothing is missing.
 */
export type Health = "gap" | "unread" | "undelivered" | "quarantine" | "empty" | "healthy";

export interface TableStatus {
  readonly table: string;
  readonly source: string;
  readonly health: Health;
  readonly rows: number;
  readonly snapshot: Pick<SnapshotRecord, "exportTimeSeconds" | "items"> | undefined;
  readonly stream: StreamStatus | undefined;
  /** When a deployment was last seen reading the stream, and when that was last checked. */
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
  /** Objects in the change log from the hour of the horizon on. */
  readonly recentChangeObjects: number;
  readonly undelivered: Undelivered;
  /** The number of quarantine objects by reason. */
  readonly quarantine: Readonly<Record<string, number>>;
  readonly openGaps: readonly Gap[];
  readonly mendedGaps: readonly Gap[];
}

/** The number of objects whose changes the lake lacks until they are replayed and the objects removed. */
export interface Undelivered {
  /** Batches of the stream that failed permanently. */
  readonly failedBatches: number;
  /** Files with rows that Firehose could not convert. */
  readonly unconverted: number;
}

export interface StreamStatus {
  readonly streamArn: string;
  /** Seconds since the reader last reached the end of the stream; undefined if it never has. */
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

/** Counts what a deployment has set aside. An embedded lake sets nothing aside: it delivers a failed batch again. */
export async function undeliveredObjects(
  store: ObjectStore,
  table: string,
  mappingId: string | undefined,
): Promise<Undelivered> {
  const batches = mappingId === undefined ? [] : await store.list(failedBatchesFolder(mappingId));
  // breakage: undelivered-counted
  return { failedBatches: batches.length, unconverted: (await store.list(errorsFolder(table))).length };
}

function healthOf(states: Readonly<Record<Exclude<Health, "healthy">, boolean>>): Health {
  const order = ["gap", "unread", "undelivered", "quarantine", "empty"] as const;
  return order.find((state) => states[state]) ?? "healthy";
}

/**
 * Whether the stream has gone unread for so long that it may have dropped changes, or the last check of a deployment found it
 * not reading. A table whose stream was never read is only a snapshot, and not unread.
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
