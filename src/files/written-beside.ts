/** Results that a person asked for in a file or a folder of their own: written beside it, and there whole or not at all. */
import { existsSync } from "node:fs";
import { rename } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { DynalakeError } from "../core/error.ts";
import { fileError } from "./file-error.ts";
import type { GivenFile } from "./given-file.ts";
import { temporaryFolder } from "./temporary-folder.ts";

export interface Target {
  readonly file: GivenFile;
  /** Whether what is there is replaced. Whether it may be is for the caller to find out before. */
  readonly overwrite: boolean;
}

/**
 * Runs `write` with a path in an empty folder beside the target, and renames what is there to the target. Throws USAGE if the target
 * is there and is not to be overwritten, and where its folder is missing.
 */
export async function writtenBeside<T>(target: Target, write: (path: string) => Promise<T>): Promise<T> {
  const { file, overwrite } = target;
  requireTarget(target);
  const folder = temporaryFolder(dirname(file.path), `.${basename(file.path)}.`);
  try {
    const path = join(folder.path, basename(file.path));
    const written = await write(path);
    requireFree(file, overwrite);
    if (existsSync(file.path)) await rename(file.path, `${path}.replaced`);
    await rename(path, file.path);
    return written;
  } catch (error) {
    throw fileError(error, file.name);
  } finally {
    await folder.remove();
  }
}

/** Throws USAGE where {@link writtenBeside} would, before anything is done or paid for. */
export function requireTarget({ file, overwrite }: Target): void {
  requireFree(file, overwrite);
  if (existsSync(dirname(file.path))) return;
  throw new DynalakeError("USAGE", `${file.name} cannot be written: its folder does not exist`, {
    next: "Make the folder first, or choose another name.",
  });
}

function requireFree({ name, path }: GivenFile, overwrite: boolean): void {
  // breakage: results-replace-nothing
  if (overwrite || !existsSync(path)) return;
  throw new DynalakeError("USAGE", `${name} is there already`, {
    next: "Choose another name, or add --overwrite.",
  });
}
