/** What `verify` compares for a table in a folder, and for one of a deployment. */
import { tmpdir } from "node:os";
import { athenaRows } from "../aws/athena-items.ts";
import { nowSeconds } from "../aws/run-name.ts";
import { verifiedLake } from "../core/verified-lake.ts";
import { streamDeliveries, timedDeliveries } from "../core/verify-deliveries.ts";
import { connectSource, type SourceConnection } from "../embedded/dynamodb/clients.ts";
import { isLoopback } from "../embedded/dynamodb/loopback.ts";
import { streamSource } from "../embedded/dynamodb/stream-source.ts";
import { batchGetOf, verifiedTable } from "../embedded/dynamodb/verified-table.ts";
import { recallSource } from "../embedded/source-memory.ts";
import type { VerifyRequest } from "../embedded/verify.ts";
import type { CommandContext } from "./command.ts";
import type { DeployedTable, FolderTable, LakeTable } from "./opened-lake.ts";

export interface SourceChoice {
  readonly endpoint?: string;
  readonly region?: string;
  readonly readShare?: number;
  readonly readUnits?: number;
  /** How long a difference gets to settle. */
  readonly settle?: number;
}

export interface VerifySides extends Omit<VerifyRequest, "schema" | "namedMax" | "signal" | "onProgress"> {
  readonly connection: SourceConnection;
}

/** From a write to its record on the stream, and from a delivery to the view: `run` folds late changes within a second or two. */
const DELAY_SECONDS = { service: 5, emulator: 2 } as const;
const SETTLE_SECONDS = 60;
/** Firehose waits for a minute; Lambda, it and a crash of either need more. */
const DEPLOYED_DELAY_SECONDS = 180;
/** Keys of one statement, whose items are in memory at once; Athena takes 256 KB of text. */
const CANDIDATES_MAX = { folder: 5_000, stack: 2_000 } as const;

/** Connects to the table's source; nothing is sent but what is needed to find it. */
export async function verifySides(
  context: CommandContext,
  table: LakeTable,
  choice: SourceChoice,
): Promise<VerifySides> {
  return table.kind === "folder"
    ? folderSides(context, table, choice)
    : deployedSides(context, table, choice);
}

async function folderSides(
  context: CommandContext,
  table: FolderTable,
  choice: SourceChoice,
): Promise<VerifySides> {
  const { lake, store, schema } = table;
  const remembered = await recallSource(store, schema.table);
  const connection = connect(context, {
    endpoint: choice.endpoint ?? remembered.endpoint,
    region: choice.region ?? remembered.region,
  });
  const settleSeconds = choice.settle ?? SETTLE_SECONDS;
  const stream = streamSource(connection, schema.source);
  const delaySeconds = isLoopback(connection.place.endpoint) ? DELAY_SECONDS.emulator : DELAY_SECONDS.service;
  const { streamedRows } = await import("../embedded/items.ts");
  return {
    connection,
    source: sourceOf(context, table, connection, choice),
    lake: verifiedLake(table, (sql, of) => streamedRows(lake, sql, of)),
    deliveries: streamDeliveries({
      store,
      schema,
      stream,
      nowSeconds,
      serviceNowSeconds: () => Math.ceil((Date.now() + connection.clockOffsetMs()) / 1000),
      marginSeconds: delaySeconds,
      readSeconds: settleSeconds,
    }),
    temporaryFolder: lake.session.temporaryFolder,
    candidatesMax: CANDIDATES_MAX.folder,
    settleSeconds,
    delaySeconds,
  };
}

/** Nobody can see how far a deployment's delivery is, so that it gets time instead. */
async function deployedSides(
  context: CommandContext,
  table: DeployedTable,
  choice: SourceChoice,
): Promise<VerifySides> {
  const [, , , regionOfTable] = table.deployment.sourceTableArn.split(":");
  const connection = connect(context, { endpoint: choice.endpoint, region: choice.region ?? regionOfTable });
  const delaySeconds = choice.settle ?? DEPLOYED_DELAY_SECONDS;
  return {
    connection,
    source: sourceOf(context, table, connection, choice),
    lake: verifiedLake(table, (sql, of) => athenaRows(table.lake.engine, sql, of)),
    deliveries: timedDeliveries,
    temporaryFolder: tmpdir(),
    candidatesMax: CANDIDATES_MAX.stack,
    // A key that was changed meanwhile gets a second chance.
    settleSeconds: 2 * delaySeconds,
    delaySeconds,
  };
}

function connect(
  context: CommandContext,
  { endpoint, region }: { readonly endpoint: string | undefined; readonly region: string | undefined },
): SourceConnection {
  return connectSource({
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
    environment: context.settings.environment,
  });
}

function sourceOf(
  context: CommandContext,
  { schema }: LakeTable,
  connection: SourceConnection,
  { readShare, readUnits }: SourceChoice,
): VerifyRequest["source"] {
  return verifiedTable(
    { ...connection, batchGet: batchGetOf(connection) },
    {
      schema,
      signal: context.interrupted,
      ...(readShare === undefined ? {} : { readShare }),
      ...(readUnits === undefined ? {} : { readUnitsPerSecond: readUnits }),
    },
  );
}
