/** `dynalake snapshot`: a full snapshot of a table, or of an export on this machine. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { DynalakeError } from "../../core/error.ts";
import type { KeySchema } from "../../core/key.ts";
import { stagingRunFolder } from "../../core/lake-path.ts";
import { readSchema, writeSchema } from "../../core/lake-table.ts";
import { tableName } from "../../core/schema.ts";
import { connectSource, type SourceConnection } from "../../embedded/dynamodb/clients.ts";
import { describeSource, type SourceDescription } from "../../embedded/dynamodb/describe-source.ts";
import { scanTable } from "../../embedded/dynamodb/table-scan.ts";
import { type ExportFolder, openExport } from "../../embedded/export-folder.ts";
import { type Lake, newRun, openLake } from "../../embedded/lake.ts";
import { sampleExport } from "../../embedded/sample.ts";
import { type SnapshotProgress, type SnapshotResult, snapshotFromExport } from "../../embedded/snapshot.ts";
import { rememberSource, type SourceAddress } from "../../embedded/source-memory.ts";
import { type CommandContext, EXIT, type ExitCode } from "../command.ts";
import { chooseSchema, parseKeyOption, type SchemaChoice } from "../schema-choice.ts";

export interface SnapshotOptions {
  readonly lake: string;
  readonly table?: string;
  readonly endpoint?: string;
  readonly region?: string;
  readonly fromExport?: string;
  readonly key?: string;
  readonly name?: string;
  readonly schema?: string;
  readonly readShare?: number;
  readonly readUnits?: number;
  readonly timeLimit?: number;
  readonly threads: number;
  readonly json?: boolean;
}

/** The cut of an export can differ from its time by about a minute; a scan begins at its time. */
const EXPORT_FUZZ_SECONDS = 60;

export async function snapshotCommand(context: CommandContext, options: SnapshotOptions): Promise<ExitCode> {
  if ((options.table === undefined) === (options.fromExport === undefined)) {
    throw new DynalakeError("USAGE", "a snapshot is taken either of a table or from an export", {
      next: "Give --table NAME (with --endpoint URL where it is not on AWS), or --from-export DIR.",
    });
  }
  const lake = await openLake(options.lake, { threads: options.threads, memoryMegabytes: 700 });
  try {
    const taken =
      options.table === undefined
        ? await fromExport(context, lake, options)
        : await fromTable(context, lake, options, options.table);
    return await report(context, options, taken);
  } finally {
    await lake.close();
  }
}

interface Taken extends SnapshotResult {
  readonly choice: SchemaChoice;
}

async function fromExport(context: CommandContext, lake: Lake, options: SnapshotOptions): Promise<Taken> {
  const folder = await openExport(options.fromExport as string);
  const source = /:table\/([^/]+)$/.exec(folder.summary.tableArn ?? "")?.[1];
  const cutSeconds = Math.max(0, folder.summary.exportTimeSeconds - EXPORT_FUZZ_SECONDS);
  return takeIn(context, lake, options, { folder, source, key: undefined, cutSeconds });
}

/** Scans the table into an export in the lake's staging folder, which is removed in any case. */
async function fromTable(
  context: CommandContext,
  lake: Lake,
  options: SnapshotOptions,
  table: string,
): Promise<Taken> {
  const address: SourceAddress = {
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
    ...(options.region === undefined ? {} : { region: options.region }),
  };
  const connection = connectSource({ ...address, environment: context.settings.environment });
  try {
    const source = await describeSource(connection, table);
    const name = tableName(options.name ?? table);
    const staging = join(lake.root, stagingRunFolder(name, newRun()));
    try {
      const scanned = await scan(context, connection, options, table, staging);
      const folder = await openExport(scanned.exportFolder);
      const key = keySchemaOf(source);
      const taken = await takeIn(context, lake, options, {
        folder,
        source: table,
        key,
        cutSeconds: scanned.exportTimeSeconds,
      });
      await rememberSource(lake.store, taken.choice.schema.table, address);
      return taken;
    } finally {
      await rm(staging, { recursive: true, force: true });
    }
  } finally {
    connection.close();
  }
}

