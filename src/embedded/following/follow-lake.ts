/** Follows the streams of a lake's tables and compacts on a schedule, until it is stopped. */
import { setMaxListeners } from "node:events";
import type { CompactionResult } from "../../core/compaction/compact.ts";
import { DEFAULT_RETENTION } from "../../core/compaction/vacuum.ts";
import { type FollowEvent, openFollower } from "../../core/delivery/follow.ts";
import { DynalakeError } from "../../core/error.ts";
import { imageLine } from "../../core/fast-line/image-line.ts";
import type { ChangeSource } from "../../core/ports/change-source.ts";
import { rowCodec } from "../../core/row/row.ts";
import { lineWriter } from "../../core/row/wire-line.ts";
import type { Schema } from "../../core/schema/schema.ts";
import { folderStore } from "../../files/folder-store.ts";
import { newRunId, nowSeconds } from "../../sdk/new-run-id.ts";
import type { TriedEdit } from "../compaction/apply-edit.ts";
import { compactTable } from "../compaction/compact-table.ts";
import { foldLateChanges } from "../compaction/fold-late-changes.ts";
import type { Followed } from "../compaction/follow-data.ts";
import { vacuumFolder } from "../compaction/vacuum-folder.ts";
import { FILE_LIMITS, parquetSink } from "../delivery/parquet-sink.ts";
import { DEFAULT_LIMITS, type LakeFolder, type LakeLimits, openLakeFolder } from "../folder/lake-folder.ts";
import { lockLake } from "../folder/lake-lock.ts";
import { allEnded, followAll } from "./follow-all.ts";
import { followStream } from "./follow-stream.ts";
import { startHeartbeat } from "./heartbeat.ts";
import { LateFolds } from "./late-folds.ts";
import { pause } from "./pause.ts";
import { type RegularSnapshots, snapshotRegularly } from "./regular-snapshots.ts";
import { keepSeries } from "./series-keeper.ts";

export interface FollowedTable {
  readonly schema: Schema;
  readonly source: ChangeSource;
}

export interface FollowRequest {
  readonly folder: string;
  readonly tables: readonly FollowedTable[];
  readonly maskKey: Uint8Array | undefined;
  /** Seconds between compactions; undefined: never compact. */
  readonly compactEverySeconds: number | undefined;
  /** Snapshots of tables whose last one is old. Default: none. */
  readonly snapshots?: RegularSnapshots | undefined;
  /** Ends when every stream was read to its end. */
  readonly once: boolean;
  /** Of each compaction. Default: those of a lake. */
  readonly limits?: LakeLimits;
  /** Ends cleanly when aborted: what is being delivered is written down first, and the next run reads the rest. */
  readonly signal: AbortSignal;
  readonly onEvent: (table: string, event: RunEvent) => void;
}

export type RunEvent =
  | FollowEvent
  /** Its source cannot be read, while that of another table can. It is tried again. */
  | { readonly kind: "not-followed"; readonly error: DynalakeError }
  | { readonly kind: "compacted"; readonly result: CompactionResult }
  | { readonly kind: "followed"; readonly followed: Followed }
  | { readonly kind: "schema-edited"; readonly edit: TriedEdit }
  | { readonly kind: "compaction-failed"; readonly error: DynalakeError }
  | { readonly kind: "snapshot-failed"; readonly error: DynalakeError };

/**
 * Records of one delivery: a few megabytes of Parquet at most, and soon enough to be seen within a second. A delivery waits for the
 * event loop and the disk many times, however few they are: with half as many, the next ones were read before it was done.
 */
const RECORDS_MAX = 10_000;
const WAIT_MS = 500;
const VACUUM_EVERY_SECONDS = 3600;

/**
 * Holds the lake's lock while it runs. Throws LAKE_LOCKED if another process, or another follower of this one, holds it.
 * Returns whether every stream was read to its end, which only `once` does.
 */
export async function followLake(request: FollowRequest): Promise<boolean> {
  const lock = await lockLake(request.folder);
  try {
    const delivery = await openLakeFolder(request.folder, { ...DEFAULT_LIMITS, threads: 1 });
    return await followWith(request, delivery);
  } finally {
    lock.release();
  }
}

