/** Space on this machine's disk for what a comparison does not keep in memory. */
import { createReadStream, existsSync } from "node:fs";
import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import type { Scratch } from "../core/verify/verify-shelf.ts";
import { fileError } from "./file-error.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** Provides space below `folder` while `use` runs. Keys are written there, so no other user can read it. */
export async function withScratch<T>(folder: string, use: (scratch: Scratch) => Promise<T>): Promise<T> {
  const own = temporaryFolder(folder, "dynalake-verify-");
  try {
    return await use(folderScratch(own.path));
  } finally {
    await own.remove();
  }
}

function folderScratch(folder: string): Scratch {
  const appending = new Map<string, Promise<void>>();
  const fileOf = (name: string): string => join(folder, `${name}.lines`);
  return {
    append: (name, text) => {
      // One append after the other, so that their lines never mix.
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
