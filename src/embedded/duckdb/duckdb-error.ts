/** What DuckDB's errors mean. They carry no code: their first words name the kind. */
import { DynalakeError } from "../../core/error.ts";

const SQL_FAULTS =
  /\b(Parser|Binder|Catalog|Syntax|Conversion|Invalid Input|Out of Range|Not implemented|Permission|Constraint|Mismatch Type) Error\b/i;
const NO_SPACE = /No space left on device|disk quota exceeded|max_temp_directory_size/i;

const NO_MEMORY = /Out of Memory Error/i;
const MORE_MEMORY =
  "A statement may take a quarter of this machine's memory, or of the container's: give it more, or ask for fewer rows or columns.";

/** A file that the engine was to read or write. Statements of users cannot name any: it is a file of the lake. */
const NAMED_FILE =
  /\b(?:IO|Invalid Input|Invalid|Serialization) Error: .*?["']([^"'\n]+\.(?:parquet|jsonl?|db))["']/i;
const UNREADABLE_FILE =
  /No files found|No such file|magic bytes|too small|Failed to read|not a Parquet|corrupt/i;
/** What its readers of Parquet and Thrift say of damaged content, without the file's name. */
const DAMAGED_CONTENT = /TProtocolException|don't know what type|decompression fail|Invalid Parquet/i;

const MESSAGE_CHARACTERS_MAX = 2000;

/** DISK_FULL, LAKE_DAMAGED, STORE_FAILED, SQL_FAILED or ENGINE_FAILED. An error that already has a code stays as it is. */
export function engineError(error: unknown): DynalakeError {
  if (error instanceof DynalakeError) return error;
  const message = String((error as { readonly message?: unknown } | null)?.message ?? error);
  if (NO_SPACE.test(message))
    return new DynalakeError("DISK_FULL", "no space left on the device", { cause: error });
  const ofFile = fileFault(message);
  if (ofFile !== undefined) return new DynalakeError(ofFile, firstLine(message), { cause: error });
  if (SQL_FAULTS.test(message)) return new DynalakeError("SQL_FAILED", shortened(message), { cause: error });
  if (NO_MEMORY.test(message)) {
    return new DynalakeError("ENGINE_FAILED", firstLine(message), { cause: error, next: MORE_MEMORY });
  }
  return new DynalakeError("ENGINE_FAILED", shortened(message), { cause: error });
}

/** Whether a statement only lacked memory, so that one that needs less can succeed. */
export function isOutOfMemory(error: unknown): boolean {
  return error instanceof DynalakeError && error.code === "ENGINE_FAILED" && NO_MEMORY.test(error.message);
}

/** Whether a file is to blame, and not the statement. */
function fileFault(message: string): "LAKE_DAMAGED" | "STORE_FAILED" | undefined {
  // breakage: damaged-files-are-named
  if (DAMAGED_CONTENT.test(message)) return "LAKE_DAMAGED";
  if (!NAMED_FILE.test(message)) return undefined;
  return UNREADABLE_FILE.test(message) ? "LAKE_DAMAGED" : "STORE_FAILED";
}

/** Without the place in the statement, which is not the user's. */
function firstLine(message: string): string {
  return shortened(message.split("\n\n")[0] ?? "");
}

function shortened(message: string): string {
  return message
    .replace(/^Failed to \w+ statements?: /, "")
    .trim()
    .slice(0, MESSAGE_CHARACTERS_MAX);
}