async function followWith(request: FollowRequest, delivery: LakeFolder): Promise<boolean> {
  const readToEnd = new Set<FollowedTable>();
  const ended = new AbortController();
  const stop = AbortSignal.any([request.signal, ended.signal]);
  // Each table waits for it in a few places, and Node takes more than ten for a leak.
  setMaxListeners(0, stop);
  const compactions = request.tables.map((table) => compactRegularly(request, table.schema, stop));
  const schemas = request.tables.map(({ schema }) => schema);
  const snapshots = snapshotRegularly(request, schemas, { once: request.once, stop });
  const following = followAll({
    tables: request.tables,
    follow: async (table) => {
      if (await followTable(request, delivery, table, stop)) readToEnd.add(table);
    },
    once: request.once,
    stop,
    onFailure: ({ schema }, error) => request.onEvent(schema.table, { kind: "not-followed", error }),
  });
  try {
    // A compaction that fails for an unknown reason ends everything: otherwise compactions would just stop.
    await (request.once
      ? Promise.all([allEnded(following), ...snapshots])
      : Promise.all([...following, ...compactions, ...snapshots]));
    return readToEnd.size === request.tables.length;
  } finally {
    ended.abort();
    // The lock and the session are theirs, too, until the last delivery is written down.
    await Promise.allSettled([...following, ...compactions, ...snapshots]);
    await delivery.close();
  }
}

/** Returns whether the stream was read to its end. */
async function followTable(
  request: FollowRequest,
  lake: LakeFolder,
  table: FollowedTable,
  stop: AbortSignal,
): Promise<boolean> {
  const { schema, source } = table;
  // The second after this one: what was written in the same second before it is read, too.
  const onceSinceSeconds = request.once ? nowSeconds() + 1 : undefined;
  const folds = new LateFolds({
    fold: (oldestChangeSeconds) =>
      foldLateChanges(lake, schema, oldestChangeSeconds, {
        onFollowed: (followed) => request.onEvent(schema.table, { kind: "followed", followed }),
        signal: stop,
      }),
    onFailure: (error) => {
      // The next run folds what this one did not.
      if (stop.aborted && error === stop.reason) return;
      if (request.once || !(error instanceof DynalakeError)) throw error;
      request.onEvent(schema.table, { kind: "compaction-failed", error });
    },
  });
  const { store } = lake;
  const writer = lineWriter(rowCodec(schema, request.maskKey));
  return followStream({
    open: () =>
      openFollower({
        store,
        sink: parquetSink(lake.root, schema, lake.session),
        writer,
        imageLine: imageLine(writer),
        rowBytesMax: FILE_LIMITS.recordBytesMax,
        newRunId,
        source,
        nowSeconds,
        recordsMax: RECORDS_MAX,
        waitMs: WAIT_MS,
        onEvent: (event) => request.onEvent(schema.table, event),
      }),
    folds,
    beside: async (follower) => [
      await startHeartbeat(store, schema.table, follower),
      await keepSeries(store, schema.table, follower),
    ],
    onceSinceSeconds,
    stop,
  });
}

/** Compacts with a session of its own, so that deliveries never wait for it. A failure is reported, and tried again next time. */
async function compactRegularly(request: FollowRequest, schema: Schema, stop: AbortSignal): Promise<void> {
  if (request.compactEverySeconds === undefined) return;
  let vacuumedAtSeconds = nowSeconds();
  let told: string | undefined;
  // One that is not applied is found again by each compaction.
  const onEdit = (edit: TriedEdit): void => {
    if (edit.text !== told) request.onEvent(schema.table, { kind: "schema-edited", edit });
    told = edit.text;
  };
  while (await pause(request.compactEverySeconds * 1000, stop)) {
    try {
      await compactNow(request, schema, onEdit, stop);
      if (nowSeconds() - vacuumedAtSeconds < VACUUM_EVERY_SECONDS) continue;
      vacuumedAtSeconds = nowSeconds();
      const { folder } = request;
      await vacuumFolder({ root: folder, store: folderStore(folder) }, schema.table, DEFAULT_RETENTION);
    } catch (error) {
      if (stop.aborted && error === stop.reason) return;
      if (!(error instanceof DynalakeError)) throw error;
      request.onEvent(schema.table, { kind: "compaction-failed", error });
    }
  }
}

async function compactNow(
  { folder, limits, onEvent }: FollowRequest,
  schema: Schema,
  onEdit: (edit: TriedEdit) => void,
  signal: AbortSignal,
): Promise<void> {
  const lake = await openLakeFolder(folder, limits);
  try {
    const onCommit = (result: CompactionResult): void => onEvent(schema.table, { kind: "compacted", result });
    const onFollowed = (followed: Followed): void => onEvent(schema.table, { kind: "followed", followed });
    await compactTable(lake, schema, { scope: "grown", onCommit, onFollowed, onEdit, signal });
  } finally {
    await lake.close();
  }
}
