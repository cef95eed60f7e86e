/** A schema from the items of an export. */

import { DynalakeError } from "../../core/error.ts";
import { exportedTable } from "../../core/exports/export-manifest.ts";
import type { InferredTable } from "../../core/infer/infer.ts";
import type { SplitSchemas } from "../../core/infer/split.ts";
import { tableName } from "../../core/schema/schema.ts";
import type { KeySchema } from "../../core/values/key.ts";
import type { GivenFile } from "../../files/given-file.ts";
import { type ExportFolder, openExport } from "../exports/export-folder.ts";
import { observeKinds, observeTable } from "../exports/observation.ts";
import { sampleExport } from "../exports/sample-export.ts";
import { type ObservedSchema, schemaOfObserved, schemasOfKinds } from "../schemas/inference.ts";
import { observeExport, observeKindsOfExport } from "./observe-export.ts";

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
export async function inferFromExport(given: GivenFile, wish: InferenceWish): Promise<ObservedSchema> {
  const { folder, table } = await openedFor(given, wish);
  const { sample, threads, signal } = wish;
  const { key } = table;
  const { parts } = folder;
  if (sample === undefined)
    return schemaOfObserved(
      await observeExport({ parts, key, threads, signal, onItems: () => undefined }),
      table,
    );
  const { found, see } = observeTable(key);
  await sampleExport(folder, see, sample);
  return schemaOfObserved(found, table);
}

/** A schema for each kind of items that an attribute tells apart. Throws as `inferFromExport` does, and USAGE if there are none. */
export async function splitFromExport(
  given: GivenFile,
  { splitBy, ...wish }: InferenceWish & { readonly splitBy: string },
): Promise<SplitSchemas> {
  const { folder, table } = await openedFor(given, wish);
  const { sample, threads, signal } = wish;
  const { key } = table;
  if (sample === undefined)
    return schemasOfKinds(
      await observeKindsOfExport({ parts: folder.parts, key, threads, signal }, splitBy),
      table,
    );
  const { found, see } = observeKinds(key, splitBy);
  await sampleExport(folder, see, sample);
  return schemasOfKinds(found, table);
}

async function openedFor(
  given: GivenFile,
  { name, key }: InferenceWish,
): Promise<{ readonly folder: ExportFolder; readonly table: InferredTable }> {
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
  return { folder, table: { table: tableName(name ?? source), source, key } };
}
