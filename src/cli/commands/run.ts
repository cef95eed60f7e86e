/** `dynalake run`: follows the streams of a lake's tables, seconds behind, and compacts on a schedule. */
import { DynalakeError } from "../../core/error.ts";
import { mendingTimeSeconds } from "../../core/format/manifest.ts";
import { type Schema, tableName } from "../../core/schema/schema.ts";
import { chosenSchemas, knownSchema } from "../../core/table/chosen-schemas.ts";
import { holdsData } from "../../core/table/holds-data.ts";
import { lakeTables } from "../../core/table/lake-table.ts";
import { type LakeFolder, openLakeFolder } from "../../embedded/folder/lake-folder.ts";
import { recallSource } from "../../embedded/folder/source-memory.ts";
import { type FollowedTable, followLake, type RunEvent } from "../../embedded/following/follow-lake.ts";
import { boundTo, givenSchema } from "../../embedded/schemas/schema-choice.ts";
import { adoptSchema } from "../../embedded/schemas/schema-effect.ts";
import { connectSource, type SourceConnection } from "../../source/source-connection.ts";
import { streamSource } from "../../source/stream-source.ts";
import { type CommandContext, EXIT, type ExitCode, givenFile } from "../command.ts";
import { timeText } from "../time-option.ts";
import { snapshotCommand } from "./snapshot.ts";

export interface RunOptions {
  readonly lake: string;
  readonly table?: string;
  readonly endpoint?: string;
  readonly region?: string;
  readonly name?: string;
  readonly schema?: string;
  readonly compactEvery: number;
  readonly compact: boolean;
  readonly once?: boolean;
  readonly threads: number;
}

export async function runCommand(context: CommandContext, options: RunOptions): Promise<ExitCode> {
  const schemas = await followedSchemas(context, options);
  const lake = await openLakeFolder(context.absolute(options.lake));
  const connections: SourceConnection[] = [];
  const tally = new Tally(context);
  try {
    const tables: FollowedTable[] = [];
    for (const schema of schemas) tables.push(await followed(context, options, lake, schema, connections));
    await followLake({
      folder: lake.root,
      tables,
      maskKey: context.settings.maskKey,
      compactEverySeconds: options.compact ? options.compactEvery : undefined,
      once: options.once === true,
      signal: context.interrupted,
      onEvent: (table, event) => tally.take(table, event),
    });
  } finally {
    for (const connection of connections) connection.close();
    await lake.close();
  }
  return tally.end();
}

/** A table that the lake does not have yet gets its first snapshot by itself. */
async function followedSchemas(context: CommandContext, options: RunOptions): Promise<readonly Schema[]> {
  const lake = await openLakeFolder(context.absolute(options.lake));
  try {
    await adoptGivenSchema(context, lake, options);
    const wanted = options.name ?? options.table;
    if (wanted === undefined) return await seededSchemas(lake, options.lake);
    const known = await wantedSchema(lake, options);
    if (known !== undefined) return [known];
  } finally {
    await lake.close();
  }
  if (options.table === undefined) {
    throw new DynalakeError("LAKE_NOT_FOUND", `the lake has no table "${options.name}"`, {
      next: "Give --table NAME too: the source table that its first snapshot is taken of.",
    });
  }
  await requireStream(context, options, options.table);
  context.terminal.note(`The lake does not have "${options.table}" yet: taking its first snapshot`);
  const { compactEvery, compact, once, ...snapshot } = options;
  await snapshotCommand(context, snapshot);
  const again = await openLakeFolder(context.absolute(options.lake));
  try {
    return [(await wantedSchema(again, options)) as Schema];
  } finally {
    await again.close();
  }
}

/** A schema file for a table that the lake has: what it adds is declared before anything is followed. */
async function adoptGivenSchema(
  context: CommandContext,
  lake: LakeFolder,
  options: RunOptions,
): Promise<void> {
  if (options.schema === undefined) return;
  const { store } = lake;
  const { name, table: source } = options;
  const file = givenFile(context, options.schema);
  const choice = await givenSchema({ store, name, source, file, key: undefined });
  if (choice !== undefined && (await holdsData(store, choice.schema.table)))
    await adoptSchema(context.terminal, store, choice);
}

