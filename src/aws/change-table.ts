/** Changes a table or a view of the Glue Data Catalog by compare-and-swap: what another writer did meanwhile is never undone. */
import type { Table, TableInput } from "@aws-sdk/client-glue";
import { DynalakeError, type ErrorCode } from "../core/error.ts";
import { backoffMs, serviceBackoff, systemTiming, type Timing } from "../sdk/timing.ts";
import type { GlueCatalog } from "./glue-catalog.ts";

/** What of the catalog is used. */
export type TablesCatalog = Pick<GlueCatalog, "table" | "createTable" | "updateTable">;

interface ChangeOptions {
  readonly timing?: Timing;
  /** The code of the error where another writer never stops. Default: CONFLICT. */
  readonly contended?: ErrorCode;
}

/** All tables of a lake change their union when they are deployed together. */
const TRIES_MAX = 20;

/**
 * `change` gets the table that stands, undefined for none, and gives what it becomes, or undefined to leave it; it is asked again
 * where another writer was first. Throws its errors, and `contended`.
 */
export async function changeTable(
  catalog: TablesCatalog,
  name: string,
  change: (standing: Table | undefined) => TableInput | undefined,
  { timing = systemTiming, contended = "CONFLICT" }: ChangeOptions = {},
): Promise<"changed" | "left"> {
  for (let tries = 1; tries <= TRIES_MAX; tries++) {
    const standing = await catalog.table(name);
    const input = change(standing);
    if (input === undefined) return "left";
    if (standing === undefined) {
      if ((await catalog.createTable(input)) === "created") return "changed";
    } else if ((await catalog.updateTable(input, standing.VersionId ?? "")) === "updated") return "changed"; // breakage: unions-lose-no-table
    await timing.sleep(backoffMs(serviceBackoff, tries, timing), new AbortController().signal);
  }
  throw new DynalakeError(contended, `gave up updating "${name}" in Glue: another writer keeps changing it`);
}
