/** How the entries of the registry (registry.ts) are read: from the bucket, and from what a stack gives its custom resources. */
import * as z from "zod/mini";
import { type LakeFile, moment, safeName } from "../../core/format/lake-file.ts";
import { snapshotsKeptShape } from "../../core/format/snapshots-kept-shape.ts";
import type { SchemaFile } from "../../core/schema/schema.ts";
import type {
  LakeEntry,
  SourceConfiguration,
  SourceEntry,
  TableConfiguration,
  TableEntry,
} from "./registry.ts";

const text = z.string().check(z.minLength(1));
const count = z.int().check(z.minimum(0));
const deployed = { stack: text, source: safeName };

const lakeShape = z.object({
  database: text,
  workGroup: text,
  snapshotMachineArn: text,
  compactionMachineArn: text,
});

const sourceShape = z.object({
  ...deployed,
  sourceTableArn: text,
  eventSourceMapping: text,
  streamFunction: text,
  sourceFunction: text,
  snapshotPartFunction: text,
  partsAtOnce: z.optional(count),
  ownerRole: z.optional(text),
});

const schema = z.custom<SchemaFile>((value) => typeof value === "object" && value !== null);

const tableShape = z.object({
  ...deployed,
  schema,
  deliveryStream: text,
  retentionHours: count,
  bufferSeconds: count,
  schemaSettleSeconds: count,
  compactEverySeconds: z.optional(count),
  snapshotEverySeconds: z.optional(count),
  snapshotsKept: z.optional(snapshotsKeptShape),
  firstSnapshotEverySeconds: count,
});

const interval = z.object({
  configuration: safeName,
  fromSeconds: moment,
  untilSeconds: z.optional(moment),
});

/** What a stack gives its custom resources. */
export const lakeConfiguration: z.ZodMiniType<LakeEntry> = lakeShape;
export const sourceConfiguration: z.ZodMiniType<SourceConfiguration> = sourceShape;
export const glueTablesConfiguration: z.ZodMiniType<Pick<TableConfiguration, "schema">> = z.object({
  schema,
});
export const tableConfiguration: z.ZodMiniType<TableConfiguration> = tableShape;

export const lakeEntryFile: LakeFile<LakeEntry> = { name: "entry of the lake", shape: lakeShape };

export const sourceEntryFile: LakeFile<SourceEntry> = {
  name: "entry of a source",
  shape: z.extend(sourceShape, {
    configuration: safeName,
    removedAtSeconds: z.optional(moment),
    formerMappings: z.optional(z.array(text)),
  }),
};

export const tableEntryFile: LakeFile<TableEntry> = {
  name: "entry of a lake table",
  shape: z.extend(tableShape, { served: z.array(interval).check(z.minLength(1)) }),
};
