/** What SQL does not show of a deployed table, by what its compactions have found: no statement runs. */
import { type Drift, isUnshown } from "../core/overlay/drift-finding.ts";
import { foundDrift } from "../core/overlay/found-drift.ts";
import { readFound } from "../core/overlay/found-record.ts";
import type { ObjectStore } from "../core/ports/object-store.ts";
import type { OpenTable } from "../core/table/open-table.ts";

/** A table as it was committed. */
type Committed = Pick<OpenTable, "manifest" | "schema">;

export async function knownDrift(store: ObjectStore, opened: Committed): Promise<readonly Drift[]> {
  return foundDrift(opened, await readFound(store, opened.schema.table));
}

/**
 * How many values neither their column nor one of text shows. A wider column that waits for its time to
 * settle shows them without further action: they are no reason for an alarm.
 */
export async function unshownValues(store: ObjectStore, opened: Committed): Promise<number> {
  const found = await readFound(store, opened.schema.table);
  const waiting = new Set(Object.keys(found.wanted?.columns ?? {})); // breakage: what-waits-does-not-alarm
  return foundDrift(opened, found)
    .filter((drift) => isUnshown(drift) && !waiting.has(drift.attribute))
    .reduce((sum, { hidden }) => sum + hidden, 0);
}
