/** After changes were folded: the table's columns follow what they hold, and what no column holds is shown as text. */
import type { CompactionResult } from "../../core/compaction/compact.ts";
import { growSchema } from "../../core/compaction/schema-commit.ts";
import { showMisfits } from "../../core/compaction/show-misfits.ts";
import { grownSchema } from "../../core/infer/evolved-schema.ts";
import { shapeOfFound } from "../../core/infer/found-values.ts";
import { segmentDrift } from "../../core/overlay/drift.ts";
import type { Drift } from "../../core/overlay/drift-finding.ts";
import type { ObjectStore } from "../../core/ports/object-store.ts";
import { parseSchema, type Schema } from "../../core/schema/schema.ts";
import { openTableOf } from "../../core/table/open-table.ts";
import { schemaEdit } from "../../core/table/schema-edit.ts";
import { newRunId, nowSeconds } from "../../sdk/new-run-id.ts";
import type { LakeFolder } from "../folder/lake-folder.ts";

/** Returns the names of columns that were added. `evolves`: the schema may change by itself. */
export async function followData(
  { store, engine }: Pick<LakeFolder, "store" | "engine">,
  { schema, evolves }: { readonly schema: Schema; readonly evolves: boolean },
  results: readonly CompactionResult[],
): Promise<readonly string[]> {
  const folds = results.filter(({ kind }) => kind === "minor");
  const written = folds.flatMap(({ manifest, run }) =>
    manifest.segments.filter((segment) => segment.run === run),
  );
  const drift = await segmentDrift(engine, schema, written);
  const added = evolves ? await addNewColumns(store, schema, drift) : [];
  await showMisfits({ store, newRunId, nowSeconds }, schema, drift);
  return added;
}

/** Columns for attributes without one: their values are kept in `_unmapped`, and recovered from it. */
async function addNewColumns(
  store: ObjectStore,
  schema: Schema,
  drift: readonly Drift[],
): Promise<readonly string[]> {
  const misfits = new Map(drift.map((found) => [found.attribute, shapeOfFound(found)]));
  let added: readonly string[] = [];
  const grow = (before: Schema): Schema | undefined => {
    const growth = grownSchema(before, { misfits });
    added = growth?.added ?? [];
    return growth && parseSchema(growth.file, "the evolved schema");
  };
  if (grow(schema) === undefined) return [];
  // People may have edited the file since the compaction began.
  // breakage: edit-during-compaction-stays
  if ((await schemaEdit(store, await openTableOf(store, schema))) !== undefined) return [];
  // breakage: columns-of-others-stay
  await growSchema({ store, newRunId, nowSeconds }, schema, grow, "the evolved schema");
  return added;
}
