/** `dynalake snapshot`: a full snapshot of a table, or of an export on this machine. */
import { existsSync } from "node:fs";
import { rm, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DynalakeError } from "../../core/error.ts";
import { EXPORT_FUZZ_SECONDS, exportedTable } from "../../core/exports/export-manifest.ts";
import { stagingRunFolder } from "../../core/format/lake-path.ts";
import { mendingTimeSeconds, openGaps } from "../../core/format/manifest.ts";
import { tableName } from "../../core/schema/schema.ts";
import { knownGaps, writeSchema } from "../../core/table/lake-table.ts";
import { type KeySchema, keyAttributes } from "../../core/values/key.ts";
import { type ExportFolder, openExport } from "../../embedded/exports/export-folder.ts";
import { sampleExport } from "../../embedded/exports/sample-export.ts";
import { DEFAULT_LIMITS, type LakeFolder, openLakeFolder } from "../../embedded/folder/lake-folder.ts";
import { lockLake } from "../../embedded/folder/lake-lock.ts";
import { type SourceAddress, withSource } from "../../embedded/folder/source-memory.ts";
import {
  chooseSchema,
  givenSchema,
  parseKeyOption,
  type SchemaChoice,
  type SchemaDemand,
  sameKeySchema,
} from "../../embedded/schemas/schema-choice.ts";
import { addedSentence } from "../../embedded/schemas/schema-effect.ts";
import {
  type SnapshotProgress,
  type SnapshotResult,
  snapshotFromExport,
} from "../../embedded/snapshot/snapshot-from-export.ts";
import { removeEmptyFolders } from "../../files/folder-store.ts";
import { newRun } from "../../sdk/run-name.ts";
import { describeSource, type SourceDescription } from "../../source/describe-source.ts";
import { connectSource, type SourceConnection } from "../../source/source-connection.ts";
import { scanTable } from "../../source/table-scan.ts";
import { type CommandContext, type ExitCode, givenFile } from "../command.ts";
import type { LakeOptions } from "../lake-target.ts";
import { count, reportSnapshot } from "../snapshot-report.ts";
import { timeText } from "../time-option.ts";

