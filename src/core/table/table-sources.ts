/**
 * The source tables that a lake table's changes may come from: those that its snapshots were taken of, and the one that its
 * schema names. A table that was restored under a new name has several, so that what was put aside before still replays.
 */
import * as z from "zod/mini";
import { type NamedSource, namedSource } from "../change/named-source.ts";
import { type LakeFile, lakeFileBytes } from "../format/lake-file.ts";
import { knownSourcePath, knownSourcesFolder } from "../format/lake-path.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { type Schema, tableName } from "../schema/schema.ts";
import { sha256Half } from "../values/hash.ts";
import { readLakeFile } from "./stored-file.ts";

const sourceShape: z.ZodMiniType<NamedSource> = z.object({
  table: z.string(),
  tableArn: z.optional(z.string()),
});

/** A source that the table was filled from, `sources/*.json`. */
const sourceFile: LakeFile<NamedSource> = { name: "source", shape: sourceShape };

/** Writes down that the table is filled from this source. Each has a file of its own, so that two snapshots at once lose none. */
export async function rememberKnownSource(
  store: ObjectStore,
  table: string,
  source: NamedSource,
): Promise<void> {
  const id = sha256Half(JSON.stringify([source.table, source.tableArn ?? null]));
  await store.create(knownSourcePath(table, id), lakeFileBytes(source));
}

/** What the lake knows of the source of a table; undefined where it holds nothing yet that tells. */
export async function knownSources(
  store: ObjectStore,
  schema: Schema,
  isFilled: boolean,
): Promise<TableSources | undefined> {
  const sources: NamedSource[] = [];
  for (const { path } of await store.list(knownSourcesFolder(schema.table))) {
    const source = await readLakeFile(store, sourceFile, path);
    if (source !== undefined) sources.push(source);
  }
  if (schema.source !== schema.table && !sources.some(({ table }) => table === schema.source))
    sources.push({ table: schema.source });
  if (sources.length > 0) return new TableSources(sources);
  return isFilled ? new TableSources([], schema.table) : undefined;
}

export class TableSources {
  readonly #sources: readonly NamedSource[];
  readonly #table: string | undefined;

  /** Of a table that no source was written down for, `table` is the name: its source is the one that such a name comes from. */
  constructor(sources: readonly NamedSource[], table?: string) {
    this.#sources = sources;
    this.#table = table;
  }

  /** The source that the record (parsed JSON) names, if it is another one than the table's. */
  otherSourceOf(record: unknown): NamedSource | undefined {
    const named = namedSource(record);
    return named === undefined || this.#has(named) ? undefined : named;
  }

  #has({ table, tableArn }: NamedSource): boolean {
    if (this.#table !== undefined) return tableName(table) === this.#table;
    const sameName = this.#sources.filter((source) => source.table === table);
    // Of the same name in another account or region, it is another table.
    return sameName.some(
      (source) => tableArn === undefined || source.tableArn === undefined || source.tableArn === tableArn,
    );
  }
}
