/** The state of a lake table, for the engineer on call. */
import { hourOf, quarantineFolder, quarantineReason } from "../format/lake-path.ts";
import { type Gap, openGaps } from "../format/manifest.ts";
import { type Drift, isUnshown } from "../overlay/drift-finding.ts";
import { currentView } from "../overlay/lake-view.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import type { QueryEngine } from "../ports/query-engine.ts";
import { readManifest } from "../table/commits.ts";
import { SURELY_KEPT_SECONDS } from "../table/gap.ts";
import type { OpenTable } from "../table/open-table.ts";
import { type ReadingState, readReadingState } from "../table/reading-state.ts";
import { knownGaps } from "../table/recorded-gaps.ts";
import { readHeartbeat } from "../table/run-heartbeat.ts";
import { readStreamWatch, type StreamWatch } from "../table/stream-watch.ts";
import { behindSeconds, followingOf, isUnfollowed } from "./following.ts";
import { keptSnapshotsFacts } from "./kept-snapshots-facts.ts";
import type { Health, StatusFacts } from "./status-facts.ts";
import { undeliveredFiles, undeliveredObjects } from "./wholeness.ts";

export interface StatusContext {
  readonly store: ObjectStore;
  /** The ids of the event source mappings that read a deployment's source, whose failed batches belong to the table. */
  readonly mappingIds?: readonly string[];
  /** A table that no run has followed for so long is unfollowed. */
  readonly followedWithinSeconds?: number;
}

export interface TableStatus extends StatusFacts {
  readonly openGaps: readonly Gap[];
  readonly repairedGaps: readonly Gap[];
}

export async function tableStatus(
  context: StatusContext & { readonly engine: QueryEngine },
  opened: OpenTable,
  nowSeconds: number,
): Promise<TableStatus> {
  const view = await currentView(context.engine, opened, undefined);
  const [counted] = await context.engine.rows(`SELECT count(*) AS rows FROM (${view.sql})`);
  return { ...(await uncountedStatus(context, opened, nowSeconds)), rows: Number(counted?.rows ?? 0) };
}

/** The status without the number of rows, which takes a statement to count. */
export async function uncountedStatus(
  { store, mappingIds, followedWithinSeconds }: StatusContext,
  opened: OpenTable,
  nowSeconds: number,
): Promise<Omit<TableStatus, "rows">> {
  const { manifest, schema } = opened;
  const state = await readReadingState(store, schema.table);
  const heartbeat = mappingIds === undefined ? await readHeartbeat(store, schema.table) : undefined;
  const gaps = await knownGaps(store, schema.table, manifest);
  const open = openGaps(manifest, gaps);
  const watch = await readStreamWatch(store, schema.table);
  const undelivered = await undeliveredObjects(store, schema.table, mappingIds);
  const quarantined = await store.list(quarantineFolder(schema.table));
  const snapshot = manifest.snapshots.at(-1);
  const objects = await opened.changes.since(hourOf(manifest.horizonSeconds));
  const health = healthOf({
    gap: open.length > 0,
    unread: isUnread(state, watch, nowSeconds),
    undelivered: undeliveredFiles(undelivered) > 0,
    unfollowed: isUnfollowed(heartbeat, followedWithinSeconds, nowSeconds),
    quarantine: quarantined.length > 0,
    empty: manifest.sequence === 0 && objects.length === 0,
  });
  return {
    table: schema.table,
    source: schema.source,
    health,
    snapshot: snapshot && { exportTimeSeconds: snapshot.exportTimeSeconds, items: snapshot.items },
    keptSnapshots: await keptSnapshotsFacts(store, opened),
    stream: state && {
      streamArn: state.position.streamArn,
      behindSeconds: behindSeconds(state, heartbeat, nowSeconds),
      savedAtSeconds: state.savedAtSeconds,
      newestChangeSeconds: state.newestChangeSeconds,
    },
    following: followingOf(heartbeat, nowSeconds),
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
    repairedGaps: gaps.filter((gap) => !open.includes(gap)),
  };
}

function healthOf(states: Readonly<Record<Exclude<Health, "drift" | "healthy">, boolean>>): Health {
  const order = ["gap", "unread", "undelivered", "unfollowed", "quarantine", "empty"] as const;
  return order.find((state) => states[state]) ?? "healthy";
}

/** The health of a table whose drift is known, too: what no column shows counts, and attributes without one are reported only. */
export function healthWith(health: Health, drift: readonly Drift[]): Health {
  return health === "healthy" && drift.some(isUnshown) ? "drift" : health; // breakage: drift-is-not-healthy
}

/**
 * Whether the stream was unread for so long that it may have dropped changes, or the last check of a deployment found it
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
