/** Follows the tables of a lake that are asked for. One that the lake does not have yet gets its first snapshot. */
import { DynalakeError } from "../../core/error.ts";
import type { SnapshotsKept } from "../../core/format/snapshots-kept.ts";
import type { ObjectStore } from "../../core/ports/object-store.ts";
import { type Schema, tableName } from "../../core/schema/schema.ts";
import { chosenTables } from "../../core/table/chosen-tables.ts";
import { holdsData } from "../../core/table/holds-data.ts";
import { isFilled, openTable, openTables } from "../../core/table/open-table.ts";
import { folderStore } from "../../files/folder-store.ts";
import { systemTiming } from "../../sdk/timing.ts";
import type { Images } from "../../source/get-records.ts";
import { sharedStreams } from "../../source/shared-streams.ts";
import { connectSource, type SourceConfig, type SourceConnection } from "../../source/source-connection.ts";
import { streamSource } from "../../source/stream-source.ts";
import { type LakeLimits, openLakeFolder } from "../folder/lake-folder.ts";
import { recallSource } from "../folder/source-memory.ts";
import type { GivenSchema } from "../schemas/given-schema.ts";
import { boundTo, givenSchema } from "../schemas/schema-choice.ts";
import { adoptSchema } from "../schemas/schema-effect.ts";
import { snapshotOfTable } from "../snapshot/table-snapshot.ts";
import type { SnapshotWish, TakenSnapshot, TakingProgress } from "../snapshot/take-in.ts";
import { type FollowedTable, type FollowRequest, followLake } from "./follow-lake.ts";

export interface FollowWish extends Omit<FollowRequest, "tables" | "snapshots"> {
  /** What messages call the lake. */
  readonly lakeName: string;
  /** The source table; needed if the lake does not have it yet. */
  readonly source: string | undefined;
  /** The lake table. Without `source` and `name`, all tables of the lake are followed. */
  readonly name: string | undefined;
  readonly given: GivenSchema | undefined;
  readonly config: SourceConfig;
  readonly limits: LakeLimits;
  readonly threads: number;
  /** Between two snapshots of a table; undefined: none but the first. */
  readonly snapshotEverySeconds: number | undefined;
  /** How many snapshots each table keeps from the next one on. */
  readonly keep: SnapshotsKept | undefined;
  readonly snapshot: SnapshotEvents;
  readonly onColumns: (table: string, added: readonly string[]) => void;
}

export interface SnapshotEvents {
  readonly onBegin: (source: string) => void;
  readonly onProgress: (progress: TakingProgress) => void;
  readonly onTaken: (taken: TakenSnapshot) => void;
}

/** Returns whether every stream was read to its end. An abort before anything is followed rejects with the signal's reason. */
export async function followTables(wish: FollowWish): Promise<boolean> {
  const schemas = await followedSchemas(wish);
  wish.signal.throwIfAborted();
  const store = folderStore(wish.folder);
  const connections = new Map<string, SourceConnection>();
  try {
    const tables = await followed(wish, store, schemas, connections);
    return await followLake({ ...wish, tables, snapshots: laterSnapshots(wish) });
  } finally {
    for (const connection of connections.values()) connection.close();
  }
}

async function followedSchemas(wish: FollowWish): Promise<readonly Schema[]> {
  const store = folderStore(wish.folder);
  await adoptGiven(wish, store);
  if (wish.name === undefined && wish.source === undefined) return seededSchemas(wish, store);
  const known = await wantedSchema(wish, store);
  if (known !== undefined) return [known];
  if (wish.source === undefined) {
    throw new DynalakeError("LAKE_NOT_FOUND", `the lake has no table "${wish.name}"`, {
      next: "Name its source table, too (`--source NAME`): its first snapshot is taken of that.",
    });
  }
  await requireStream(wish, wish.source);
  await takeFirstSnapshot(wish, wish.source);
  return [(await wantedSchema(wish, store)) as Schema];
}

/** A schema for a table that the lake has: what it adds is declared before anything is followed. */
async function adoptGiven({ given, name, source, onColumns }: FollowWish, store: ObjectStore): Promise<void> {
  if (given === undefined) return;
  const choice = await givenSchema({ store, name, source, given, key: undefined });
  if (choice === undefined || !(await holdsData(store, choice.schema.table))) return;
  const added = await adoptSchema(store, choice);
  if (added.length > 0) onColumns(choice.schema.table, added);
}

