/** Schema files that a command writes and reads. */
import { existsSync } from "node:fs";
import { mkdir, open, readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DynalakeError } from "../../core/error.ts";
import { fileError, systemCode } from "../../files/file-error.ts";
import type { TableSchema } from "../../index.ts";
import type { CommandContext } from "./command.ts";

export interface SchemaToWrite {
  /** As the user sees it. */
  readonly file: string;
  readonly schema: TableSchema;
}

/** Replaces no file unless that is asked for: a schema may have been edited by hand. All are looked at before any is written. */
export async function writeSchemaFiles(
  { absolute }: Pick<CommandContext, "absolute">,
  files: readonly SchemaToWrite[],
  force: boolean,
  dryRun = false,
): Promise<void> {
  const present = force ? undefined : files.find(({ file }) => existsSync(absolute(file)));
  // breakage: schema-files-are-not-replaced
  if (present !== undefined) throw exists(present.file);
  if (dryRun) return;
  for (const { file, schema } of files) {
    try {
      await mkdir(dirname(absolute(file)), { recursive: true });
      const handle = await open(absolute(file), force ? "w" : "wx");
      await handle.writeFile(`${JSON.stringify(schema, null, 2)}\n`);
      await handle.close();
    } catch (error) {
      throw systemCode(error) === "EEXIST" ? exists(file) : fileError(error, file);
    }
  }
}

function exists(file: string): DynalakeError {
  return new DynalakeError("USAGE", `${file} exists already`, {
    next: "Give another --out, remove the file first, or replace it with --force.",
  });
}

/** The schema files of a folder in the order of their names; undefined where the path is not a folder. Throws USAGE if it has none. */
export async function schemasInFolder(
  { absolute }: Pick<CommandContext, "absolute">,
  path: string,
): Promise<readonly string[] | undefined> {
  if (!(await stat(absolute(path)).catch(() => undefined))?.isDirectory()) return undefined;
  const names = (await readdir(absolute(path))).filter((name) => name.endsWith(".json")).sort();
  if (names.length > 0) return names.map((name) => join(path, name));
  throw new DynalakeError("USAGE", `${path} has no schema files`, {
    next: "Give a schema file, or a folder with files that end in .json.",
  });
}
