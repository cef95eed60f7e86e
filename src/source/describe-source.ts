/** A source table as DescribeTable reports it. */
import type { TableDescription } from "@aws-sdk/client-dynamodb";
import { DynalakeError } from "../core/error.ts";
import { streamLabelSeconds } from "../core/table/stream-arn.ts";
import type { KeyPart, TableDesign } from "../core/table/table-design.ts";
import type { KeySchema } from "../core/values/key.ts";
import { failureName } from "../sdk/aws-error.ts";
import { systemTiming, type Timing } from "../sdk/timing.ts";
import type { SourceConnection } from "./source-connection.ts";
import { placeText, type SourcePlace, sourceError } from "./source-error.ts";
import { designOf } from "./table-description.ts";
import { ANSWER_SECONDS_MAX, withinSeconds } from "./within-seconds.ts";

/** Source: "TableDescription", docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TableDescription.html. */
export interface SourceDescription {
  readonly name: string;
  readonly arn: string;
  readonly tableId?: string;
  /** The hash key, then the range key if there is one. */
  readonly keySchema: readonly KeyPart[];
  readonly design: TableDesign;
  readonly billingMode: "PROVISIONED" | "PAY_PER_REQUEST";
  /** Read capacity units per second; absent for an on-demand table. */
  readonly readUnitsPerSecond?: number;
  /** Updated by the service about every six hours; emulators often report 0. */
  readonly itemsEstimate: number;
  readonly bytesEstimate: number;
  /** The stream that the table writes to; absent if none is enabled. */
  readonly streamArn?: string;
  readonly streamViewType?: string;
  /** Seconds since the epoch, with a fraction, from the stream's label. */
  readonly streamCreatedAtSeconds?: number;
}

/**
 * Describes a table. Fails with TABLE_NOT_FOUND, CREDENTIALS, UNREACHABLE (within `ANSWER_SECONDS_MAX`), THROTTLED or
 * SOURCE_FAILED, and with the signal's reason once it is aborted.
 */
export async function describeSource(
  connection: Pick<SourceConnection, "tables" | "place">,
  table: string,
  signal?: AbortSignal,
  timing: Timing = systemTiming,
): Promise<SourceDescription> {
  const call = { place: connection.place, attempt: `describe table "${table}"` };
  const describe = (deadline: AbortSignal) =>
    connection.tables.describeTable(
      { TableName: table },
      signal === undefined ? deadline : AbortSignal.any([deadline, signal]),
    );
  const described = await withinSeconds(ANSWER_SECONDS_MAX, call, describe, timing).catch(
    (error: unknown) => {
      signal?.throwIfAborted();
      const name = failureName(error);
      // DynamoDB answers a name that no table can have with a ValidationException.
      if (name !== "ResourceNotFoundException" && name !== "ValidationException")
        throw sourceError(error, call);
      throw tableNotFound(table, connection.place, error);
    },
  );
  const description = described.Table;
  if (description === undefined || description.TableStatus === "DELETING") {
    throw tableNotFound(table, connection.place, undefined);
  }
  return toSource(description, table);
}

/** The key as a schema names it. Throws SOURCE_FAILED if the service left it out. */
export function keySchemaOf({ name, keySchema: [hash, range] }: SourceDescription): KeySchema {
  if (hash === undefined)
    throw new DynalakeError("SOURCE_FAILED", `table "${name}" was described without a key`);
  return range === undefined ? { hash: hash.name } : { hash: hash.name, range: range.name };
}

function tableNotFound(table: string, place: SourcePlace, cause: unknown): DynalakeError {
  return new DynalakeError("TABLE_NOT_FOUND", `table "${table}" does not exist ${placeText(place)}`, {
    cause,
  });
}

function toSource(description: TableDescription, table: string): SourceDescription {
  // AWS omits BillingModeSummary for a table that has always been provisioned.
  const billingMode =
    description.BillingModeSummary?.BillingMode === "PAY_PER_REQUEST" ? "PAY_PER_REQUEST" : "PROVISIONED";
  const readUnits = description.ProvisionedThroughput?.ReadCapacityUnits;
  const design = designOf(description);
  return {
    name: description.TableName ?? table,
    arn: description.TableArn ?? "",
    ...(description.TableId === undefined ? {} : { tableId: description.TableId }),
    keySchema: design.key,
    design,
    billingMode,
    ...(billingMode === "PROVISIONED" && readUnits ? { readUnitsPerSecond: readUnits } : {}),
    itemsEstimate: description.ItemCount ?? 0,
    bytesEstimate: description.TableSizeBytes ?? 0,
    ...streamOf(description),
  };
}

function streamOf(description: TableDescription): Partial<SourceDescription> {
  const arn = description.LatestStreamArn;
  // The description keeps the ARN of a disabled stream.
  if (arn === undefined || description.StreamSpecification?.StreamEnabled !== true) return {};
  const viewType = description.StreamSpecification.StreamViewType;
  const createdAtSeconds = streamLabelSeconds(arn);
  return {
    streamArn: arn,
    ...(viewType === undefined ? {} : { streamViewType: viewType }),
    ...(createdAtSeconds === undefined ? {} : { streamCreatedAtSeconds: createdAtSeconds }),
  };
}
