/** From the source table's stream to the change log: the stream function, its mapping, and the Firehose stream behind it. */
import { Duration } from "aws-cdk-lib";
import type { CfnTable } from "aws-cdk-lib/aws-glue";
import {
  EventSourceMapping,
  type Function as LambdaFunction,
  StartingPosition,
} from "aws-cdk-lib/aws-lambda";
import { Construct } from "constructs";
import { DynalakeError } from "../src/core/error.ts";
import type { Schema } from "../src/core/schema/schema.ts";
import { ChangeStream } from "./change-stream.ts";
import { streamPermissions } from "./handler-permissions.ts";
import { lakeFunction } from "./lake-function.ts";
import { type MaskKey, maskKeyEnvironment, maskKeyPermissions } from "./mask-key.ts";
import type { SourceTable } from "./source-table.ts";
import type { TableAccess } from "./table-access.ts";

export interface DeliveryOptions {
  /** How long Firehose waits before it writes an object: 0 to 900 seconds. Default: 60 seconds. */
  readonly bufferTime?: Duration;
  /** How much Firehose collects before it writes an object: 64 to 128. Default: 64. */
  readonly bufferMebibytes?: number;
  /** The most records per invocation: 1 to 10,000. Default: 1,000. */
  readonly batchSize?: number;
  /** How long Lambda collects records for a batch: 0 to 300 seconds. Default: 5 seconds. */
  readonly batchWindow?: Duration;
  /** Concurrent batches per shard: 1 to 10. An item's changes stay in order. Default: 1. */
  readonly parallelizationFactor?: number;
  /** Retries before a failing batch is saved to the bucket: 0 to 10,000. Default: 100. */
  readonly retryAttempts?: number;
  /** A failing batch is also saved once its records are this old: 1 minute to 24 hours. Default: 24 hours. */
  readonly recordAgeMax?: Duration;
}

export interface DeliveryProps {
  readonly access: TableAccess;
  readonly schema: Schema;
  readonly source: SourceTable;
  readonly changes: CfnTable;
  readonly maskKey: MaskKey;
  /** How long Firehose may keep using the previous columns. */
  readonly schemaSettleTime: Duration;
  readonly options: DeliveryOptions;
}

export class FirehoseDelivery extends Construct {
  readonly changeStream: ChangeStream;
  readonly streamFunction: LambdaFunction;
  readonly mapping: EventSourceMapping;
  /** The longest time a change waits in buffers on its way to the change log. */
  readonly bufferSeconds: number;

  constructor(scope: Construct, id: string, props: DeliveryProps) {
    super(scope, id);
    const { access, schema, source, maskKey } = props;
    const options = checked(props.options);
    this.bufferSeconds = options.batchWindow.toSeconds() + options.bufferTime.toSeconds();
    this.changeStream = new ChangeStream(this, "ChangeStream", {
      access,
      changes: props.changes,
      bufferTime: options.bufferTime,
      bufferMebibytes: options.bufferMebibytes,
    });
    this.streamFunction = lakeFunction(this, "Function", {
      handler: "stream",
      access,
      schema,
      permissions: [
        ...streamPermissions(access, source, this.changeStream.arn),
        ...maskKeyPermissions(maskKey),
      ],
      environment: {
        DELIVERY_STREAM: this.changeStream.streamName,
        SCHEMA_SETTLE_SECONDS: String(props.schemaSettleTime.toSeconds()),
        ...maskKeyEnvironment(maskKey),
      },
      memoryMebibytes: 1024,
      timeout: Duration.minutes(2),
    });
    this.mapping = new EventSourceMapping(this, "Mapping", {
      target: this.streamFunction,
      eventSourceArn: source.streamArn,
      // Starts with the stream's last day: LATEST would miss writes made while the mapping is created.
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: options.batchSize,
      maxBatchingWindow: options.batchWindow,
      parallelizationFactor: options.parallelizationFactor,
      // By default Lambda retries a batch until its records leave the stream, and blocks everything behind it.
      bisectBatchOnError: true,
      retryAttempts: options.retryAttempts,
      maxRecordAge: options.recordAgeMax,
      reportBatchItemFailures: true,
      // A bucket receives the whole batch; queues and topics receive only its position.
      onFailure: { bind: () => ({ destination: access.lake.bucket.bucketArn }) },
      supportS3OnFailureDestination: true,
    });
    this.mapping.node.addDependency(this.streamFunction);
  }
}

type Checked = { readonly [K in keyof DeliveryOptions]-?: NonNullable<DeliveryOptions[K]> };

const DEFAULTS: Checked = {
  bufferTime: Duration.seconds(60),
  bufferMebibytes: 64,
  batchSize: 1000,
  batchWindow: Duration.seconds(5),
  parallelizationFactor: 1,
  retryAttempts: 100,
  // The function gets everything in the stream: records almost a day old mean that older ones were lost.
  recordAgeMax: Duration.hours(24),
};

/** Checks the services' limits here, so that no deployment fails on them halfway. */
function checked(options: DeliveryOptions): Checked {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const all: Checked = { ...DEFAULTS, ...given };
  within("bufferTime", all.bufferTime.toSeconds(), 0, 900, "seconds");
  within("bufferMebibytes", all.bufferMebibytes, 64, 128);
  within("batchSize", all.batchSize, 1, 10_000);
  within("batchWindow", all.batchWindow.toSeconds(), all.batchSize > 10 ? 1 : 0, 300, "seconds");
  within("parallelizationFactor", all.parallelizationFactor, 1, 10);
  within("retryAttempts", all.retryAttempts, 0, 10_000);
  within("recordAgeMax", all.recordAgeMax.toSeconds(), 60, 86_400, "seconds");
  return all;
}

/** Throws USAGE for an option outside of its limits. */
export function within(option: string, value: number, min: number, max: number, unit = ""): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  const [given, least, most] = [value, min, max].map((number) => number.toLocaleString("en-US"));
  const units = unit === "" ? "" : ` ${unit}`;
  throw new DynalakeError(
    "USAGE",
    `invalid ${option}: ${given}${units} is not between ${least} and ${most}${units}`,
    {
      next: `Change ${option} where you add the table to the lake.`,
    },
  );
}
