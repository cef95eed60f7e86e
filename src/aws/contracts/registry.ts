/**
 * The registry of a deployment: what its lake, its sources and its lake tables consist of. Each has an entry in the bucket, which
 * the stacks' custom resources write; functions and the command line find everything by them. registry-files.ts reads entries.
 */
import type { SnapshotsKept } from "../../core/format/snapshots-kept.ts";
import type { SchemaFile } from "../../core/schema/schema.ts";
import type { ServedInterval } from "../../core/table/served-intervals.ts";

/** The lake: its machines work on all of its tables. */
export interface LakeEntry {
  readonly database: string;
  readonly workGroup: string;
  readonly snapshotMachineArn: string;
  readonly compactionMachineArn: string;
}

/** What every entry below the lake has. */
interface Deployed {
  /** The stack that deploys it. */
  readonly stack: string;
  /** The source's name: unique in the lake. */
  readonly source: string;
}

/** A source table: one function reads its stream for all of its lake tables. */
export interface SourceConfiguration extends Deployed {
  readonly sourceTableArn: string;
  /** The id of the event source mapping from the stream to the function. */
  readonly eventSourceMapping: string;
  readonly streamFunction: string;
  /** The function with the permissions on the source table. */
  readonly sourceFunction: string;
  readonly snapshotPartFunction: string;
  /** Files of an export that are read at the same time. Default: `PARTS_AT_ONCE`. */
  readonly partsAtOnce?: number | undefined;
  /** The ARN of a role in the source table's account, if that is not the lake's: `sourceFunction` calls DynamoDB by it. */
  readonly ownerRole?: string | undefined;
}

export interface SourceEntry extends SourceConfiguration {
  /** Names this configuration: a source that was removed and added again has another one. */
  readonly configuration: string;
  /** When it was removed; undefined while it is deployed. */
  readonly removedAtSeconds?: number | undefined;
  /** The ids of mappings that read the source before this one, whose failed batches are the source's, too. */
  readonly formerMappings?: readonly string[] | undefined;
}

/** A lake table, as a stack configures it. */
export interface TableConfiguration extends Deployed {
  readonly schema: SchemaFile;
  /** The name of its delivery stream. */
  readonly deliveryStream: string;
  /** How long past states of the table can be queried. */
  readonly retentionHours: number;
  /** The longest time a change waits in buffers on its way to the change log. */
  readonly bufferSeconds: number;
  /** How long Firehose may keep using the previous columns. */
  readonly schemaSettleSeconds: number;
  /** Undefined: never. */
  readonly compactEverySeconds?: number | undefined;
  /** Snapshots after the first one. Undefined: never. */
  readonly snapshotEverySeconds?: number | undefined;
  /** What snapshots keep from now on. Undefined: what they kept before. */
  readonly snapshotsKept?: SnapshotsKept | undefined;
  /** How often to check whether the first snapshot is still missing. */
  readonly firstSnapshotEverySeconds: number;
}

export interface TableEntry extends TableConfiguration {
  /** In the order of time. The last one is that of the present configuration. */
  readonly served: readonly ServedInterval[];
}

/** Whether the table is deployed; of one that was removed the data stays. */
export function isDeployed({ served }: Pick<TableEntry, "served">): boolean {
  return served.at(-1)?.untilSeconds === undefined;
}

/** The kinds of custom resources by which stacks write the registry, and make the tables of the Glue Data Catalog. */
export const CUSTOM_RESOURCES = {
  lake: "Custom::DynalakeLake",
  source: "Custom::DynalakeSource",
  table: "Custom::DynalakeTable",
  glueTables: "Custom::DynalakeGlueTables",
} as const;

export type CustomResourceKind = keyof typeof CUSTOM_RESOURCES;
