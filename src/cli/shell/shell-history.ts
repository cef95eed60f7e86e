/** The lines typed at the prompt, kept for the next time. They can hold values, so the file is for its owner alone. */
import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

const LINES_MAX = 1_000;
const BYTES_MAX = 1_000_000;

/** DYNALAKE_SQL_HISTORY names another file, or none if it is empty. Undefined: nothing is kept. */
export function historyFile(
  environment: Readonly<Record<string, string | undefined>>,
  absolute: (path: string) => string,
): string | undefined {
  const { DYNALAKE_SQL_HISTORY: given, HOME: home } = environment;
  if (given !== undefined) return given === "" ? undefined : absolute(given);
  return home === undefined || home === "" ? undefined : join(home, ".dynalake_sql_history");
}

/** The newest first, as a prompt takes them. A file that cannot be read is as none. */
export async function readHistory(file: string | undefined): Promise<string[]> {
  if (file === undefined) return [];
  const text = await readFile(file, "utf8").catch(() => "");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .toReversed()
    .slice(0, LINES_MAX);
}

/** Resolves to whether it is kept. */
export async function writeHistory(file: string, newestFirst: readonly string[]): Promise<boolean> {
  const kept = newestFirst.slice(0, LINES_MAX).toReversed();
  const text = kept.map((line) => `${line}\n`).join("");
  try {
    await writeFile(file, text.slice(-BYTES_MAX), { mode: 0o600 });
    // A file that was there keeps its mode.
    await chmod(file, 0o600); // breakage: history-is-private
    return true;
  } catch {
    return false;
  }
}
