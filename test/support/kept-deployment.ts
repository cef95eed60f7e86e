/** The deployment whose templates stay in test/fixtures: later versions have to update it in place. */
import { join } from "node:path";

/** One folder for each released version since deployments are updated in place. */
export const KEPT_DEPLOYMENT: string = join(import.meta.dirname, "..", "fixtures", "deployment-0.2.0");

/** In the order in which they are deployed. */
export const KEPT_STACKS = ["KeptLake", "KeptTables"] as const;
export type KeptStack = (typeof KEPT_STACKS)[number];

export const KEPT_TABLES = ["kept_orders", "kept_notes"] as const;

export function keptTemplateFile(stack: KeptStack, folder: string = KEPT_DEPLOYMENT): string {
  return join(folder, `${stack}.template.json`);
}

export function keptSchemaFile(table: (typeof KEPT_TABLES)[number]): string {
  return join(KEPT_DEPLOYMENT, "schemas", `${table}.json`);
}
