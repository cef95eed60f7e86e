/** The items of a deployed lake table. */
import { athenaItems } from "../aws/athena-items.ts";
import type { Deployment } from "../aws/deployment.ts";
import { linesOfItems } from "../core/overlay/items.ts";
import type { TableSchema } from "../library/schema.ts";
import { deployedSchema, type OpenedStack } from "./open-stack.ts";

export interface DeployedItems {
  readonly schema: TableSchema;
  /** Lines of `{"Item":{...}}`, many in a piece. */
  readonly lines: AsyncIterable<string>;
}

export async function deployedItems(
  stack: OpenedStack,
  deployment: Deployment,
  asOfSeconds: number | undefined,
): Promise<DeployedItems> {
  const lake = stack.lakeOf(deployment);
  const schema = await deployedSchema(lake, deployment.table);
  return { schema: schema.file, lines: linesOf(athenaItems(lake, schema, asOfSeconds)) };
}

async function* linesOf(batches: ReturnType<typeof athenaItems>): AsyncGenerator<string> {
  for await (const items of batches) yield linesOfItems(items);
}
