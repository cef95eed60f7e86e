/** A lake in a folder. What an operation needs is loaded when it begins. */
import type { Cell, ResultColumn } from "../core/ports/query-result.ts";
import { tableName } from "../core/schema/schema.ts";
import { chosenTables } from "../core/table/chosen-tables.ts";
import { openTables } from "../core/table/open-table.ts";
import { requireFolder } from "../files/folder-store.ts";
import { writtenBeside } from "../files/written-beside.ts";
import type { Timing } from "../sdk/timing.ts";
import { type DropOptions, type DroppedRecords, dropQuarantined } from "./dropping.ts";
import { FolderContext } from "./folder-context.ts";
import { folderQuery } from "./folder-query.ts";
import { FolderTable } from "./folder-table.ts";
import { followStreams } from "./following.ts";
import { givenFile, givenSchema, requireNumber, requireNumberForm, requireText, secondsOf } from "./given.ts";
import type { Lake, LakeTable, ListedTable } from "./lake.ts";
import type {
  Cancel,
  FollowOptions,
  InferOptions,
  OpenOptions,
  Origin,
  Recording,
  ReplayOptions,
  SnapshotOptions,
  SnapshotsOptions,
  SplitOptions,
  VerifyOptions,
  Watched,
} from "./options.ts";
import type { Query, QueryOptions, Row } from "./query.ts";
import { replayRecordings } from "./replaying.ts";
import type {
  FollowReport,
  Inference,
  ReplayReport,
  SnapshotReport,
  SplitInference,
  Verification,
} from "./reports.ts";
import { RowStream } from "./row-stream.ts";
import { inferSchema, splitSchemas, takeSnapshot, takeSnapshots } from "./snapshotting.ts";

/** Opens the lake in `folder`. `timing` is the clock that `verify` goes by. Throws USAGE. */
export async function openFolderLake(
  folder: string,
  options: OpenOptions,
  timing: Timing,
): Promise<CommandLake> {
  requireText("the folder", folder);
  requireNumber("threads", options.threads, { min: 1, whole: true });
  requireNumber("memoryMegabytes", options.memoryMegabytes, { min: 1 });
  const context = new FolderContext(folder, options, timing);
  requireFolder(context.folder, folder);
  return new FolderLake(context);
}

/** What a command works on. */
export interface CommandLake extends Lake {
  /**
   * `tables` for a command, which uses them at once: the first operation of each goes by what was read here, and does not see what
   * was committed or delivered since.
   */
  opened(of?: string): Promise<readonly ListedTable[]>;
  /** The table that a schema file describes. Rejects as reading the file does. */
  describedTable(file: string): Promise<LakeTable>;

  /** Maps each lake table to its DynamoDB table. Empty if the lake does not exist yet. */
  sources(): Promise<ReadonlyMap<string, string>>;

  /** Drops records of a table's quarantine for good, which leaves a gap. Rejects with USAGE for a reason that no record has. */

  /** Compares the tables, or one, with their sources: with one scan for those of one source. Fails as `verify` of a table does. */
  verifications(of: string | undefined, options: VerifyOptions & Watched): AsyncIterable<Verification>;

  /** The tables that a snapshot of a source fills: those filled from it, if none has its name. */
  filledFrom(source: string): Promise<readonly string[]>;
  dropQuarantined(table: string, options: DropOptions): Promise<DroppedRecords>;
}

class FolderLake implements CommandLake {
  readonly #context: FolderContext;

  constructor(context: FolderContext) {
    this.#context = context;
  }

  get folder(): string {
    return this.#context.folder;
  }