function scan(
  context: CommandContext,
  connection: SourceConnection,
  options: SnapshotOptions,
  table: string,
  folder: string,
): ReturnType<typeof scanTable> {
  return scanTable(connection, {
    table,
    folder,
    signal: context.interrupted,
    ...(options.readShare === undefined ? {} : { readShare: options.readShare }),
    ...(options.readUnits === undefined ? {} : { readUnitsPerSecond: options.readUnits }),
    ...(options.timeLimit === undefined ? {} : { timeLimitSeconds: options.timeLimit }),
    onProgress: ({ items, segmentsDone, segments }) =>
      context.terminal.progress(
        `scanning ${table}: ${count(items)} items, ${segmentsDone} of ${segments} parts`,
      ),
  });
}

export function keySchemaOf(source: SourceDescription): KeySchema {
  const [hash, range] = source.keySchema;
  if (hash === undefined) throw new DynalakeError("SOURCE_FAILED", `table "${source.name}" tells no key`);
  return range === undefined ? { hash: hash.name } : { hash: hash.name, range: range.name };
}

interface ExportToTakeIn {
  readonly folder: ExportFolder;
  readonly source: string | undefined;
  readonly key: KeySchema | undefined;
  readonly cutSeconds: number;
}

async function takeIn(
  context: CommandContext,
  lake: Lake,
  options: SnapshotOptions,
  from: ExportToTakeIn,
): Promise<Taken> {
  const { folder } = from;
  const choice = await chooseSchema({
    store: lake.store,
    file: options.schema,
    name: options.name,
    key: parseKeyOption(options.key) ?? from.key,
    source: from.source,
    sample: async () => ({ items: await sampleExport(folder), key: from.key }),
  });
  const result = await snapshotFromExport({
    lake,
    schema: choice.schema,
    export: folder,
    cutSeconds: from.cutSeconds,
    maskKey: context.settings.maskKey,
    threads: options.threads,
    onProgress: (progress) => context.terminal.progress(progressText(progress)),
  });
  const known = await readSchema(lake.store, choice.schema.table);
  if (choice.origin === "file" || known === undefined) await writeSchema(lake.store, choice.schema);
  return { ...result, choice };
}

function progressText(progress: SnapshotProgress): string {
  return progress.step === "reading"
    ? `reading: ${count(progress.items)} of ${count(progress.itemsTotal)} items`
    : `writing: ${count(progress.items)} rows, sorted and compressed`;
}

async function report(context: CommandContext, options: SnapshotOptions, taken: Taken): Promise<ExitCode> {
  const { terminal } = context;
  const { choice, manifest } = taken;
  const schemaFile = join(options.lake, choice.schema.table, "schema.json");
  terminal.settle();
  if (options.json) {
    const { table } = choice.schema;
    const facts = {
      table,
      items: taken.items,
      skipped: taken.skipped,
      quarantined: taken.quarantined,
      manifest: manifest.sequence,
    };
    await terminal.print(`${JSON.stringify(facts)}\n`);
  } else {
    if (choice.origin === "inferred") {
      terminal.note(`Inferred a schema and wrote it to ${schemaFile}`);
      for (const sentence of choice.undecided) terminal.note(`  undecided  ${sentence}`);
    }
    const skipped = taken.skipped === 0 ? "" : `, ${count(taken.skipped)} belong to other tables`;
    await terminal.print(
      `Snapshot of ${choice.schema.source}: ${count(taken.items)} items in "${choice.schema.table}"${skipped}\n`,
    );
  }
  if (taken.quarantined === 0) return EXIT.done;
  terminal.note(
    `${count(taken.quarantined)} lines hold no item and are in quarantine: ${join(options.lake, choice.schema.table, "quarantine")}`,
  );
  return EXIT.incomplete;
}

function count(number: number): string {
  return number.toLocaleString("en-US");
}
