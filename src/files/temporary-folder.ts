/** Private folders for temporary files, which do not outlive the process. */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { fileError } from "./file-error.ts";

export interface TemporaryFolder {
  readonly path: string;
  remove(): Promise<void>;
}

/** The folders that are in use. One listener serves all of them: many lakes can be open in one process. */
const inUse = new Set<string>();

/** Creates a folder below `parent` that only this user can read. Fails with DISK_FULL or STORE_FAILED. */
export function temporaryFolder(parent: string, prefix: string): TemporaryFolder {
  const path = join(parent, `${prefix}${randomBytes(6).toString("hex")}`);
  try {
    // Node's recursive form never ends where the parent is there and takes no folder, such as /proc.
    mkdirSync(path, { recursive: !existsSync(parent), mode: 0o700 });
  } catch (error) {
    // The folder of its own is nothing that people know.
    throw fileError(error, parent); // breakage: temporary-folders-fail-by-their-place
  }
  if (inUse.size === 0) process.once("exit", removeTemporaryFolders);
  inUse.add(path);
  return {
    path,
    remove: async () => {
      await rm(path, { recursive: true, force: true });
      if (inUse.delete(path) && inUse.size === 0) process.removeListener("exit", removeTemporaryFolders);
    },
  };
}

/** For a process that ends in the middle of its work, such as at an interrupt. */
export function removeTemporaryFolders(): void {
  for (const path of inUse) rmSync(path, { recursive: true, force: true });
}
