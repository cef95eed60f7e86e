/** A schema from the items of a source table. */
import { inferenceOf, observe } from "../../core/infer/inference.ts";
import { tableName } from "../../core/schema/schema.ts";
import { readItem } from "../../core/values/attribute-value.ts";
import { describeSource, keySchemaOf } from "../../source/describe-source.ts";
import type { ReadLimits } from "../../source/read-pace.ts";
import { sampleTable } from "../../source/sample-table.ts";
import { scanPages } from "../../source/scan-pages.ts";
import { connectSource, type SourceConfig } from "../../source/source-connection.ts";
import { type ObservedSchema, observedItems, schemaOfObserved } from "./inference.ts";

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
  { name = source, sample, signal, ...limits }: TableInference,
): Promise<ObservedSchema> {
  const connection = connectSource(config);
  try {
    const key = keySchemaOf(await describeSource(connection, source, signal));
    const table = { table: tableName(name), source, key };
    if (sample !== undefined)
      return schemaOfObserved(
        observedItems(await sampleTable(connection, source, { itemsMax: sample, signal }), key),
        table,
      );
    const inference = inferenceOf(key);
    await scanPages(connection, { table: source, signal, ...limits }, async (items) => {
      for (const item of items) observe(inference, readItem(item));
    });
    return schemaOfObserved(inference, table);
  } finally {
    connection.close();
  }
}
