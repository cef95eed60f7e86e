/** Room on this machine's disk for what a comparison does not keep in memory. */
import { createReadStream, existsSync, rmSync } from "node:fs";
import { appendFile, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Scratch } from "../core/verify/verify-shelf.ts";
import { fileError } from "./file-error.ts";

/** Gives room below `folder`, and takes it back. */
export async function withScratch<T>(folder: string, use: (scratch: Scratch) => Promise<T>): Promise<T> {
  // mkdtemp makes a folder that nobody else can look into.
  const own = await mkdtemp(join(folder, "dynalake-verify-")).catch((error: unknown) => {
    throw fileError(error, folder);
  });
  // Also where the process is interrupted: keys are in it.
  const removeNow = (): void => rmSync(own, { recursive: true, force: true });
  process.once("exit", removeNow);
  try {
    return await use(folderScratch(own));
  } finally {
    process.removeListener("exit", removeNow);
    await rm(own, { recursive: true, force: true });
  }
}

function folderScratch(folder: string): Scratch {
  const appending = new Map<string, Promise<void>>();
  const fileOf = (name: string): string => join(folder, `${name}.lines`);
  return {
    append: (name, text) => {
      // One after the other: lines of two appends must not mix.
      const before = appending.get(name) ?? Promise.resolve();
      const done = before.then(() =>
        appendFile(fileOf(name), text).catch((error: unknown) => {
          throw fileError(error, folder);
        }),
      );
      appending.set(name, done);
      return done;
    },
    read: async function* (name) {
      if (!existsSync(fileOf(name))) return;
      yield* createReadStream(fileOf(name), { encoding: "utf8" }) as AsyncIterable<string>;
    },
  };
}
