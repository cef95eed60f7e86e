/** A deployment's registry in memory. */
import type { LakeEntry, SourceEntry, TableEntry } from "../../src/aws/contracts/registry.ts";
import { lakeEntryPath, sourceEntryPath, tableEntryPath } from "../../src/core/format/deployment-path.ts";
import type { MemoryStore } from "./memory-store.ts";

export const LAKE_ENTRY: LakeEntry = {
  database: "shop",
  workGroup: "shop",
  snapshotMachineArn: "snapshot",
  compactionMachineArn: "compaction",
};

export function sourceEntry(source: string, more: Partial<SourceEntry> = {}): SourceEntry {
  return {
    stack: "Orders",
    source,
    sourceTableArn: `arn:aws:dynamodb:eu-west-1:1:table/${source}`,
    eventSourceMapping: `${source}-mapping`,
    streamFunction: `${source}-stream`,
    sourceFunction: `${source}-source`,
    snapshotPartFunction: `${source}-snapshot-part`,
    configuration: "one",
    ...more,
  };
}

export function tableEntry(source: string, table: string, more: Partial<TableEntry> = {}): TableEntry {
  return {
    stack: "Orders",
    source,
    schema: { table, key: { hash: "id" }, attributes: { id: { type: "string" } } },
    deliveryStream: `${table}-delivery`,
    retentionHours: 168,
    bufferSeconds: 65,
    schemaSettleSeconds: 1800,
    compactEverySeconds: 900,
    firstSnapshotEverySeconds: 86_400,
    served: [{ configuration: "one", fromSeconds: 0 }],
    ...more,
  };
}

export interface Registered {
  readonly sources?: readonly SourceEntry[];
  readonly tables?: readonly TableEntry[];
}

export function register(store: MemoryStore, { sources = [], tables = [] }: Registered): void {
  store.plant(lakeEntryPath, JSON.stringify(LAKE_ENTRY));
  for (const entry of sources) store.plant(sourceEntryPath(entry.source), JSON.stringify(entry));
  for (const entry of tables)
    store.plant(tableEntryPath(entry.source, entry.schema.table), JSON.stringify(entry));
}
