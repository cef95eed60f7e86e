/** What `verify` compares for a table in a folder, and for one of a deployment. */
import { tmpdir } from "node:os";
import { athenaRows } from "../aws/athena-items.ts";
import { deliveredWithinSeconds } from "../aws/aws-policy.ts";
import { DynalakeError } from "../core/error.ts";
import { exportedTable } from "../core/exports/export-manifest.ts";
import type { VerifiedLake } from "../core/ports/verified.ts";
import { verifiedLake } from "../core/verify/verified-lake.ts";
import { streamDeliveries, timedDeliveries } from "../core/verify/verify-deliveries.ts";
import { exportSettling } from "../core/verify/verify-export.ts";
import { openExport } from "../embedded/exports/export-folder.ts";
import { recallSource } from "../embedded/folder/source-memory.ts";
import { liveSettling, type VerifyRequest, verifiedExport } from "../embedded/verifying/verify.ts";
import { nowSeconds } from "../sdk/run-name.ts";
import { isLoopback } from "../source/loopback.ts";
import { connectSource, type SourceConnection } from "../source/source-connection.ts";
import { streamSource } from "../source/stream-source.ts";
import { batchGetOf, verifiedTable } from "../source/verified-table.ts";
import type { CommandContext } from "./command.ts";
import type { DeployedTable, FolderTable, LakeTable } from "./opened-lake.ts";

export interface SourceChoice {
  readonly endpoint?: string;
  readonly region?: string;
  readonly readShare?: number;
  readonly readUnits?: number;
  /** How long a difference gets to settle. */
  readonly settle?: number;
  /** An export in place of the table. */
  readonly fromExport?: string;
}

export interface VerifySides extends Omit<VerifyRequest, "schema" | "namedMax" | "onProgress"> {
  close(): void;
}

/** From a write to its record on the stream, and from a delivery to the view: `run` folds late changes within a second or two. */
const DELAY_SECONDS = { service: 5, emulator: 2 } as const;
const SETTLE_SECONDS = 60;
/** A stream is read to its end in so long, even where nothing is to be waited for. */
const READ_SECONDS_MIN = 10;
/** Keys of one statement, whose items are in memory at once; Athena takes 256 KB of text. */
const CANDIDATES_MAX = { folder: 5_000, stack: 2_000 } as const;

/** Connects to the table's source; nothing is sent but what is needed to find it. */
export async function verifySides(
  context: CommandContext,
  table: LakeTable,
  choice: SourceChoice,
): Promise<VerifySides> {
  if (table.kind === "stack") return deployedSides(context, table, choice);
  return choice.fromExport === undefined
    ? folderSides(context, table, choice)
    : exportSides(table, context.absolute(choice.fromExport));
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
  const source = sourceOf(context, table, connection, choice);
  const rows = await lakeOf(table);
  const deliveries = streamDeliveries({
    store,
    schema,
    stream,
    nowSeconds,
    serviceNowSeconds: () => Math.ceil((Date.now() + connection.clockOffsetMs()) / 1000),
    marginSeconds: delaySeconds,
    readSeconds: Math.max(READ_SECONDS_MIN, settleSeconds),
  });
  const { interrupted: signal } = context;
  return {
    source,
    lake: rows,
    settle: liveSettling({ schema, source, lake: rows, deliveries, settleSeconds, delaySeconds, signal }),
    temporaryFolder: lake.session.temporaryFolder,
    candidatesMax: CANDIDATES_MAX.folder,
    close: () => connection.close(),
  };
}

async function exportSides(table: FolderTable, folder: string): Promise<VerifySides> {
  const { schema } = table;
  const opened = await openExport(folder);
  const { exportTimeSeconds } = opened.summary;
  const exported = exportedTable(opened.summary);
  if (exported !== undefined && exported !== schema.source) {
    const message = `the export is one of table "${exported}", and "${schema.table}" comes from "${schema.source}"`;
    throw new DynalakeError("USAGE", message, { next: "Choose the lake table of that source with --table." });
  }
  const source = verifiedExport(opened, schema);
  const lake = await lakeOf(table);
  return {
    source,
    lake,
    settle: await exportSettling({ table, source, lake, exportTimeSeconds }),
    temporaryFolder: table.lake.session.temporaryFolder,
    candidatesMax: CANDIDATES_MAX.folder,
    close: () => undefined,
  };
}

async function lakeOf(table: FolderTable): Promise<VerifiedLake> {
  const { streamedRows } = await import("../embedded/reading/items.ts");
  return verifiedLake(table, (sql, of) => streamedRows(table.lake, sql, of));
}

/** Nobody can see how far a deployment's delivery is, so that it gets time instead. */
async function deployedSides(
  context: CommandContext,
  table: DeployedTable,
  choice: SourceChoice,
): Promise<VerifySides> {
  const [, , , regionOfTable] = table.deployment.sourceTableArn.split(":");
  const connection = connect(context, { endpoint: choice.endpoint, region: choice.region ?? regionOfTable });
  const source = sourceOf(context, table, connection, choice);
  const lake = verifiedLake(table, (sql, of) => athenaRows(table.lake.engine, sql, of));
  const delaySeconds = choice.settle ?? deliveredWithinSeconds(table.deployment.bufferSeconds);
  return {
    source,
    lake,
    settle: liveSettling({
      schema: table.schema,
      source,
      lake,
      deliveries: timedDeliveries,
      // A key that was changed meanwhile gets a second chance.
      settleSeconds: 2 * delaySeconds,
      delaySeconds,
      signal: context.interrupted,
    }),
    temporaryFolder: tmpdir(),
    candidatesMax: CANDIDATES_MAX.stack,
    close: () => connection.close(),
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
