/** The folder of a table in which a snapshot writes files before its commit. */
import { rm, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DynalakeError } from "../../core/error.ts";
import { stagingRunFolder } from "../../core/format/lake-path.ts";

export interface StagingRun {
  /** The lake's. */
  readonly root: string;
  readonly table: string;
  readonly run: string;
}

/** Runs `work`, which makes the folder, and removes it in any case. What cannot be removed is left to `vacuum`. */
export async function withStaging<T>(
  { root, table, run }: StagingRun,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const staging = join(root, stagingRunFolder(table, run));
  try {
    return await work(staging);
  } catch (error) {
    throw ofTable(error, staging, join(root, table));
  } finally {
    // A failure here must not hide the one that led here.
    await rm(staging, { recursive: true, force: true }).catch(() => undefined);
    await rmdir(dirname(staging)).catch(() => undefined);
  }
}

/** A failure of a staged file, which is gone by now, with the name of the table folder. */
function ofTable(error: unknown, staging: string, folder: string): unknown {
  if (!(error instanceof DynalakeError)) return error;
  const at = error.message.indexOf(staging);
  if (at < 0) return error;
  const end = error.message.indexOf(": ", at);
  const why = end < 0 ? "" : error.message.slice(end);
  const message = `${error.message.slice(0, at)}${folder}${why}`;
  if (error.code !== "STORE_FAILED") return new DynalakeError(error.code, message, { cause: error });
  return new DynalakeError("STORE_FAILED", `cannot write to ${message}`, {
    cause: error,
    next: "Check the permissions of that folder and the health of its disk, then take the snapshot again. The lake is as it was.",
  });
}