export interface SnapshotOptions extends LakeOptions {
  /** The DynamoDB table; of a stack that has several, the one that is meant. */
  readonly table?: string;
  readonly endpoint?: string;
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

export async function snapshotCommand(context: CommandContext, options: SnapshotOptions): Promise<ExitCode> {
  if (options.stack !== undefined) {
    const { snapshotOnStack } = await import("../stack/snapshot.ts");
    return snapshotOnStack(context, { kind: "stack", stack: options.stack, region: options.region }, options);
  }
  if ((options.table === undefined) === (options.fromExport === undefined)) {
    throw new DynalakeError("USAGE", "a snapshot is taken either of a table or from an export", {
      next: "Give --table NAME (with --endpoint URL where it is not on AWS), or --from-export DIR.",
    });
  }
  const lake = await openLakeFolder(context.absolute(options.lake), {
    ...DEFAULT_LIMITS,
    threads: options.threads,
  });
  const isNewLake = !existsSync(lake.root);
  try {
    const taken =
      options.table === undefined
        ? await fromExport(context, lake, options)
        : await fromTable(context, lake, options, options.table);
    return await report(context, lake, options, taken);
  } catch (error) {
    if (isNewLake) await removeEmptyFolders(lake.root);
    throw error;
  } finally {
    await lake.close();
  }
}

interface Taken extends SnapshotResult {
  readonly choice: SchemaChoice;
}

async function fromExport(
  context: CommandContext,
  lake: LakeFolder,
  options: SnapshotOptions,
): Promise<Taken> {
  const folder = await openExport(context.absolute(options.fromExport as string));
  const source = exportedTable(folder.summary);
  // A scan begins at its time; an export's cut is fuzzy.
  const cutSeconds = Math.max(0, folder.summary.exportTimeSeconds - EXPORT_FUZZ_SECONDS);
  const request = schemaRequest(context, lake, options, { source, key: parseKeyOption(options.key) });
  return takeIn(context, lake, options, request, { folder, cutSeconds });
}

/** Scans the table into an export in the lake's staging folder, which is removed in any case. */
async function fromTable(
  context: CommandContext,
  lake: LakeFolder,
  options: SnapshotOptions,
  table: string,
): Promise<Taken> {
  const address: SourceAddress = {
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
    ...(options.region === undefined ? {} : { region: options.region }),
  };
  const connection = connectSource({ ...address, environment: context.settings.environment });
  try {
    const described = await describeSource(connection, table);
    const key = keySchemaOf(described);
    const keyTypes = Object.fromEntries(described.keySchema.map(({ name, type }) => [name, type]));
    requireSameKey(parseKeyOption(options.key), key, table);
    const request = schemaRequest(context, lake, options, { source: table, key, keyTypes });
    // What cannot be used is refused before the scan, which costs read capacity.
    const given = await givenSchema(request);
    const name = given?.schema.table ?? tableName(options.name ?? table);
    const staging = join(lake.root, stagingRunFolder(name, newRun()));
    return await withoutTrace(lake, name, async () => {
      try {
        const scanned = await scan(context, connection, options, table, staging);
        const folder = await openExport(scanned.exportFolder);
        const cutSeconds = scanned.exportTimeSeconds;
        return await withSource(lake.store, name, address, () =>
          takeIn(context, lake, options, request, { folder, cutSeconds }),
        );
      } finally {
        await rm(staging, { recursive: true, force: true });
        await rmdir(dirname(staging)).catch(() => undefined);
      }
    });
  } finally {
    connection.close();
  }
}

function schemaRequest(
  context: CommandContext,
  lake: LakeFolder,
  options: SnapshotOptions,
  source: Pick<SchemaDemand, "source" | "key" | "keyTypes">,
): SchemaDemand {
  const file = options.schema === undefined ? undefined : givenFile(context, options.schema);
  return { store: lake.store, file, name: options.name, replacesData: true, ...source };
}

function requireSameKey(offered: KeySchema | undefined, key: KeySchema, table: string): void {
  if (offered === undefined || sameKeySchema(offered, key)) return;
  const wanted = keyAttributes(key).join(",");
  throw new DynalakeError("USAGE", `--key is not the key of table "${table}", which is ${wanted}`, {
    next: "Leave --key out: a table tells its key.",
  });
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
  readonly cutSeconds: number;
}

async function takeIn(
  context: CommandContext,
  lake: LakeFolder,
  options: SnapshotOptions,
  request: SchemaDemand,
  from: ExportToTakeIn,
): Promise<Taken> {
  const { folder, cutSeconds } = from;
  const sample = async () => ({ items: await sampleExport(folder), key: request.key });
  const choice = await chooseSchema({ ...request, sample });
  // A `run` that began under the old schema would deliver columns that the new one does not have.
  const lock = choice.effect.replaces ? await lockLake(lake.root) : undefined;
  const result = await withoutTrace(lake, choice.schema.table, () =>
    snapshotFromExport({
      lake,
      schema: choice.schema,
      replacesSchema: choice.effect.replaces,
      export: folder,
      cutSeconds,
      maskKey: context.settings.maskKey,
      threads: options.threads,
      onProgress: (progress) => {
        if (context.interrupted.aborted)
          throw new DynalakeError("INCOMPLETE", "the snapshot was interrupted");
        context.terminal.progress(progressText(progress));
      },
    }),
  ).finally(() => lock?.release());
  if (choice.origin === "file") await writeSchema(lake.store, choice.schema);
  return { ...result, choice };
}

/** A failure takes the folders of a new table with it, as far as nothing lies in them. */
async function withoutTrace<T>(lake: LakeFolder, table: string, run: () => Promise<T>): Promise<T> {
  const folder = join(lake.root, table);
  const isNew = !existsSync(folder);
  try {
    return await run();
  } catch (error) {
    if (isNew) await removeEmptyFolders(folder);
    throw error;
  }
}

function progressText(progress: SnapshotProgress): string {
  return progress.step === "reading"
    ? `reading: ${count(progress.items)} of ${count(progress.itemsTotal)} items`
    : `writing: ${count(progress.items)} rows, sorted and compressed`;
}

async function report(
  context: CommandContext,
  lake: LakeFolder,
  options: SnapshotOptions,
  taken: Taken,
): Promise<ExitCode> {
  const { terminal } = context;
  const { choice, items, manifest, quarantined, skipped } = taken;
  const { source, table } = choice.schema;
  terminal.settle();
  if (options.json !== true) {
    if (choice.origin === "inferred") {
      terminal.note(`Inferred a schema and wrote it to ${join(options.lake, table, "schema.json")}`);
      for (const sentence of choice.undecided) terminal.note(`  undecided  ${sentence}`);
    }
    const { added } = choice.effect;
    if (added.length > 0) terminal.note(addedSentence(table, added));
  }
  for (const gap of openGaps(manifest, await knownGaps(lake.store, table, manifest))) {
    const after = timeText(mendingTimeSeconds(gap));
    terminal.note(`${table}: CHANGES WERE LOST: ${gap.detail}. Take a snapshot after ${after}.`);
  }
  const quarantine = join(options.lake, table, "quarantine");
  const facts = { source, table, items, skipped, quarantined, manifest: manifest.sequence, quarantine };
  return reportSnapshot(context, facts, options);
}
