/** Looks whether the stream is being read, and writes down what may have been lost where it is not. */

import type { ObjectStore } from "../../core/ports/object-store.ts";
import type { OpenTable } from "../../core/table/open-table.ts";
import { recordGrowingGap } from "../../core/table/recorded-gaps.ts";
import { readStreamBeginning, saveStreamBeginning } from "../../core/table/stream-beginning.ts";
import { type Look, lookAtStream, type Serving, type Sighting } from "../../core/table/stream-look.ts";
import { readStreamWatch, saveStreamWatch } from "../../core/table/stream-watch.ts";
import type { TableEntry } from "../contracts/registry.ts";

export interface WatchContext {
  readonly store: ObjectStore;
  readonly opened: Pick<OpenTable, "manifest" | "schema">;
  readonly entry: Pick<TableEntry, "served">;
  readonly nowSeconds: () => number;
}

/** Repeating it, even after it died halfway, finds the same gaps under the same names. */
export async function watchStream(context: WatchContext, sighting: Sighting): Promise<Look> {
  const { store, nowSeconds } = context;
  const { manifest, schema } = context.opened;
  const { table } = schema;
  const serving = servingOf(context.entry);
  // What was seen for an earlier configuration says nothing of this one, but of the stream.
  const isOwn = (seen: { readonly configuration?: string } | undefined): boolean =>
    seen?.configuration === serving.configuration; // breakage: another-configuration-begins-anew
  const [watch, beginning] = [await readStreamWatch(store, table), await readStreamBeginning(store, table)];
  const earlier = {
    ...(isOwn(watch) ? { watch } : { watch: undefined, formerWatch: watch }),
    beginning: isOwn(beginning) ? beginning : undefined,
  };
  const look = lookAtStream(manifest, earlier, sighting, nowSeconds(), serving);
  // Before the look is saved, so that no gap that was found is forgotten.
  // breakage: gaps-saved-before-watch
  for (const { id, gap } of look.gaps) await recordGrowingGap(store, table, id, gap);
  if (look.beginning !== undefined && earlier.beginning === undefined)
    await saveStreamBeginning(store, table, look.beginning);
  await saveStreamWatch(store, table, look.watch);
  return look;
}

function servingOf({ served }: Pick<TableEntry, "served">): Serving {
  const [present, before] = [served.at(-1), served.at(-2)];
  if (present === undefined) throw new Error("a lake table is registered without being served");
  return {
    configuration: present.configuration,
    fromSeconds: present.fromSeconds,
    beforeSeconds: before?.untilSeconds,
  };
}
