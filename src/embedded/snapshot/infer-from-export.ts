/** A schema from the items of an export. */

import { DynalakeError } from "../../core/error.ts";
import { exportedTable } from "../../core/exports/export-manifest.ts";
import { tableName } from "../../core/schema/schema.ts";
import type { KeySchema } from "../../core/values/key.ts";
import type { GivenFile } from "../../files/given-file.ts";
import { openExport } from "../exports/export-folder.ts";
import { sampleExport } from "../exports/sample-export.ts";
import { type ObservedSchema, schemaOfObserved } from "../schemas/inference.ts";
import { observeExport } from "./observe-export.ts";

export interface InferenceWish {
  /** The lake table's name. Default: the source's. */
  readonly name: string | undefined;
  readonly key: KeySchema | undefined;
  /** About how many items are read. Default: all. */
  readonly sample?: number | undefined;
  readonly threads: number;
  readonly signal: AbortSignal;
}

/** Throws USAGE if the key or the name is missing, and EXPORT_INVALID. */
export async function inferFromExport(
  given: GivenFile,
  { name, key, sample, threads, signal }: InferenceWish,
): Promise<ObservedSchema> {
  const folder = await openExport(given.path, given.name);
  if (key === undefined) {
    throw new DynalakeError("USAGE", "an export does not say which attributes are its key", {
      next: "Name them: `--key HASH` or `--key HASH,RANGE`.",
    });
  }
  const source = exportedTable(folder.summary) ?? name;
  if (source === undefined) {
    throw new DynalakeError("USAGE", "the export does not name its table", {
      next: "Give the lake table a name: `--table NAME`.",
    });
  }
  const observed =
    sample === undefined
      ? await observeExport({ parts: folder.parts, key, threads, signal, onItems: () => undefined })
      : await sampleExport(folder, key, sample);
  return schemaOfObserved(observed, { table: tableName(name ?? source), source, key });
}
