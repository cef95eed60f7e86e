/** Makes a table of a design, and waits until it can be written to. */
import {
  CreateTableCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  type DynamoDBClient,
  type TableDescription,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
} from "@aws-sdk/client-dynamodb";
import { DynalakeError } from "../core/error.ts";
import type { TableDesign } from "../core/table/table-design.ts";
import type { Timing } from "../sdk/timing.ts";
import { type SourcePlace, sourceError } from "./source-error.ts";
import { addIndexInput, createTableInput } from "./table-description.ts";

export interface NewTable {
  readonly client: DynamoDBClient;
  readonly place: SourcePlace;
  readonly table: string;
  readonly timing: Timing;
  readonly signal: AbortSignal;
}

/** The service makes an index of a large table for hours. */
const POLL_MS = 2_000;
const FIRST_POLL_MS = 100;

/** Makes the table with its local indexes. Resolves to its id once it is active. Fails as writing to it does. */
export async function createTable(target: NewTable, design: TableDesign): Promise<string | undefined> {
  await attempt(target, "create", () =>
    target.client.send(new CreateTableCommand(createTableInput(target.table, design)), {
      abortSignal: target.signal,
    }),
  );
  return (await whenActive(target)).TableId;
}

/** Makes the global indexes that the table lacks, one after the other, as the service asks. */
export async function addGlobalIndexes(target: NewTable, design: TableDesign): Promise<void> {
  for (const index of design.globalIndexes) {
    const { GlobalSecondaryIndexes = [] } = await whenActive(target);
    if (GlobalSecondaryIndexes.some(({ IndexName }) => IndexName === index.name)) continue;
    await attempt(target, `make the index "${index.name}" of`, () =>
      target.client.send(new UpdateTableCommand(addIndexInput(target.table, design.key, index)), {
        abortSignal: target.signal,
      }),
    );
  }
  await whenActive(target);
}

/** Lets items expire by this attribute. The service refuses to enable what is enabled already, so that it is asked first. */
export async function enableTimeToLive(target: NewTable, attribute: string): Promise<void> {
  const { client, table: TableName, signal: abortSignal } = target;
  const { TimeToLiveDescription: current } = await attempt(target, "describe the time to live of", () =>
    client.send(new DescribeTimeToLiveCommand({ TableName }), { abortSignal }),
  );
  const isEnabled = current?.TimeToLiveStatus === "ENABLED" || current?.TimeToLiveStatus === "ENABLING";
  if (isEnabled && current.AttributeName === attribute) return;
  const TimeToLiveSpecification = { AttributeName: attribute, Enabled: true };
  await attempt(target, "set the time to live of", () =>
    client.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }), { abortSignal }),
  );
}

/** The table once it is active, and its indexes are. */
async function whenActive(target: NewTable): Promise<TableDescription> {
  for (let waitMs = FIRST_POLL_MS; ; waitMs = Math.min(2 * waitMs, POLL_MS)) {
    target.signal.throwIfAborted();
    const { Table: table } = await attempt(target, "describe", () =>
      target.client.send(new DescribeTableCommand({ TableName: target.table }), {
        abortSignal: target.signal,
      }),
    );
    const indexes = table?.GlobalSecondaryIndexes ?? [];
    if (table?.TableStatus === "DELETING")
      throw new DynalakeError("TABLE_NOT_FOUND", `table "${target.table}" is being deleted`);
    const active = indexes.every(({ IndexStatus = "ACTIVE" }) => IndexStatus === "ACTIVE");
    if (table?.TableStatus === "ACTIVE" && active) return table;
    await target.timing.sleep(waitMs, target.signal);
  }
}

async function attempt<T>(
  { place, table, signal }: NewTable,
  verb: string,
  call: () => Promise<T>,
): Promise<T> {
  try {
    return await call();
  } catch (error) {
    signal.throwIfAborted();
    throw sourceError(error, { place, attempt: `${verb} table "${table}"` });
  }
}
