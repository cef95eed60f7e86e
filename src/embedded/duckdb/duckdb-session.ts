/** One in-memory DuckDB with bounded memory and threads, whose statements can be cut short. */
import type {
  DuckDBConnection,
  DuckDBDataChunk,
  DuckDBInstance,
  DuckDBResult,
  DuckDBStructType,
  DuckDBStructValue,
  DuckDBType,
  DuckDBValue,
} from "@duckdb/node-api";
import { DynalakeError } from "../../core/error.ts";
import { literal } from "../../core/ports/dialect.ts";
import { dataAccessors, duckdbClient } from "./duckdb-client.ts";
import { engineError } from "./duckdb-error.ts";

/** The client decodes every string as if it were a file: it takes a leading U+FEFF for a byte order mark and drops it. */
const wholeText = new TextDecoder("utf-8", { ignoreBOM: true });
dataAccessors.textDecoder.decode = (bytes: Uint8Array): string => wholeText.decode(bytes);

/** The client puts a struct's fields into an object, in which one called "__proto__" gets lost. */
const plainItem = duckdbClient.DuckDBStructVector.prototype.getItem;
duckdbClient.DuckDBStructVector.prototype.getItem = function (row: number): DuckDBStructValue | null {
  const item = plainItem.call(this, row);
  const { entryNames } = this.type as DuckDBStructType;
  if (item === null || !entryNames.includes("__proto__")) return item;
  const entries: Record<string, DuckDBValue> = Object.create(null);
  for (const [i, name] of entryNames.entries()) entries[name] = this.getItemValue(row, i);
  return new duckdbClient.DuckDBStructValue(entries);
};

export interface DuckdbLimits {
  readonly threads: number;
  readonly memoryMegabytes: number;
  /** A folder for what does not fit in memory. */
  readonly temporaryFolder: string;
}

/** Where statements run one after the other. */
export interface StatementLane {
  /** All rows, as plain values by their columns' names. */
  rows(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
}

/**
 * Runs one statement at a time: a second one would end the rows of the first. Failures have the codes of `engineError`. Once
 * the signal is aborted, whatever runs or is called rejects with the signal's reason.
 */
export interface DuckdbSession extends StatementLane {
  readonly temporaryFolder: string;
  run(sql: string): Promise<void>;
  /**
   * Calls `work` with a lane for each of the session's threads, but no more than three, all at once, and waits for all of them;
   * rejects with the first failure. Lanes share the threads that are left: where there are none, the engine's threads never wait
   * for each other, which costs CPU time.
   */
  inLanes(work: (lane: StatementLane) => Promise<void>): Promise<void>;
  /** Rows as they come. Only what is asked for is computed, and some ahead. */
  stream(sql: string): Promise<StreamedRows>;
  /** Rejects if the text is not SQL, naming the place. */
  parse(sql: string): Promise<void>;
  /** Interrupts what runs, waits for it, and frees everything. */
  close(): Promise<void>;
}

export interface StreamedRows {
  readonly columns: readonly StreamedColumn[];
  /** The next rows; undefined at their end. Rejects if the statement fails after its first rows. */
  next(): Promise<DuckDBDataChunk | undefined>;
}

export interface StreamedColumn {
  /** Unique: a repeated name gets a number. */
  readonly name: string;
  readonly type: DuckDBType;
}

/** Opens a session. Times are in UTC, and the engine installs and loads no extensions. */
export async function openDuckdb(limits: DuckdbLimits, signal?: AbortSignal): Promise<DuckdbSession> {
  signal?.throwIfAborted();
  const instance = await duckdbClient.DuckDBInstance.create(":memory:", {
    threads: String(limits.threads),
    memory_limit: `${limits.memoryMegabytes}MB`,
    temp_directory: limits.temporaryFolder,
    preserve_insertion_order: "false",
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
  });
  const connection = await instance.connect();
  const session = new Session(instance, connection, limits, signal);
  try {
    await session.run(UTC);
    return session;
  } catch (error) {
    await session.close();
    throw error;
  }
}

const UTC = "SET TimeZone = 'UTC'";
/** A statement blocks one of the four threads on which Node reads files and looks up names, for other work of this process, too. */
const LANES_MAX = 3;
/** The engine forgets an interrupt that comes before the statement has begun, so it is repeated this often. */
const INTERRUPT_EVERY_MS = 20;
/** How long a failed statement may run again to find out why it failed. */
const CAUSE_MS_MAX = 10_000;

class Session implements DuckdbSession {
  readonly temporaryFolder: string;
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;
  readonly #threads: number;
  readonly #lanes: DuckDBConnection[] = [];
  readonly #signal: AbortSignal | undefined;
  readonly #running = new Set<Promise<unknown>>();
  readonly #onAbort = (): void => this.#interrupt();
  /** Streams that were not read to their end. */
  #unfinished = 0;
  #interrupting: NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;

