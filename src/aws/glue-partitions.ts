/** Partitions of a Glue table with one partition column. Each entry of a batch can fail separately. */
import {
  BatchCreatePartitionCommand,
  BatchDeletePartitionCommand,
  BatchGetPartitionCommand,
  GetPartitionsCommand,
  type GetPartitionsCommandOutput,
  type GlueClient,
  type PartitionError,
  type StorageDescriptor,
} from "@aws-sdk/client-glue";
import { batchesOf } from "../core/batches-of.ts";
import { DynalakeError } from "../core/error.ts";
import { awsError } from "../sdk/aws-error.ts";
import { backoffMs, serviceBackoff, type Timing } from "../sdk/timing.ts";

export interface PartitionsPlace {
  readonly client: GlueClient;
  readonly database: string;
  readonly timing: Timing;
}

export interface NewPartition {
  readonly value: string;
  /** Ends in "/". */
  readonly location: string;
}

/** AWS: Glue API reference, BatchCreatePartition and BatchDeletePartition. */
const CREATED_AT_ONCE_MAX = 100;
const DELETED_AT_ONCE_MAX = 25;
/** Glue allows 1,000, but each comes with all columns of its table. */
const READ_AT_ONCE_MAX = 100;
const TRIES_MAX = 6;
/** Answers in a row that may hold nothing new. */
const NOTHING_NEW_MAX = 3;

/** Registers partitions with the columns and format of `descriptor`. */
export async function createPartitions(
  place: PartitionsPlace,
  table: string,
  descriptor: StorageDescriptor,
  partitions: readonly NewPartition[],
): Promise<void> {
  const attempt = `register partitions of "${table}"`;
  for (const batch of batchesOf(partitions, CREATED_AT_ONCE_MAX)) {
    await untilDone(place, { attempt, doneBefore: "AlreadyExistsException" }, batch, async (left) => {
      const PartitionInputList = left.map(({ value, location }) => ({
        Values: [value],
        StorageDescriptor: { ...descriptor, Location: location },
      }));
      const request = { DatabaseName: place.database, TableName: table, PartitionInputList };
      return (await place.client.send(new BatchCreatePartitionCommand(request))).Errors;
    });
  }
}

export async function deletePartitions(
  place: PartitionsPlace,
  table: string,
  values: readonly string[],
): Promise<void> {
  const attempt = `delete partitions of "${table}"`;
  const partitions = values.map((value) => ({ value }));
  for (const batch of batchesOf(partitions, DELETED_AT_ONCE_MAX)) {
    await untilDone(place, { attempt, doneBefore: "EntityNotFoundException" }, batch, async (left) => {
      const PartitionsToDelete = left.map(({ value }) => ({ Values: [value] }));
      const request = { DatabaseName: place.database, TableName: table, PartitionsToDelete };
      return (await place.client.send(new BatchDeletePartitionCommand(request))).Errors;
    });
  }
}

/**
 * So many shares has a table: Glue allows ten (AWS: Glue API reference, Segment). Shares do not overlap, and hold about the same number
 * of partitions.
 */
export const PARTITION_SHARES = 10;

/** The values of all partitions, or of a share's, page by page: a table can have more of them than fit into memory. */
export async function* partitionPages(
  place: PartitionsPlace,
  table: string,
  share?: number,
): AsyncGenerator<readonly string[], void> {
  const part =
    share === undefined ? {} : { Segment: { SegmentNumber: share, TotalSegments: PARTITION_SHARES } };
  let token: string | undefined;
  do {
    const request = { DatabaseName: place.database, TableName: table, ExcludeColumnSchema: true, ...part };
    const page: GetPartitionsCommandOutput = await place.client
      .send(new GetPartitionsCommand({ ...request, ...(token && { NextToken: token }) }))
      .catch(failed(place, `list the partitions of "${table}"`));
    yield (page.Partitions ?? []).flatMap(({ Values: [value] = [] }) => (value === undefined ? [] : [value]));
    token = page.NextToken;
  } while (token !== undefined);
}

/**
 * Those of the partitions that are registered. Glue may leave some unprocessed: they are asked for again until none is left. Some
 * that stay unprocessed count as missing, which does no harm: registering what is there changes nothing.
 */
export async function registeredPartitions(
  place: PartitionsPlace,
  table: string,
  values: readonly string[],
): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (const batch of batchesOf(values, READ_AT_ONCE_MAX)) {
    let left = batch;
    for (let nothingNew = 0; left.length > 0 && nothingNew < NOTHING_NEW_MAX; ) {
      const PartitionsToGet = left.map((value) => ({ Values: [value] }));
      const request = { DatabaseName: place.database, TableName: table, PartitionsToGet };
      const { Partitions = [], UnprocessedKeys = [] } = await place.client
        .send(new BatchGetPartitionCommand(request))
        .catch(failed(place, `read partitions of "${table}"`));
      for (const { Values: [value] = [] } of Partitions) if (value !== undefined) found.add(value);
      left = UnprocessedKeys.flatMap(({ Values: [value] = [] }) => (value === undefined ? [] : [value])); // breakage: unprocessed-partitions-asked-again
      nothingNew = Partitions.length > 0 ? 0 : nothingNew + 1;
      if (left.length > 0)
        await place.timing.sleep(
          backoffMs(serviceBackoff, nothingNew + 1, place.timing),
          new AbortController().signal,
        );
    }
  }
  return found;
}

const PASSING: ReadonlySet<string> = new Set([
  "ConcurrentModificationException",
  "InternalServiceException",
  "OperationTimeoutException",
  "ThrottlingException",
]);

/** Sends a batch and resends entries that failed temporarily, until every entry is done or turns out to have been done before. */
async function untilDone<T extends { readonly value: string }>(
  place: PartitionsPlace,
  { attempt, doneBefore }: { readonly attempt: string; readonly doneBefore: string },
  batch: readonly T[],
  send: (left: readonly T[]) => Promise<readonly PartitionError[] | undefined>,
): Promise<void> {
  let left = batch;
  for (let tries = 1; left.length > 0; tries++) {
    const answered = (await send(left).catch(failed(place, attempt))) ?? [];
    const errors = answered.filter(({ ErrorDetail }) => ErrorDetail?.ErrorCode !== doneBefore);
    const lasting = errors.find(({ ErrorDetail }) => !PASSING.has(ErrorDetail?.ErrorCode ?? ""));
    const told = tries === TRIES_MAX ? errors[0] : lasting;
    if (told !== undefined) {
      const { ErrorCode = "Glue gave no reason", ErrorMessage = "" } = told.ErrorDetail ?? {};
      throw new DynalakeError("ENGINE_FAILED", `cannot ${attempt}: ${ErrorCode}: ${ErrorMessage}`);
    }
    const values = new Set(errors.map(({ PartitionValues }) => PartitionValues?.[0]));
    left = left.filter(({ value }) => values.has(value)); // breakage: refused-partitions-retried
    if (left.length > 0)
      await place.timing.sleep(backoffMs(serviceBackoff, tries, place.timing), new AbortController().signal);
  }
}

function failed(place: PartitionsPlace, attempt: string): (error: unknown) => never {
  return (error) => {
    const full = `${attempt} in Glue database "${place.database}"`;
    throw awsError(error, { service: "Glue", attempt: full, otherwise: "ENGINE_FAILED" });
  };
}
