/**
 * Glue tables over the bucket's data: the change log, the segments and what snapshots stage. CDK does not create the views
 * over them: the functions do, from the newest manifest.
 */
import { Aws } from "aws-cdk-lib";
import { CfnTable } from "aws-cdk-lib/aws-glue";
import { Construct } from "constructs";
import { type StoredTable, storedTableName } from "../src/aws/contracts/glue-tables.ts";
import { changesFolder, segmentsFolder, stagingFolder } from "../src/core/format/lake-path.ts";
import { changeWireColumns, itemWireColumns } from "../src/core/row/wire-line.ts";
import { columnTypeText } from "../src/core/schema/column-type.ts";
import type { Schema } from "../src/core/schema/schema.ts";
import type { Lake } from "./lake.ts";

interface GlueColumn {
  readonly name: string;
  readonly type: string;
}

type Format = Pick<
  CfnTable.StorageDescriptorProperty,
  "inputFormat" | "outputFormat" | "serdeInfo" | "compressed"
>;

const PARQUET: Format = {
  inputFormat: "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
  outputFormat: "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
  serdeInfo: {
    serializationLibrary: "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
    parameters: { "serialization.format": "1" },
  },
};

/** Hive's JSON reader rejects values that do not fit; others coerce them. */
const JSON_LINES: Format = {
  compressed: true,
  inputFormat: "org.apache.hadoop.mapred.TextInputFormat",
  outputFormat: "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
  serdeInfo: { serializationLibrary: "org.apache.hive.hcatalog.data.JsonSerDe" },
};

export class LakeTables extends Construct {
  readonly changes: CfnTable;
  readonly segments: CfnTable;
  readonly staging: CfnTable;

  constructor(scope: Construct, id: string, props: { readonly lake: Lake; readonly schema: Schema }) {
    super(scope, id);
    const { lake, schema } = props;
    const { table } = schema;
    const root = `s3://${lake.bucket.bucketName}/`;
    const make = (stored: StoredTable, definition: Definition): CfnTable =>
      glueTable(this, pascal(stored), lake, storedTableName(table, stored), definition);
    this.changes = make("changes", {
      description: `Every change of ${table}, partitioned by hour of arrival. Queries should give dt a lower bound.`,
      columns: changeWireColumns(schema),
      partitionKeys: ["dt", "hr"],
      format: PARQUET,
      location: `${root}${changesFolder(table)}`,
      parameters: { classification: "parquet", ...hourProjection(`${root}${changesFolder(table)}`) },
    });
    this.segments = make("segments", {
      description: `Base and deltas of ${table}; the newest manifest lists the live ones.`,
      columns: segmentColumns(schema),
      partitionKeys: ["_segment"],
      format: PARQUET,
      location: `${root}${segmentsFolder(table)}`,
      parameters: { classification: "parquet" },
    });
    this.staging = make("staging", {
      description: `Items of a snapshot of ${table} that is in progress.`,
      columns: itemWireColumns(schema),
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
    });
  }
}

interface Definition {
  readonly description: string;
  readonly columns: readonly GlueColumn[];
  readonly partitionKeys: readonly string[];
  readonly format: Format;
  readonly location: string;
  readonly parameters: Readonly<Record<string, string>>;
}

function glueTable(scope: Construct, id: string, lake: Lake, name: string, definition: Definition): CfnTable {
  const made = new CfnTable(scope, id, {
    catalogId: Aws.ACCOUNT_ID,
    databaseName: lake.databaseName,
    tableInput: {
      name,
      description: definition.description,
      tableType: "EXTERNAL_TABLE",
      parameters: { EXTERNAL: "TRUE", ...definition.parameters },
      partitionKeys: definition.partitionKeys.map((key) => ({ name: key, type: "string" })),
      storageDescriptor: {
        ...definition.format,
        location: definition.location,
        columns: definition.columns.map((column) => ({ ...column })),
      },
    },
  });
  made.addResourceDependency(lake.database);
  return made;
}

/** The columns of `segmentColumns` in `src/core/sql/typed-columns.ts`, with Glue's names for their types. */
function segmentColumns(schema: Schema): readonly GlueColumn[] {
  return [
    ...schema.columns.map(({ name, type }) => ({ name, type: columnTypeText(type) })),
    { name: "_op", type: "string" },
    { name: "_version", type: "string" },
    { name: "_changed_at", type: "timestamp" },
    { name: "_expired", type: "boolean" },
    { name: "_unmapped", type: "string" },
    { name: "_key", type: "binary" },
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

/** order_lines becomes OrderLines. */
export function pascal(name: string): string {
  return name
    .split("_")
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join("");
}
