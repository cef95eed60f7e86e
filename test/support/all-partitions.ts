/** The values of all partitions of a table, from the pages of the catalog. */
import type { GlueCatalog } from "../../src/aws/glue-catalog.ts";

export async function allPartitions(catalog: GlueCatalog, table: string): Promise<readonly string[]> {
  const values: string[] = [];
  for await (const page of catalog.partitionPages(table)) values.push(...page);
  return values;
}
