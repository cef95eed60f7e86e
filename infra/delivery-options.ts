/** How changes are read and delivered, and the services' limits on that. */
import { Duration } from "aws-cdk-lib";
import { DynalakeError } from "../src/core/error.ts";

/** How Firehose collects the changes of a lake table. */
export interface BufferOptions {
  /** How long Firehose waits before it writes an object: 0 to 900 seconds. Default: 60 seconds. */
  readonly bufferTime?: Duration;
  /** How much Firehose collects before it writes an object: 64 to 128. Default: 64. */
  readonly bufferMebibytes?: number;
}

/** How the stream of a source table is read. */
export interface ReadingOptions {
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

export interface DeliveryOptions extends ReadingOptions, BufferOptions {}

type Checked<Options> = { readonly [K in keyof Options]-?: NonNullable<Options[K]> };

const BUFFER_DEFAULTS: Checked<BufferOptions> = { bufferTime: Duration.seconds(60), bufferMebibytes: 64 };

const READING_DEFAULTS: Checked<ReadingOptions> = {
  batchSize: 1000,
  batchWindow: Duration.seconds(5),
  parallelizationFactor: 1,
  retryAttempts: 100,
  // The function gets everything in the stream: records almost a day old mean that older ones were lost.
  recordAgeMax: Duration.hours(24),
};

/** Checks the services' limits here, so that no deployment fails on them halfway. */
export function checkedBuffers(options: BufferOptions): Checked<BufferOptions> {
  const { bufferMebibytes, bufferTime } = { ...BUFFER_DEFAULTS, ...given(options) };
  within("bufferTime", bufferTime.toSeconds(), 0, 900, "seconds");
  within("bufferMebibytes", bufferMebibytes, 64, 128);
  return { bufferMebibytes, bufferTime };
}

export function checkedReading(options: ReadingOptions): Checked<ReadingOptions> {
  const all: Checked<ReadingOptions> = { ...READING_DEFAULTS, ...given(options) };
  within("batchSize", all.batchSize, 1, 10_000);
  within("batchWindow", all.batchWindow.toSeconds(), all.batchSize > 10 ? 1 : 0, 300, "seconds");
  within("parallelizationFactor", all.parallelizationFactor, 1, 10);
  within("retryAttempts", all.retryAttempts, 0, 10_000);
  within("recordAgeMax", all.recordAgeMax.toSeconds(), 60, 86_400, "seconds");
  return all;
}

function given(options: object): object {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
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