/** All tables of the lake; throws INCOMPLETE where the first snapshot of one never ended. */
async function seededSchemas(lake: LakeFolder, folder: string): Promise<readonly Schema[]> {
  const schemas = await chosenSchemas(lake.store, folder, undefined);
  for (const { table, source } of schemas) {
    if (await holdsData(lake.store, table)) continue;
    throw new DynalakeError("INCOMPLETE", `the first snapshot of "${table}" never ended`, {
      next: `Give --table NAME (it was "${source}") and what else the first run was given, once more.`,
    });
  }
  return schemas;
}

/** The schema of the table that is asked for, if the lake has data of it. */
async function wantedSchema(lake: LakeFolder, options: RunOptions): Promise<Schema | undefined> {
  const tables = options.name === undefined ? await lakeTables(lake.store) : [tableName(options.name)];
  for (const table of tables) {
    const schema = await knownSchema(lake.store, table);
    if (schema === undefined || !(await holdsData(lake.store, table))) continue;
    if (options.name !== undefined) return boundTo(schema, options.table, `the lake's "${table}"`);
    if (schema.source === options.table) return schema;
  }
  return undefined;
}

/** A stream that cannot feed a lake is refused before the snapshot, which costs read capacity. */
async function requireStream(context: CommandContext, options: RunOptions, table: string): Promise<void> {
  const { endpoint, region } = options;
  const connection = connectSource({
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
    environment: context.settings.environment,
  });
  try {
    const reader = await streamSource(connection, table).open(undefined);
    await reader.close();
  } finally {
    connection.close();
  }
}

async function followed(
  context: CommandContext,
  options: RunOptions,
  lake: LakeFolder,
  schema: Schema,
  connections: SourceConnection[],
): Promise<FollowedTable> {
  const remembered = await recallSource(lake.store, schema.table);
  const endpoint = options.endpoint ?? remembered.endpoint;
  const region = options.region ?? remembered.region;
  const connection = connectSource({
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
    environment: context.settings.environment,
  });
  connections.push(connection);
  return { schema, source: streamSource(connection, options.table ?? schema.source) };
}

/** What has happened, told now and then. */
class Tally {
  readonly #context: CommandContext;
  #changes = 0;
  #quarantined = 0;
  #gaps = 0;
  /** Tables whose source could not be read when it was last tried. */
  readonly #notFollowed: Set<string> = new Set();

  constructor(context: CommandContext) {
    this.#context = context;
  }

  take(table: string, event: RunEvent): void {
    const { terminal } = this.#context;
    switch (event.kind) {
      case "opened":
        this.#notFollowed.delete(table);
        terminal.note(
          `${table}: following the stream ${event.resumed ? "from where the last run left it" : "from its beginning"}`,
        );
        return;
      case "delivered":
        this.#changes += event.delivery.rows;
        this.#quarantined += event.delivery.quarantined.length;
        terminal.progress(
          `${table}: ${this.#changes.toLocaleString("en-US")} changes delivered${event.caughtUp ? ", caught up" : ""}`,
        );
        if (event.delivery.quarantined.length === 0) return;
        terminal.note(
          `${table}: ${event.delivery.quarantined.length} records put into quarantine: ${reasons(event.delivery.quarantined)}`,
        );
        return;
      case "gap":
        this.#gaps++;
        terminal.note(
          `${table}: CHANGES WERE LOST: ${event.gap.detail}. Take a snapshot after ${timeText(mendingTimeSeconds(event.gap))}.`,
        );
        return;
      case "not-followed":
        this.#notFollowed.add(table);
        terminal.note(
          `${table}: NOT FOLLOWED, tried again in a minute: ${event.error.code}: ${event.error.message}\n  -> ${event.error.next}`,
        );
        return;
      case "compacted":
        terminal.note(
          `${table}: ${event.compaction} compaction wrote ${event.rows.toLocaleString("en-US")} rows`,
        );
        return;
      case "compaction-failed":
        terminal.note(
          `${table}: a compaction failed and is tried again: ${event.error.code}: ${event.error.message}`,
        );
    }
  }

  end(): ExitCode {
    this.#context.terminal.settle();
    this.#context.terminal.note(
      `Stopped after ${this.#changes.toLocaleString("en-US")} changes; the next run goes on from here`,
    );
    if (this.#notFollowed.size > 0) return EXIT.failed;
    return this.#quarantined > 0 || this.#gaps > 0 ? EXIT.incomplete : EXIT.done;
  }
}

function reasons(records: readonly { readonly reason: string }[]): string {
  return [...new Set(records.map((record) => record.reason))].join(", ");
}
