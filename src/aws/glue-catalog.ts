/** The lake's database in the Glue Data Catalog: its tables and their registered partitions. */
import {
  CreateTableCommand,
  GetTableCommand,
  type GlueClient,
  type Table,
  type TableInput,
  UpdateTableCommand,
} from "@aws-sdk/client-glue";
import { DynalakeError } from "../core/error.ts";
import { awsError, awsFailure } from "../sdk/aws-error.ts";
import { systemTiming, type Timing } from "../sdk/timing.ts";
import {
  createPartitions,
  deletePartitions,
  type NewPartition,
  partitionPages,
  registeredPartitions,
} from "./glue-partitions.ts";

export interface GlueOptions {
  readonly client: GlueClient;
  readonly database: string;
  readonly timing?: Timing;
}

export interface GlueCatalog {
  readonly database: string;
  table(name: string): Promise<Table | undefined>;
  /** "exists" if another writer created it first. */
  createTable(input: TableInput): Promise<"created" | "exists">;
  /** Replaces the table only if its version is still `versionId`. */
  updateTable(input: TableInput, versionId: string): Promise<"updated" | "changed-meanwhile">;
  /** Registers partitions with the table's columns and format. Leaves existing ones unchanged. */
  createPartitions(table: string, partitions: readonly NewPartition[]): Promise<void>;
  /** Ignores missing ones. */
  deletePartitions(table: string, values: readonly string[]): Promise<void>;
  /** Those of the values that have partitions. */
  registered(table: string, values: readonly string[]): Promise<ReadonlySet<string>>;
  /** The values of all partitions, or of a share (from 0 to `PARTITION_SHARES`). Those deleted meanwhile can make it skip others. */
  partitionPages(table: string, share?: number): AsyncIterable<readonly string[]>;
}

export function glueCatalog(options: GlueOptions): GlueCatalog {
  const { client, database, timing = systemTiming } = options;
  const place = { client, database, timing };
  return {
    database,
    table: (name) => tableNamed(options, name),
    createTable: (input) => createTable(options, input),
    updateTable: (input, versionId) => updateTable(options, input, versionId),
    createPartitions: async (table, partitions) => {
      if (partitions.length === 0) return;
      const descriptor = (await tableNamed(options, table))?.StorageDescriptor;
      if (descriptor === undefined) throw missingTable(database, table);
      await createPartitions(place, table, descriptor, partitions);
    },
    deletePartitions: (table, values) => deletePartitions(place, table, values),
    registered: (table, values) => registeredPartitions(place, table, values),
    partitionPages: (table, share) => partitionPages(place, table, share),
  };
}

function failed(database: string, attempt: string): (error: unknown) => never {
  return (error) => {
    const full = `${attempt} in Glue database "${database}"`;
    throw awsError(error, { service: "Glue", attempt: full, otherwise: "ENGINE_FAILED" });
  };
}

async function tableNamed({ client, database }: GlueOptions, name: string): Promise<Table | undefined> {
  try {
    return (await client.send(new GetTableCommand({ DatabaseName: database, Name: name }))).Table;
  } catch (error) {
    if (awsFailure(error).name === "EntityNotFoundException") return undefined;
    return failed(database, `read table "${name}"`)(error);
  }
}

async function createTable(
  { client, database }: GlueOptions,
  input: TableInput,
): Promise<"created" | "exists"> {
  try {
    await client.send(new CreateTableCommand({ DatabaseName: database, TableInput: input }));
    return "created";
  } catch (error) {
    if (awsFailure(error).name === "AlreadyExistsException") return "exists";
    return failed(database, `create "${input.Name}"`)(error);
  }
}

async function updateTable(
  { client, database }: GlueOptions,
  input: TableInput,
  versionId: string,
): Promise<"updated" | "changed-meanwhile"> {
  try {
    const request = { DatabaseName: database, TableInput: input, VersionId: versionId };
    // Archived versions would accumulate until Glue rejects more.
    await client.send(new UpdateTableCommand({ ...request, SkipArchive: true }));
    return "updated";
  } catch (error) {
    const { name } = awsFailure(error);
    if (name === "ConcurrentModificationException" || name === "EntityNotFoundException")
      return "changed-meanwhile";
    return failed(database, `update "${input.Name}"`)(error);
  }
}

function missingTable(database: string, table: string): DynalakeError {
  return new DynalakeError(
    "LAKE_NOT_FOUND",
    `table "${table}" does not exist in Glue database "${database}"`,
    {
      next: "Deploy the stack again to create the lake's tables.",
    },
  );
}
