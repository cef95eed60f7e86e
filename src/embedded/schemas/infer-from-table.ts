/** A schema from the first items of a source table. */
import { tableName } from "../../core/schema/schema.ts";
import { describeSource, keySchemaOf } from "../../source/describe-source.ts";
import { sampleTable } from "../../source/sample-table.ts";
import { connectSource, type SourceConfig } from "../../source/source-connection.ts";
import { inferFromItems, type SampleInference } from "./inference.ts";

/** `name`: the lake table's; default: the source's. Fails as reading the table does. */
export async function inferFromTable(
  source: string,
  config: SourceConfig,
  { name = source, signal }: { readonly name?: string; readonly signal: AbortSignal },
): Promise<SampleInference> {
  const connection = connectSource(config);
  try {
    const key = keySchemaOf(await describeSource(connection, source, signal));
    const items = await sampleTable(connection, source, signal);
    return inferFromItems(items, { table: tableName(name), source, key });
  } finally {
    connection.close();
  }
}
