/** A schema from the items of a source table. */
import type { InferredTable } from "../../core/infer/infer.ts";
import type { SplitSchemas } from "../../core/infer/split.ts";
import { tableName } from "../../core/schema/schema.ts";
import { readItem } from "../../core/values/attribute-value.ts";
import type { KeySchema } from "../../core/values/key.ts";
import { describeSource, keySchemaOf } from "../../source/describe-source.ts";
import type { ReadLimits } from "../../source/read-pace.ts";
import { sampleTable } from "../../source/sample-table.ts";
import { scanPages } from "../../source/scan-pages.ts";
import { connectSource, type SourceConfig } from "../../source/source-connection.ts";
import { type Observation, observeKinds, observeTable } from "../exports/observation.ts";
import { type ObservedSchema, schemaOfObserved, schemasOfKinds } from "./inference.ts";

export interface TableInference extends ReadLimits {
  /** The lake table's name. Default: the source's. */
  readonly name?: string;
  /** About how many items are read. Default: all. */
  readonly sample?: number;
  readonly signal: AbortSignal;
}

/** Fails as reading the table does. */
export async function inferFromTable(
  source: string,
  config: SourceConfig,
  wish: TableInference,
): Promise<ObservedSchema> {
  const { found, table } = await observed(source, config, wish, observeTable);
  return schemaOfObserved(found, table);
}

/** A schema for each kind of items that an attribute tells apart. Fails as reading the table does, and with USAGE. */
export async function splitFromTable(
  source: string,
  config: SourceConfig,
  { splitBy, ...wish }: TableInference & { readonly splitBy: string },
): Promise<SplitSchemas> {
  const { found, table } = await observed(source, config, wish, (key) => observeKinds(key, splitBy));
  return schemasOfKinds(found, table);
}

async function observed<T>(
  source: string,
  config: SourceConfig,
  { name = source, sample, signal, ...limits }: TableInference,
  begin: (key: KeySchema) => Observation<T>,
): Promise<{ readonly found: T; readonly table: InferredTable }> {
  const connection = connectSource(config);
  try {
    const key = keySchemaOf(await describeSource(connection, source, signal));
    const { found, see } = begin(key);
    if (sample === undefined)
      await scanPages(connection, { table: source, signal, ...limits }, async (items) => {
        for (const item of items) see(readItem(item));
      });
    else for (const item of await sampleTable(connection, source, { itemsMax: sample, signal })) see(item);
    return { found, table: { table: tableName(name), source, key } };
  } finally {
    connection.close();
  }
}