  constructor(
    instance: DuckDBInstance,
    connection: DuckDBConnection,
    { temporaryFolder, threads }: DuckdbLimits,
    signal: AbortSignal | undefined,
  ) {
    this.#instance = instance;
    this.#connection = connection;
    this.temporaryFolder = temporaryFolder;
    this.#threads = threads;
    this.#signal = signal;
    signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  async run(sql: string): Promise<void> {
    await this.#guarded(() => this.#connection.run(sql));
  }

  rows(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    return this.#rowsOn(this.#connection, sql);
  }

  async #rowsOn(
    connection: DuckDBConnection,
    sql: string,
  ): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const reader = await this.#guarded(() => connection.runAndReadAll(sql));
    return reader.getRowObjectsJS();
  }

  async inLanes(work: (lane: StatementLane) => Promise<void>): Promise<void> {
    const lanes = Math.min(this.#threads, LANES_MAX); // breakage: lanes-leave-room
    // Each lane is a thread itself, and the engine counts one of them.
    await this.run(`SET threads = ${this.#threads - lanes + 1}`);
    try {
      for (let lane = 0; lane < lanes; lane++) this.#lanes.push(await this.#instance.connect());
      const works = this.#lanes.map(async (connection) => {
        await this.#rowsOn(connection, UTC); // breakage: lanes-in-utc
        await work({ rows: (sql) => this.#rowsOn(connection, sql) });
      });
      await Promise.allSettled(works);
      await Promise.all(works);
    } finally {
      for (const connection of this.#lanes.splice(0)) connection.closeSync();
      await this.run(`SET threads = ${this.#threads}`);
    }
  }

  async stream(sql: string): Promise<StreamedRows> {
    const result = await this.#guarded(() => this.#streamLast(sql));
    this.#unfinished++;
    const types = result.columnTypes();
    const columns = result
      .deduplicatedColumnNames()
      .map((name, i) => ({ name, type: types[i] as DuckDBType }));
    return { columns, next: () => this.#next(result, sql) };
  }

  /** The rows of the last of the statements: one PIVOT without its values is two for the engine. */
  async #streamLast(sql: string): Promise<DuckDBResult> {
    const statements = await this.#connection.extractStatements(sql);
    for (let i = 0; ; i++) {
      const statement = await statements.prepare(i);
      try {
        if (i === statements.count - 1) return await statement.stream();
        await statement.run();
      } finally {
        statement.destroySync();
      }
    }
  }

  async parse(sql: string): Promise<void> {
    await this.#guarded(() => this.#connection.extractStatements(sql));
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#signal?.removeEventListener("abort", this.#onAbort);
    this.#interrupt();
    // A connection that is closed while a statement runs leaves the statement running.
    await Promise.allSettled(this.#running);
    // Half-read rows keep memory and files until they are collected as garbage, unless another statement ends them.
    if (this.#unfinished > 0) await this.#connection.run("SELECT 1").catch(() => undefined);
    this.#connection.closeSync();
    this.#instance.closeSync();
  }

  async #next(result: DuckDBResult, sql: string): Promise<DuckDBDataChunk | undefined> {
    const chunk = await this.#guarded(() => result.fetchChunk());
    if (chunk !== null && chunk.rowCount > 0) return chunk;
    this.#unfinished--;
    // The client gives no error for a statement that fails after its first rows: its result just ends, and is invalid.
    if (result.returnType === duckdbClient.ResultReturnType.INVALID) throw await this.#causeOf(sql);
    return undefined;
  }

  /** The error of a statement that failed after its first rows, found by running it again without keeping any. */
  async #causeOf(sql: string): Promise<DynalakeError> {
    const timer = setTimeout(() => this.#interrupt(), CAUSE_MS_MAX);
    try {
      await this.run(`SELECT max(hash(r)) FROM query(${literal(sql)}) AS r`);
    } catch (error) {
      this.#signal?.throwIfAborted();
      const cause = error as DynalakeError;
      const [message = ""] = cause.message.split("\n\n");
      if (!/^(Parser|INTERRUPT) Error/.test(message))
        return new DynalakeError(cause.code, message, { cause, next: cause.next });
    } finally {
      clearTimeout(timer);
    }
    return new DynalakeError(
      "ENGINE_FAILED",
      "the query engine stopped before the last row, without a reason",
    );
  }

  async #guarded<T>(work: () => Promise<T>): Promise<T> {
    this.#requireOpen();
    const running = work();
    this.#running.add(running);
    try {
      const result = await running;
      // An interrupted statement can look like one that has come to its end.
      this.#requireOpen();
      return result;
    } catch (error) {
      this.#requireOpen();
      throw engineError(error);
    } finally {
      this.#running.delete(running);
    }
  }

  #requireOpen(): void {
    this.#signal?.throwIfAborted();
    if (this.#closing !== undefined) throw new DynalakeError("INTERNAL", "the engine's session is closed");
  }

  /** Interrupts until nothing runs. */
  #interrupt(): void {
    clearTimeout(this.#interrupting);
    if (this.#running.size === 0) return;
    for (const connection of [this.#connection, ...this.#lanes]) connection.interrupt(); // breakage: lanes-interrupted
    this.#interrupting = setTimeout(() => this.#interrupt(), INTERRUPT_EVERY_MS);
  }
}