  async tables(of?: string): Promise<readonly ListedTable[]> {
    const opened = await this.opened(of);
    return opened.map(({ name }) => new FolderTable(this.#context, name));
  }

  opened(of?: string): Promise<readonly ListedTable[]> {
    const { lifetime, store, name } = this.#context;
    return lifetime.run(undefined, async () =>
      (await chosenTables(store, name, of)).map(
        (opened) => new FolderTable(this.#context, opened.schema.table, opened),
      ),
    );
  }

  async describedTable(file: string): Promise<LakeTable> {
    const { readGivenSchema } = await import("../embedded/schemas/given-schema.ts");
    return this.table((await readGivenSchema(givenSchema(this.#context.cwd, file))).table);
  }

  sources(): Promise<ReadonlyMap<string, string>> {
    const { lifetime, store } = this.#context;
    return lifetime.run(undefined, async () => {
      const opened = await openTables(store);
      return new Map(opened.map(({ schema }) => [schema.table, schema.source]));
    });
  }

  async filledFrom(source: string): Promise<readonly string[]> {
    const sources = await this.sources();
    // breakage: a-source-of-many-tables-fills-them
    if (sources.has(tableName(source))) return [];
    return [...sources].flatMap(([table, own]) => (own === source ? [table] : []));
  }

  async *verifications(
    of: string | undefined,
    options: VerifyOptions & Watched,
  ): AsyncGenerator<Verification> {
    const { lifetime, store, name } = this.#context;
    const tables = await lifetime.run(undefined, () => chosenTables(store, name, of));
    const { verifiedTables } = await import("./verifying.ts");
    yield* verifiedTables(this.#context, tables, options);
  }

  dropQuarantined(table: string, options: DropOptions): Promise<DroppedRecords> {
    return dropQuarantined(this.#context, table, options);
  }

  table(name: string): LakeTable {
    return new FolderTable(this.#context, name);
  }

  infer(from: Origin, options: InferOptions & Cancel = {}): Promise<Inference> {
    return inferSchema(this.#context, from, options);
  }

  inferSplit(from: Origin, options: SplitOptions & Cancel): Promise<SplitInference> {
    return splitSchemas(this.#context, from, options);
  }

  snapshots(
    from: Origin,
    { schemas = [], tables = [], ...options }: SnapshotsOptions & Watched,
  ): Promise<readonly SnapshotReport[]> {
    const { cwd } = this.#context;
    return takeSnapshots(this.#context, from, options, [
      ...schemas.map((schema) => ({ name: undefined, given: givenSchema(cwd, schema) })),
      ...tables.map((name) => ({ name, given: undefined })),
    ]);
  }

  snapshot(from: Origin, options: SnapshotOptions & Watched = {}): Promise<SnapshotReport> {
    return takeSnapshot(this.#context, from, options);
  }

  follow(options: FollowOptions & Watched = {}): Promise<FollowReport> {
    return followStreams(this.#context, options);
  }

  replay(
    recordings: Iterable<Recording> | AsyncIterable<Recording>,
    options: ReplayOptions & Watched = {},
  ): Promise<ReplayReport> {
    return replayRecordings(this.#context, recordings, options);
  }

  query<R = Row>(sql: string, { asOf, numbers = "safe", signal }: FolderQueryOptions = {}): Query<R> {
    const { cwd, lifetime, store, name } = this.#context;
    const stream = new RowStream<readonly ResultColumn[], readonly Cell[]>(lifetime, signal, async (stop) => {
      requireText("the statement", sql);
      requireNumberForm(numbers);
      const asOfSeconds = asOf && secondsOf(asOf);
      const tables = await chosenTables(store, name, undefined);
      const { startQuery } = await import("../embedded/reading/query.ts");
      const lake = await this.#context.openEngine(stop);
      try {
        const keptLog = await this.#context.keptLog();
        const { columns, rows } = await startQuery(lake, { tables, sql, asOfSeconds, numbers, keptLog });
        return { head: columns, batches: rows[Symbol.asyncIterator](), close: () => lake.close() };
      } catch (error) {
        await lake.close(); // breakage: failed-statement-closes-engine
        throw error;
      }
    });
    return folderQuery(stream, (file, { partitionBy = [], overwrite = false } = {}) =>
      lifetime.run(signal, async (stop) => {
        requireText("the statement", sql);
        const asOfSeconds = asOf && secondsOf(asOf);
        const tables = await chosenTables(store, name, undefined);
        const { writeParquet } = await import("../embedded/reading/parquet-result.ts");
        const target = { file: givenFile(cwd, file), overwrite };
        const keptLog = await this.#context.keptLog();
        return this.#context.withEngine(stop, (lake) =>
          writtenBeside(target, (path) =>
            writeParquet(lake, { tables, sql, asOfSeconds, path, partitionBy, keptLog }),
          ),
        );
      }),
    );
  }

  close(): Promise<void> {
    return this.#context.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

interface FolderQueryOptions extends Omit<QueryOptions & Cancel, "numbers"> {
  readonly numbers?: QueryOptions["numbers"] | "safe";
}
