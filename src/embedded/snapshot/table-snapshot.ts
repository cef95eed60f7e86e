/** A snapshot of a source table: a scan that is written as an export, and taken in. */
import { DynalakeError } from "../../core/error.ts";
import { tableName } from "../../core/schema/schema.ts";
import { rememberTableDesign } from "../../core/table/table-design.ts";
import { type KeySchema, keyAttributes } from "../../core/values/key.ts";
import { describeSource, keySchemaOf } from "../../source/describe-source.ts";
import type { ReadLimits } from "../../source/read-pace.ts";
import { connectSource, type SourceConfig, type SourceConnection } from "../../source/source-connection.ts";
import { scanTable, type TableScanResult } from "../../source/table-scan.ts";
import { openExport } from "../exports/export-folder.ts";
import { recallSource, withSource } from "../folder/source-memory.ts";
import { readGivenSchema } from "../schemas/given-schema.ts";
import { givenSchema, type SchemaDemand, sameKeySchema } from "../schemas/schema-choice.ts";
import {
  demandOf,
  inStaging,
  type SnapshotWish,
  type TakenSnapshot,
  takeIn,
  type WishedTable,
  withoutTraceOfLake,
} from "./take-in.ts";

export interface TableToScan extends ReadLimits {
  /** The source table's name. */
  readonly table: string;
  readonly config: SourceConfig;
  /** After this the scan fails with INCOMPLETE. Default: no limit. */
  readonly timeLimitSeconds?: number;
}

/**
 * Scans the table into the lake's staging folder, which is removed in any case. What of the source's address is not given is what
 * the lake remembers of it. Fails as `scanTable` does, too.
 */
export async function snapshotOfTable(source: TableToScan, wish: SnapshotWish): Promise<TakenSnapshot> {
  return (await snapshotsOfTable(source, wish, [wish]))[0] as TakenSnapshot;
}

/** Snapshots of several lake tables by one scan of their source, one after the other. Those before a failure stay. */
export async function snapshotsOfTable(
  source: TableToScan,
  wish: SnapshotWish,
  tables: readonly WishedTable[],
): Promise<readonly TakenSnapshot[]> {
  const wishes = tables.map((table) => ({ ...wish, ...table }));
  const [first] = wishes;
  if (first === undefined) return [];
  const config = { ...(await recalledFor(source, first)), ...source.config };
  const connection = connectSource(config);
  try {
    return await withoutTraceOfLake(wish.lake, () =>
      scanAndTakeIn(connection, { ...source, config }, wish, wishes),
    );
  } finally {
    connection.close();
  }
}

async function recalledFor(source: TableToScan, { lake, name, given }: SnapshotWish) {
  const declared = given === undefined ? undefined : (await readGivenSchema(given)).table;
  return recallSource(lake.store, declared ?? tableName(name ?? source.table));
}

async function scanAndTakeIn(
  connection: SourceConnection,
  source: TableToScan,
  wish: SnapshotWish,
  wishes: readonly SnapshotWish[],
): Promise<readonly TakenSnapshot[]> {
  const { table, config } = source;
  const { lake, signal } = wish;
  const described = await describeSource(connection, table, signal);
  const key = keySchemaOf(described);
  requireSameKey(wish.key, key, table);
  const keyTypes = Object.fromEntries(described.keySchema.map(({ name, type }) => [name, type]));
  const demanded: Demanded[] = [];
  // What cannot be used is refused before the scan, which costs read capacity.
  for (const each of wishes) {
    const demand = demandOf(each, { source: table, key, keyTypes });
    const given = await givenSchema(demand);
    demanded.push({ wish: each, demand, name: given?.schema.table ?? tableName(each.name ?? table) });
  }
  return await inStaging(lake, (demanded[0] as Demanded).name, async (staging) => {
    const scanned = await scan(connection, source, wish, staging);
    const folder = await openExport(scanned.exportFolder);
    const cutSeconds = scanned.exportTimeSeconds;
    const all: TakenSnapshot[] = [];
    for (const { wish: own, demand, name } of demanded) {
      all.push(await withSource(lake.store, name, config, () => takeIn(own, demand, { folder, cutSeconds })));
      await rememberTableDesign(lake.store, name, described.design);
    }
    return all;
  });
}

interface Demanded {
  readonly wish: SnapshotWish;
  readonly demand: SchemaDemand;
  readonly name: string;
}

function requireSameKey(offered: KeySchema | undefined, key: KeySchema, table: string): void {
  if (offered === undefined || sameKeySchema(offered, key)) return;
  const wanted = keyAttributes(key).join(",");
  throw new DynalakeError("USAGE", `--key is not the key of table "${table}", which is ${wanted}`, {
    next: "Leave --key out: DynamoDB describes a table with its key.",
  });
}

function scan(
  connection: SourceConnection,
  { config, ...source }: TableToScan,
  { signal, onProgress }: SnapshotWish,
  folder: string,
): Promise<TableScanResult> {
  return scanTable(connection, {
    ...source,
    folder,
    signal,
    onProgress: ({ items, segmentsDone, segments }) =>
      onProgress({ step: "scanning", source: source.table, items, segmentsDone, segments }),
  });
}
