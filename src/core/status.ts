/** What the engineer on call wants to know of a lake table. */
import { listChangeObjects } from "./change-log.ts";
import { hourOf, quarantineFolder, quarantineReason } from "./lake-path.ts";
import { manifestSequences, readGaps, readManifest } from "./lake-table.ts";
import { chosenManifest, currentView, type ViewContext } from "./lake-view.ts";
import { type Gap, openGaps, type SnapshotRecord } from "./manifest.ts";
import { readReadingState } from "./reading-state.ts";

export interface TableStatus {
  readonly table: string;
  readonly source: string;
  /** healthy: nothing is missing. gap: changes were lost. quarantine: records wait for a decision. empty: nothing was ever delivered. */
  readonly health: "healthy" | "gap" | "quarantine" | "empty";
  readonly rows: number;
  readonly snapshot: Pick<SnapshotRecord, "exportTimeSeconds" | "items"> | undefined;
  readonly stream: StreamStatus | undefined;
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
  /** Quarantine objects by their reason. */
  readonly quarantine: Readonly<Record<string, number>>;
  readonly openGaps: readonly Gap[];
  readonly mendedGaps: readonly Gap[];
}

export interface StreamStatus {
  readonly streamArn: string;
  /** Seconds since the reader last saw the end of the stream; undefined where it never did. */
  readonly behindSeconds: number | undefined;
  readonly savedAtSeconds: number;
  readonly newestChangeSeconds: number | undefined;
}

export async function tableStatus(context: ViewContext, nowSeconds: number): Promise<TableStatus> {
  const { store, engine, schema } = context;
  const manifest = await chosenManifest(context, undefined);
  const view = await currentView(context, manifest, undefined);
  const [counted] = await engine.rows(`SELECT count(*) AS rows FROM (${view.sql})`);
  const state = await readReadingState(store, schema.table);
  const gaps = await readGaps(store, schema.table);
  const open = openGaps(manifest, gaps);
  const quarantined = await store.list(quarantineFolder(schema.table));
  const snapshot = manifest.snapshots.at(-1);
  const objects = await listChangeObjects(store, schema.table, hourOf(manifest.horizonSeconds));
  const rows = Number(counted?.rows ?? 0);
  const empty = manifest.sequence === 0 && objects.length === 0;
  return {
    table: schema.table,
    source: schema.source,
    health: open.length > 0 ? "gap" : quarantined.length > 0 ? "quarantine" : empty ? "empty" : "healthy",
    rows,
    snapshot: snapshot && { exportTimeSeconds: snapshot.exportTimeSeconds, items: snapshot.items },
    stream: state && {
      streamArn: state.position.streamArn,
      behindSeconds:
        state.caughtUpAtSeconds === undefined ? undefined : Math.max(0, nowSeconds - state.caughtUpAtSeconds),
      savedAtSeconds: state.savedAtSeconds,
      newestChangeSeconds: state.newestChangeSeconds,
    },
    commits: await commitsOf(context),
    horizonSeconds: manifest.horizonSeconds,
    segments: {
      base: manifest.segments.filter((segment) => segment.kind === "base").length,
      deltas: manifest.segments.filter((segment) => segment.kind === "delta").length,
      rows: manifest.segments.reduce((sum, segment) => sum + segment.rows, 0),
      bytes: manifest.segments.reduce((sum, segment) => sum + segment.bytes, 0),
    },
    recentChangeObjects: objects.length,
    quarantine: countsByReason(quarantined.map(({ path }) => path)),
    openGaps: open,
    mendedGaps: gaps.filter((gap) => !open.includes(gap)),
  };
}

function countsByReason(paths: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const path of paths) {
    const reason = quarantineReason(path) ?? "unknown";
    counts[reason] = (counts[reason] ?? 0) + 1;
  }
  return counts;
}

async function commitsOf(context: ViewContext): Promise<TableStatus["commits"]> {
  const sequences = await manifestSequences(context.store, context.schema.table);
  const [first, last] = [sequences[0], sequences.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  const oldest = await readManifest(context.store, context.schema.table, first);
  const newest = await readManifest(context.store, context.schema.table, last);
  if (oldest === undefined || newest === undefined) return undefined;
  const asOfFromSeconds = first === 1 && oldest.kind !== "snapshot" ? 0 : oldest.committedAtSeconds;
  return { newest: last, newestAtSeconds: newest.committedAtSeconds, asOfFromSeconds };
}
