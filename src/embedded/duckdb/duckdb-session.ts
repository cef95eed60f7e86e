/** One in-memory DuckDB, bounded in memory and threads, and what its errors mean. */
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { textDecoder } from "@duckdb/node-api/lib/vectors/dataAccessors.js";
import { DynalakeError } from "../../core/error.ts";

/** The client decodes every string as if it were a file: it takes U+FEFF at its beginning for a byte order mark and drops it. */
const wholeText = new TextDecoder("utf-8", { ignoreBOM: true });
textDecoder.decode = (bytes: Uint8Array): string => wholeText.decode(bytes);

export interface DuckdbLimits {
  readonly threads: number;
  readonly memoryMegabytes: number;
  /** A folder for what does not fit into memory. */
  readonly temporaryFolder: string;
}

export interface DuckdbSession {
  readonly connection: DuckDBConnection;
  readonly temporaryFolder: string;
  /** Runs a statement and gives nothing back. */
  run(sql: string): Promise<void>;
  close(): void;
}

/** Opens a session. Times are in UTC, and nothing is installed or loaded from outside. */
export async function openDuckdb(limits: DuckdbLimits): Promise<DuckdbSession> {
  const instance = await DuckDBInstance.create(":memory:", {
    threads: String(limits.threads),
    memory_limit: `${limits.memoryMegabytes}MB`,
    temp_directory: limits.temporaryFolder,
    preserve_insertion_order: "false",
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
  });
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
  return {
    connection,
    temporaryFolder: limits.temporaryFolder,
    run: async (sql) => {
      try {
        await connection.run(sql);
      } catch (error) {
        throw engineError(error);
      }
    },
    close: () => {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

const SQL_FAULTS =
  /\b(Parser|Binder|Catalog|Syntax|Conversion|Invalid Input|Out of Range|Not implemented|Permission|Constraint|Mismatch Type) Error\b/i;
const NO_SPACE = /No space left on device|disk quota exceeded|max_temp_directory_size/i;

const NO_MEMORY = /Out of Memory Error/i;
const MORE_MEMORY =
  "A statement may take a quarter of this machine's memory, or of the container's: give it more, or ask for fewer rows or columns.";

/** DuckDB's errors carry no code; their first words tell the kind. */
export function engineError(error: unknown): DynalakeError {
  if (error instanceof DynalakeError) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (NO_SPACE.test(message))
    return new DynalakeError("DISK_FULL", "no space left on the device", { cause: error });
  if (SQL_FAULTS.test(message)) return new DynalakeError("SQL_FAILED", firstLines(message), { cause: error });
  if (NO_MEMORY.test(message))
    return new DynalakeError("ENGINE_FAILED", firstLines(message.split("\n\n")[0] ?? ""), {
      cause: error,
      next: MORE_MEMORY,
    });
  return new DynalakeError("ENGINE_FAILED", firstLines(message), { cause: error });
}

/** Whether a statement failed for want of memory alone, so that one that needs less can succeed. */
export function isOutOfMemory(error: unknown): boolean {
  return error instanceof DynalakeError && error.code === "ENGINE_FAILED" && NO_MEMORY.test(error.message);
}

function firstLines(message: string): string {
  return message
    .replace(/^Failed to \w+ statements?: /, "")
    .trim()
    .slice(0, 2000);
}