/** All tables of the lake. Throws INCOMPLETE if the first snapshot of one never ended. */
async function seededSchemas({ lakeName }: FollowWish, store: ObjectStore): Promise<readonly Schema[]> {
  const tables = await chosenTables(store, lakeName, undefined);
  for (const opened of tables) {
    if (await isFilled(opened)) continue;
    const { table, source } = opened.schema;
    throw new DynalakeError("INCOMPLETE", `the first snapshot of "${table}" did not finish`, {
      next: `Start again with its source table (\`--source ${source}\`) and the other options of the first run.`,
    });
  }
  return tables.map(({ schema }) => schema);
}

/** The schema of the table that is asked for, if the lake has data of it. */
async function wantedSchema({ name, source }: FollowWish, store: ObjectStore): Promise<Schema | undefined> {
  const tables = name === undefined ? await openTables(store) : [await openTable(store, tableName(name))];
  for (const opened of tables) {
    if (opened === undefined || !(await isFilled(opened))) continue;
    const { schema } = opened;
    if (name !== undefined) return boundTo(schema, source, `the lake's "${schema.table}"`);
    if (schema.source === source) return schema;
  }
  return undefined;
}

/** A stream that cannot feed a lake is refused before the snapshot, which costs read capacity. */
async function requireStream({ config }: FollowWish, source: string): Promise<void> {
  const connection = connectSource(config);
  try {
    const reader = await streamSource(connection, source).open(undefined);
    await reader.close();
  } finally {
    connection.close();
  }
}

async function takeFirstSnapshot(wish: FollowWish, source: string): Promise<void> {
  const { signal, given, name, snapshot } = wish;
  snapshot.onBegin(source);
  await takeSnapshot(wish, source, { name, given, onProgress: snapshot.onProgress, signal });
}

/** Those that are due by the schedule, while the streams are followed. */
function laterSnapshots(wish: FollowWish): FollowRequest["snapshots"] {
  const { snapshotEverySeconds: everySeconds } = wish;
  if (everySeconds === undefined) return undefined;
  return {
    everySeconds,
    take: ({ table, source }, signal) =>
      takeSnapshot(wish, source, { name: table, given: undefined, onProgress: () => undefined, signal }),
  };
}

async function takeSnapshot(
  wish: FollowWish,
  source: string,
  own: Pick<SnapshotWish, "name" | "given" | "onProgress" | "signal">,
): Promise<void> {
  const { folder, config, limits, threads, maskKey, keep, snapshot } = wish;
  const { signal } = own;
  const lake = await openLakeFolder(folder, { ...limits, threads }, signal);
  try {
    const taking = { lake, key: undefined, maskKey, keep, threads, ...own };
    snapshot.onTaken(await snapshotOfTable({ table: source, config }, taking));
  } finally {
    await lake.close();
  }
}

/** The lake tables of one source share its connection, and with it each answer of the stream. Fills `connections`. */
async function followed(
  { config, source: named }: FollowWish,
  store: ObjectStore,
  schemas: readonly Schema[],
  connections: Map<string, SourceConnection>,
): Promise<readonly FollowedTable[]> {
  const placed = await Promise.all(
    schemas.map(async (schema) => {
      const address = await recallSource(store, schema.table);
      const source = named ?? schema.source;
      return { schema, source, address, place: JSON.stringify([source, address]) };
    }),
  );
  return placed.map(({ schema, source, address, place }) => {
    const readers = placed.filter((other) => other.place === place);
    const connect = readers.length > 1 ? connectShared : connectSource;
    // A `where` asks what both images of a record say, and all of an answer are parsed sooner at once.
    const images = readers.some((reader) => reader.schema.where.length > 0) ? "parsed" : "unparsed";
    const connection = connections.get(place) ?? connect({ ...address, ...config }, images);
    connections.set(place, connection);
    return { schema, source: streamSource(connection, source) };
  });
}

function connectShared(config: SourceConfig, images: Images): SourceConnection {
  const connection = connectSource(config, images);
  return { ...connection, streams: sharedStreams(connection.streams, systemTiming) };
}
