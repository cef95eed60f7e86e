/** What DuckDB's errors mean. They carry no code: their first words name the kind. */
import { DynalakeError } from "../../core/error.ts";

const SQL_FAULTS =
  /^(?:Parser|Binder|Catalog|Syntax|Conversion|Invalid Input|Out of Range|Not implemented|Permission|Constraint|Mismatch Type) Error\b/i;
const NO_SPACE = /No space left on device|disk quota exceeded|max_temp_directory_size/i;

/** Of a column that the relations of the statement do not have. */
const NO_COLUMN = /^Binder Error: .*\bcolumn\b.* not found|^Binder Error: .*does not have a column/i;
const COLUMNS = "Correct the statement. `DESCRIBE TABLE_NAME` lists the columns of a table.";

const NO_MEMORY = /^Out of Memory Error/i;
const MORE_MEMORY =
  "A statement may take a quarter of this machine's memory, or of the container's: give it more, or ask for fewer rows or columns.";

/** A file that the engine was to read or write. */
const NAMED_FILE = /["'][^"'\n]+\.(?:parquet|jsonl?|db)["']/i;
/** The engine has these for files alone. The first words of others are those of values that a statement has, too. */
const FILE_FAULT = /^(?:IO|Serialization) Error:/;
const UNREADABLE_FILE =
  /^(?:IO|Serialization|Invalid Input) Error: (?:No files found that match|No magic bytes found|File '[^'\n]*' too small|Failed to read|.*No such file|.*not a Parquet)/;
/** What its readers of Parquet and Thrift say of damaged content, without the file's name. */
const DAMAGED_CONTENT =
  /^(?:IO|Serialization|Invalid Input|Invalid) Error: (?:TProtocolException|don't know what type|.{0,20}[Dd]ecompression fail|Invalid Parquet)/;

const MESSAGE_CHARACTERS_MAX = 2000;

/** DISK_FULL, LAKE_DAMAGED, STORE_FAILED, SQL_FAILED or ENGINE_FAILED. An error that already has a code stays as it is. */
export function engineError(error: unknown): DynalakeError {
  if (error instanceof DynalakeError) return error;
  const message = String((error as { readonly message?: unknown } | null)?.message ?? error);
  const said = firstLine(message);
  if (NO_SPACE.test(said) && !SQL_FAULTS.test(said))
    return new DynalakeError("DISK_FULL", "no space left on the device", { cause: error });
  const ofFile = fileFault(said);
  if (ofFile !== undefined) return new DynalakeError(ofFile, said, { cause: error });
  if (SQL_FAULTS.test(said)) {
    const next = NO_COLUMN.test(said) ? { next: COLUMNS } : {};
    return new DynalakeError("SQL_FAILED", shortened(message), { cause: error, ...next });
  }
  if (NO_MEMORY.test(said))
    return new DynalakeError("ENGINE_FAILED", said, { cause: error, next: MORE_MEMORY });
  return new DynalakeError("ENGINE_FAILED", shortened(message), { cause: error });
}

/** Whether a statement only lacked memory, so that one that needs less can succeed. */
export function isOutOfMemory(error: unknown): boolean {
  return error instanceof DynalakeError && error.code === "ENGINE_FAILED" && NO_MEMORY.test(error.message);
}

/** Whether a file is to blame, and not the statement. `said` is what the engine says, without an echo of the statement. */
function fileFault(said: string): "LAKE_DAMAGED" | "STORE_FAILED" | undefined {
  // breakage: damaged-files-are-named
  if (DAMAGED_CONTENT.test(said)) return "LAKE_DAMAGED";
  if (!NAMED_FILE.test(said)) return undefined;
  if (UNREADABLE_FILE.test(said)) return "LAKE_DAMAGED";
  return FILE_FAULT.test(said) ? "STORE_FAILED" : undefined;
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
