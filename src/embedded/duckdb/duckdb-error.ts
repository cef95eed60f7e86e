/** What DuckDB's errors mean. They carry no code: their first words name the kind. */
import { DynalakeError } from "../../core/error.ts";

const SQL_FAULTS =
  /\b(Parser|Binder|Catalog|Syntax|Conversion|Invalid Input|Out of Range|Not implemented|Permission|Constraint|Mismatch Type) Error\b/i;
const NO_SPACE = /No space left on device|disk quota exceeded|max_temp_directory_size/i;

const NO_MEMORY = /Out of Memory Error/i;
const MORE_MEMORY =
  "A statement may take a quarter of this machine's memory, or of the container's: give it more, or ask for fewer rows or columns.";

const MESSAGE_CHARACTERS_MAX = 2000;

/** DISK_FULL, SQL_FAILED or ENGINE_FAILED. An error that already has a code stays as it is. */
export function engineError(error: unknown): DynalakeError {
  if (error instanceof DynalakeError) return error;
  const message = String((error as { readonly message?: unknown } | null)?.message ?? error);
  if (NO_SPACE.test(message))
    return new DynalakeError("DISK_FULL", "no space left on the device", { cause: error });
  if (SQL_FAULTS.test(message)) return new DynalakeError("SQL_FAILED", shortened(message), { cause: error });
  if (NO_MEMORY.test(message)) {
    const text = shortened(message.split("\n\n")[0] ?? "");
    return new DynalakeError("ENGINE_FAILED", text, { cause: error, next: MORE_MEMORY });
  }
  return new DynalakeError("ENGINE_FAILED", shortened(message), { cause: error });
}

/** Whether a statement only lacked memory, so that one that needs less can succeed. */
export function isOutOfMemory(error: unknown): boolean {
  return error instanceof DynalakeError && error.code === "ENGINE_FAILED" && NO_MEMORY.test(error.message);
}

function shortened(message: string): string {
  return message
    .replace(/^Failed to \w+ statements?: /, "")
    .trim()
    .slice(0, MESSAGE_CHARACTERS_MAX);
}
