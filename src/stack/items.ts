/** The items of a deployed lake table. */
import { athenaItems } from "../aws/athena-items.ts";
import type { Deployment } from "../aws/deployment.ts";
import { linesOfItems } from "../core/overlay/items.ts";
import type { TableSchema } from "../library/schema.ts";
import { deployedTable, type OpenedStack } from "./open-stack.ts";

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
  const opened = await deployedTable(lake, deployment.table);
  return { schema: opened.schema.file, lines: linesOf(athenaItems(lake, opened, asOfSeconds)) };
}

async function* linesOf(batches: ReturnType<typeof athenaItems>): AsyncGenerator<string> {
  for await (const items of batches) yield linesOfItems(items);
}
