import type { KeySchemaElement, TableDescription } from "@aws-sdk/client-dynamodb";
import { DynalakeError } from "../core/error.ts";
import { streamLabelSeconds } from "../core/table/stream-arn.ts";
import { failureName } from "../sdk/aws-error.ts";
import type { SourceConnection } from "./source-connection.ts";
import { placeText, type SourcePlace, sourceError } from "./source-error.ts";

/** A source table as DescribeTable tells (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TableDescription.html). */
export interface SourceDescription {
  readonly name: string;
  readonly arn: string;
  readonly tableId?: string;
  /** The hash key, then the range key where there is one. */
  readonly keySchema: readonly SourceKey[];
  readonly billingMode: "PROVISIONED" | "PAY_PER_REQUEST";
  /** Read capacity units per second; absent for a table that is paid per request. */
  readonly readUnitsPerSecond?: number;
  /** Counted by the service about every six hours; emulators often say 0. */
  readonly itemsEstimate: number;
  readonly bytesEstimate: number;
  /** The stream that the table writes to now; absent when none is enabled. */
  readonly streamArn?: string;
  readonly streamViewType?: string;
  /** Seconds since the epoch, with a fraction, as the stream's label tells. */
  readonly streamCreatedAtSeconds?: number;
}

export interface SourceKey {
  readonly name: string;
  readonly type: "S" | "N" | "B";
  readonly role: "HASH" | "RANGE";
}

/** The longest that a question about a table or a stream may take, retries included. */
export const answerSecondsMax = 10;

/**
 * Asks what the table is like. Fails with TABLE_NOT_FOUND, CREDENTIALS, UNREACHABLE (within `answerSecondsMax`),
 * THROTTLED or SOURCE_FAILED.
 */
export async function describeSource(
  connection: Pick<SourceConnection, "tables" | "place">,
  table: string,
): Promise<SourceDescription> {
  const call = { place: connection.place, attempt: `describe table "${table}"` };
  const described = await withinSeconds(answerSecondsMax, call, (signal) =>
    connection.tables.describeTable({ TableName: table }, signal),
  ).catch((error: unknown) => {
    const name = failureName(error);
    // A name that no table can have is answered with a ValidationException.
    if (name !== "ResourceNotFoundException" && name !== "ValidationException")
      throw sourceError(error, call);
    throw tableNotFound(table, connection.place, error);
  });
  const description = described.Table;
  if (description === undefined || description.TableStatus === "DELETING") {
    throw tableNotFound(table, connection.place, undefined);
  }
  return toSource(description, table);
}

/** Runs a call that must be over within `seconds`; past them it is aborted and fails with UNREACHABLE. */
export async function withinSeconds<T>(
  seconds: number,
  call: { readonly place: SourcePlace; readonly attempt: string },
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), seconds * 1_000);
  try {
    return await run(deadline.signal);
  } catch (error) {
    if (!deadline.signal.aborted) throw error;
    const message = `cannot ${call.attempt} ${placeText(call.place)}: no answer within ${seconds} seconds`;
    throw new DynalakeError("UNREACHABLE", message, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

function tableNotFound(table: string, place: SourcePlace, cause: unknown): DynalakeError {
  return new DynalakeError("TABLE_NOT_FOUND", `there is no table "${table}" ${placeText(place)}`, { cause });
}

function toSource(description: TableDescription, table: string): SourceDescription {
  // AWS leaves BillingModeSummary out for a table that has always been provisioned.
  const billingMode =
    description.BillingModeSummary?.BillingMode === "PAY_PER_REQUEST" ? "PAY_PER_REQUEST" : "PROVISIONED";
  const readUnits = description.ProvisionedThroughput?.ReadCapacityUnits;
  return {
    name: description.TableName ?? table,
    arn: description.TableArn ?? "",
    ...(description.TableId === undefined ? {} : { tableId: description.TableId }),
    keySchema: (description.KeySchema ?? []).map((key) => toKey(key, description)),
    billingMode,
    ...(billingMode === "PROVISIONED" && readUnits ? { readUnitsPerSecond: readUnits } : {}),
    itemsEstimate: description.ItemCount ?? 0,
    bytesEstimate: description.TableSizeBytes ?? 0,
    ...streamOf(description),
  };
}

function toKey(key: KeySchemaElement, description: TableDescription): SourceKey {
  const name = key.AttributeName ?? "";
  const definition = description.AttributeDefinitions?.find((each) => each.AttributeName === name);
  const type = definition?.AttributeType;
  return {
    name,
    type: type === "N" || type === "B" ? type : "S",
    role: key.KeyType === "RANGE" ? "RANGE" : "HASH",
  };
}

function streamOf(description: TableDescription): Partial<SourceDescription> {
  const arn = description.LatestStreamArn;
  // The ARN of a stream that was disabled stays in the description.
  if (arn === undefined || description.StreamSpecification?.StreamEnabled !== true) return {};
  const viewType = description.StreamSpecification.StreamViewType;
  const createdAtSeconds = streamLabelSeconds(arn);
  return {
    streamArn: arn,
    ...(viewType === undefined ? {} : { streamViewType: viewType }),
    ...(createdAtSeconds === undefined ? {} : { streamCreatedAtSeconds: createdAtSeconds }),
  };
}
