/** Several tables of a lake compared with their sources, those of one source with one scan. */
import { defined } from "../core/defined.ts";
import type { OpenTable } from "../core/table/open-table.ts";
import { comparedTogether } from "../core/verify/shared-scan.ts";
import type { LakeEvent } from "./event.ts";
import type { FolderContext } from "./folder-context.ts";
import { FolderTable } from "./folder-table.ts";
import type { VerifyOptions, Watched } from "./options.ts";
import type { Verification } from "./reports.ts";

export async function* verifiedTables(
  context: FolderContext,
  tables: readonly OpenTable[],
  options: VerifyOptions & Watched,
): AsyncGenerator<Verification> {
  const { recallSource } = await import("../embedded/folder/source-memory.ts");
  const { endpoint, region } = context.config;
  const places = new Map<OpenTable, string>();
  for (const table of tables) {
    const { source, table: name } = table.schema;
    const remembered = await recallSource(context.store, name);
    // Two sources of one name may lie in two places.
    const place = { ...remembered, ...defined({ endpoint, region }) };
    places.set(table, JSON.stringify([source, place.endpoint, place.region]));
  }
  const { onEvent } = options;
  yield* comparedTogether(
    tables,
    (table) => places.get(table) ?? "",
    (opened, sharing, isFirst) => {
      const table = new FolderTable(context, opened.schema.table, opened);
      // The reading of the source is one for all of them.
      const watched = (event: LakeEvent): void => {
        if (isFirst || event.kind !== "progress" || event.step !== "source") onEvent?.(event);
      };
      return table.verify({ ...options, sharing, onEvent: watched });
    },
  );
}
