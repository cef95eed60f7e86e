/** What a lake table adds to its source: its tables in the catalog, its delivery stream, its entry in the registry, its alarms. */
import { Duration, Stack } from "aws-cdk-lib";
import type { IRole } from "aws-cdk-lib/aws-iam";
import { Construct, type IDependable } from "constructs";
import { segmentsKept } from "../src/core/compaction/segments-kept.ts";
import { DynalakeError } from "../src/core/error.ts";
import type { SnapshotsKept } from "../src/core/format/snapshots-kept.ts";
import { LISTED_MAX } from "../src/core/ports/object-store.ts";
import type { Schema } from "../src/core/schema/schema.ts";
import { type AlarmOptions, Alarms } from "./alarms.ts";
import { ChangeStream } from "./change-stream.ts";
import { type BufferOptions, checkedBuffers, within } from "./delivery-options.ts";
import type { Lake } from "./lake.ts";
import { tableMetrics } from "./metrics.ts";
import { deliveryStreamName, lakePrefix } from "./names.ts";
import { TableAccess } from "./table-access.ts";
import { tableWatches } from "./watches.ts";

/** How a lake table is kept. */
export interface LakeTableOptions {
  /** Default: 15 minutes. */
  readonly compactEvery?: Duration | "never";
  /** Snapshots after the first one. Default: never; to repair a gap, start one by hand. */
  readonly snapshotEvery?: Duration | "never";
  /**
   * The snapshots that stay in `<table>_snapshots`, from the next one on: a number, those no older than a duration, or all. Default: as
   * before, at first the last one. Each costs its whole size in storage.
   */
  readonly snapshotsKept?: number | Duration | "all";
  /** How often to check whether the first snapshot is still missing, beginning right after deployment. Default: 1 day. */
  readonly firstSnapshotEvery?: Duration;
  /** How long the table's past states can be queried: 1 to 8,760 hours. Default: 168, seven days. */
  readonly retentionHours?: number;
  /** How long after its deployment a new schema comes into use; Firehose has picked it up by then. Default: 30 minutes. */
  readonly schemaSettleTime?: Duration;
}

export interface LakeTableProps extends LakeTableOptions {
  readonly lake: Lake;
  readonly schema: Schema;
  /** The source's name in the lake. */
  readonly source: string;
  /** How long Lambda collects records for a batch. */
  readonly batchSeconds: number;
  readonly buffers: BufferOptions;
  readonly alarms: AlarmOptions | "none";
}

const HOUR_SECONDS = 3600;
const DAY_SECONDS = 24 * HOUR_SECONDS;
export const COMPACT_EVERY: Duration = Duration.minutes(15);
const SETTLE_SECONDS = 30 * 60;
const SNAPSHOTS_KEPT_MAX = 100_000;

export class LakeTable extends Construct {
  /** The name of the lake table in SQL. */
  readonly lakeTable: string;
  readonly entry: IDependable;
  /** Firehose's role. */
  readonly deliveryRole: IRole;

  constructor(scope: Construct, id: string, props: LakeTableProps) {
    super(scope, id);
    const { lake, schema, source } = props;
    const { table } = schema;
    const retentionHours = props.retentionHours ?? 168;
    within("retentionHours", retentionHours, 1, 8760);
    const buffers = checkedBuffers(props.buffers);
    const { compactEvery = COMPACT_EVERY } = props;
    const snapshotsKept = keptSnapshots(props.snapshotsKept);
    requireVacuumable(schema, { ...props, compactEvery, retentionHours, snapshotsKept });
    this.lakeTable = table;
    const glueTables = lake.registry.addGlueTables(this, "GlueTables", schema.file);
    const { role, streamName } = new ChangeStream(this, "ChangeStream", {
      access: new TableAccess(lake, table),
      streamName: deliveryStreamName(lakePrefix(lake.databaseName), source, table),
      after: glueTables,
      ...buffers,
    });
    this.deliveryRole = role;
    this.entry = lake.registry.addTable(this, "Entry", {
      stack: Stack.of(this).stackName,
      source,
      schema: schema.file,
      deliveryStream: streamName,
      retentionHours,
      bufferSeconds: props.batchSeconds + buffers.bufferTime.toSeconds(),
      schemaSettleSeconds: props.schemaSettleTime?.toSeconds() ?? SETTLE_SECONDS,
      ...(compactEvery === "never" ? {} : { compactEverySeconds: compactEvery.toSeconds() }),
      ...(props.snapshotEvery === undefined || props.snapshotEvery === "never"
        ? {}
        : { snapshotEverySeconds: props.snapshotEvery.toSeconds() }),
      ...(snapshotsKept === undefined ? {} : { snapshotsKept }),
      firstSnapshotEverySeconds: props.firstSnapshotEvery?.toSeconds() ?? DAY_SECONDS,
    });
    if (props.alarms === "none") return;
    const metrics = tableMetrics(lake, table, streamName);
    const watches = tableWatches(metrics, compactEvery, props.alarms);
    new Alarms(this, "Alarms", { lake, of: table, watches });
  }
}

/** As files of the lake have it. Throws USAGE for none. */
function keptSnapshots(asked: LakeTableOptions["snapshotsKept"]): SnapshotsKept | undefined {
  if (asked === undefined || asked === "all") return asked;
  if (typeof asked === "number") {
    within("snapshotsKept", asked, 1, SNAPSHOTS_KEPT_MAX);
    return asked;
  }
  const seconds = asked.toSeconds();
  within("snapshotsKept", seconds, 1, 100 * 365 * DAY_SECONDS, "seconds");
  return { seconds };
}

/** Throws USAGE if a table that changes all the time would have more files than a vacuum can list: nothing would be removed again. */
function requireVacuumable(
  { partitioning, table }: Schema,
  {
    compactEvery,
    retentionHours,
    snapshotEvery = "never",
    snapshotsKept,
  }: Pick<LakeTableOptions, "snapshotEvery"> &
    Required<Pick<LakeTableOptions, "compactEvery" | "retentionHours">> & {
      readonly snapshotsKept: SnapshotsKept | undefined;
    },
): void {
  const seconds = (every: Duration | "never"): number | undefined =>
    every === "never" ? undefined : every.toSeconds();
  // How many values a column has, and how many of their parts a compaction rewrites, the data alone knows: a number that people
  // state would refuse tables of many values of which few change.
  const parts = partitioning?.kind === "bucket" ? partitioning.count : 1;
  const segments = segmentsKept({
    parts,
    compactEverySeconds: seconds(compactEvery),
    snapshotEverySeconds: seconds(snapshotEvery),
    retentionSeconds: retentionHours * HOUR_SECONDS,
    snapshotsKept,
  });
  if (segments <= LISTED_MAX) return; // breakage: overflowing-tables-are-refused
  const [count, max] = [segments, LISTED_MAX].map((number) => number.toLocaleString("en-US"));
  throw new DynalakeError(
    "USAGE",
    `"${table}" would keep up to ${count} segments, and at most ${max} can be listed`,
    {
      next: `Choose a longer compactEvery or snapshotEvery, fewer retentionHours or snapshotsKept, or fewer buckets in partitionBy.`,
    },
  );
}
