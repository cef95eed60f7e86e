/** A schema from the items of an export, or from those that another tool left. */
import { tmpdir } from "node:os";
import { DynalakeError } from "../../core/error.ts";
import { exportedTable } from "../../core/exports/export-manifest.ts";
import type { InferredTable } from "../../core/infer/infer.ts";
import type { SplitSchemas } from "../../core/infer/split.ts";
import { tableName } from "../../core/schema/schema.ts";
import type { KeySchema } from "../../core/values/key.ts";
import type { GivenFile } from "../../files/given-file.ts";
import { temporaryFolder } from "../../files/temporary-folder.ts";
import { convertedExport } from "../exports/converted-export.ts";
import { type ExportFolder, openExport } from "../exports/export-folder.ts";
import { observeKinds, observeTable } from "../exports/observation.ts";
import { otherItemFiles } from "../exports/other-items.ts";
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
export function inferFromExport(given: GivenFile, wish: InferenceWish): Promise<ObservedSchema> {
  const { sample, threads, signal } = wish;
  return withOpened(given, wish, async (folder, table) => {
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
  });
}

/** A schema for each kind of items that an attribute tells apart. Throws as `inferFromExport` does, and USAGE if there are none. */
export function splitFromExport(
  given: GivenFile,
  { splitBy, ...wish }: InferenceWish & { readonly splitBy: string },
): Promise<SplitSchemas> {
  const { sample, threads, signal } = wish;
  return withOpened(given, wish, async (folder, table) => {
    const { key } = table;
    if (sample === undefined)
      return schemasOfKinds(
        await observeKindsOfExport({ parts: folder.parts, key, threads, signal }, splitBy),
        table,
      );
    const { found, see } = observeKinds(key, splitBy);
    await sampleExport(folder, see, sample);
    return schemasOfKinds(found, table);
  });
}

/** Items of other tools become an export in a folder that is removed afterwards. */
async function withOpened<T>(
  given: GivenFile,
  wish: InferenceWish,
  use: (folder: ExportFolder, table: InferredTable) => Promise<T>,
): Promise<T> {
  const files = await otherItemFiles(given);
  if (files === undefined) {
    const folder = await openExport(given.path, given.name);
    return use(folder, tableOf(folder, wish));
  }
  const copy = temporaryFolder(tmpdir(), "dynalake-");
  try {
    const { signal } = wish;
    const converted = await convertedExport({ files, folder: copy.path, momentSeconds: 0, signal });
    const folder = await openExport(converted);
    return await use(folder, tableOf(folder, wish));
  } finally {
    await copy.remove();
  }
}

function tableOf({ summary }: ExportFolder, { name, key }: InferenceWish): InferredTable {
  if (key === undefined) {
    throw new DynalakeError("USAGE", "an export does not say which attributes are its key", {
      next: "Name them: `--key HASH` or `--key HASH,RANGE`.",
    });
  }
  const source = exportedTable(summary) ?? name;
  if (source === undefined) {
    throw new DynalakeError("USAGE", "the export does not name its table", {
      next: "Give the lake table a name: `--table NAME`.",
    });
  }
  return { table: tableName(name ?? source), source, key };
}
