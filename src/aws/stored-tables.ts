/**
 * The Glue tables over the bucket's data: the change log, the segments and what snapshots stage. The views over them are made by
 * `publishViews`, from the newest manifest.
 */
import type { Column as GlueColumn, StorageDescriptor, TableInput } from "@aws-sdk/client-glue";
import { changesFolder, segmentsFolder, stagingFolder } from "../core/format/lake-path.ts";
import { changeWireColumns, itemWireColumns } from "../core/row/wire-line.ts";
import { columnTypeText } from "../core/schema/column-type.ts";
import type { Schema } from "../core/schema/schema.ts";
import { type StoredTable, storedTableName } from "./contracts/glue-tables.ts";

type Format = Pick<StorageDescriptor, "InputFormat" | "OutputFormat" | "SerdeInfo" | "Compressed">;

const PARQUET: Format = {
  InputFormat: "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
  OutputFormat: "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
  SerdeInfo: {
    SerializationLibrary: "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
    Parameters: { "serialization.format": "1" },
  },
};

/** Hive's JSON reader rejects values that do not fit; others coerce them. */
const JSON_LINES: Format = {
  Compressed: true,
  InputFormat: "org.apache.hadoop.mapred.TextInputFormat",
  OutputFormat: "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
  SerdeInfo: { SerializationLibrary: "org.apache.hive.hcatalog.data.JsonSerDe" },
};

/** The definitions of a lake table's three stored tables. */
export function storedTables(bucket: string, schema: Schema): readonly TableInput[] {
  const { table } = schema;
  const root = `s3://${bucket}/`;
  return [
    storedTable(table, "changes", {
      description: `Every change of ${table}, partitioned by hour of arrival. Queries should give dt a lower bound.`,
      columns: wireColumns(changeWireColumns(schema)),
      partitionKeys: ["dt", "hr"],
      format: PARQUET,
      location: `${root}${changesFolder(table)}`,
      parameters: { classification: "parquet", ...hourProjection(`${root}${changesFolder(table)}`) },
    }),
    storedTable(table, "segments", {
      description: `Base and deltas of ${table}; the newest manifest lists the live ones.`,
      columns: segmentColumns(schema),
      partitionKeys: ["_segment"],
      format: PARQUET,
      location: `${root}${segmentsFolder(table)}`,
      parameters: { classification: "parquet" },
    }),
    storedTable(table, "staging", {
      description: `Items of a snapshot of ${table} that is in progress.`,
      columns: wireColumns(itemWireColumns(schema)),
      partitionKeys: ["_run"],
      format: JSON_LINES,
      location: `${root}${stagingFolder(table)}`,
      parameters: {
        classification: "json",
        compressionType: "gzip",
        "projection.enabled": "true",
        "projection._run.type": "injected",
        "storage.location.template": `${root}${stagingFolder(table)}\${_run}/rows/`,
      },
    }),
  ];
}

interface Definition {
  readonly description: string;
  readonly columns: readonly GlueColumn[];
  readonly partitionKeys: readonly string[];
  readonly format: Format;
  readonly location: string;
  readonly parameters: Readonly<Record<string, string>>;
}

function storedTable(table: string, stored: StoredTable, definition: Definition): TableInput {
  return {
    Name: storedTableName(table, stored),
    Description: definition.description,
    TableType: "EXTERNAL_TABLE",
    Parameters: { EXTERNAL: "TRUE", ...definition.parameters },
    PartitionKeys: definition.partitionKeys.map((Name) => ({ Name, Type: "string" })),
    StorageDescriptor: {
      ...definition.format,
      Location: definition.location,
      Columns: [...definition.columns],
    },
  };
}

function wireColumns(columns: ReturnType<typeof changeWireColumns>): readonly GlueColumn[] {
  return columns.map(({ name, type }) => ({ Name: name, Type: type }));
}

/** The columns of `segmentColumns` in `src/core/sql/typed-columns.ts`, with Glue's names for their types. */
function segmentColumns(schema: Schema): readonly GlueColumn[] {
  return [
    ...schema.columns.map(({ name, type }) => ({ Name: name, Type: columnTypeText(type) })),
    { Name: "_op", Type: "string" },
    { Name: "_version", Type: "string" },
    { Name: "_changed_at", Type: "timestamp" },
    { Name: "_expired", Type: "boolean" },
    { Name: "_unmapped", Type: "string" },
    { Name: "_key", Type: "binary" },
  ];
}

/**
 * Athena computes the partitions, so Firehose need not register what it writes. The range starts before any lake existed: data
 * from before the range would silently not be read.
 */
function hourProjection(location: string): Readonly<Record<string, string>> {
  return {
    "projection.enabled": "true",
    "projection.dt.type": "date",
    "projection.dt.format": "yyyy-MM-dd",
    "projection.dt.range": "2024-01-01,NOW+1DAYS",
    "projection.dt.interval": "1",
    "projection.dt.interval.unit": "DAYS",
    "projection.hr.type": "integer",
    "projection.hr.range": "0,23",
    "projection.hr.digits": "2",
    "storage.location.template": `${location}dt=\${dt}/hr=\${hr}/`,
  };
}
