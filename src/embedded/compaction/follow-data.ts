/** After changes were folded: the table's columns follow what they hold, and what no column holds is shown as text. */
import type { CompactionResult } from "../../core/compaction/compact.ts";
import { growSchema } from "../../core/compaction/schema-commit.ts";
import { showMisfits } from "../../core/compaction/show-misfits.ts";
import { grownSchema } from "../../core/infer/evolved-schema.ts";
import { shapeOfFound } from "../../core/infer/found-values.ts";
import { cleanSegments } from "../../core/overlay/clean-segments.ts";
import { segmentDrift } from "../../core/overlay/drift.ts";
import type { Drift } from "../../core/overlay/drift-finding.ts";
import type { Widening } from "../../core/schema/rebased-schema.ts";
import { parseSchema, type Schema } from "../../core/schema/schema.ts";
import { openTableOf } from "../../core/table/open-table.ts";
import { isPeoples, schemaEdit } from "../../core/table/schema-edit.ts";
import { newRunId, nowSeconds } from "../../sdk/new-run-id.ts";
import type { LakeFolder } from "../folder/lake-folder.ts";

/** What a table got by following its data. */
export interface Followed {
  /** The names of new columns. */
  readonly added: readonly string[];
  readonly widened: readonly Widening[];
}

const NOTHING: Followed = { added: [], widened: [] };

/** `evolves`: the schema may change by itself. */
export async function followData(
  { store, engine }: Pick<LakeFolder, "store" | "engine">,
  { schema, evolves }: { readonly schema: Schema; readonly evolves: boolean },
  results: readonly CompactionResult[],
): Promise<Followed> {
  const folds = results.filter(({ kind }) => kind === "minor");
  const written = folds.flatMap(({ manifest, run }) =>
    manifest.segments.filter((segment) => segment.run === run),
  );
  const drift = await segmentDrift(engine, schema, written);
  const followed = evolves ? await grow({ store, engine }, schema, drift) : NOTHING;
  const left = drift.filter((found) => !followed.widened.some((widening) => showsAll(widening, found)));
  await showMisfits({ store, newRunId, nowSeconds }, schema, left);
  return followed;
}

/** A wider type has room for all digits that were found, and for no text. */
function showsAll({ label }: Widening, { column, types }: Drift): boolean {
  return column?.name === label && Object.keys(types).every((type) => type === "N");
}

/** New columns and wider ones: their values are kept in `_unmapped`, and recovered from it. */
async function grow(
  { store, engine }: Pick<LakeFolder, "store" | "engine">,
  schema: Schema,
  drift: readonly Drift[],
): Promise<Followed> {
  const misfits = new Map(drift.map((found) => [found.attribute, shapeOfFound(found)]));
  const grown = (before: Schema): Schema | undefined => {
    const growth = grownSchema(before, { misfits });
    return growth && parseSchema(growth.file, "the evolved schema");
  };
  if (grown(schema) === undefined) return NOTHING;
  // People may have edited the file since the compaction began.
  // breakage: edit-during-compaction-stays
  if (isPeoples(await schemaEdit(store, await openTableOf(store, schema)))) return NOTHING;
  const context = { store, newRunId, nowSeconds, countClean: cleanSegments(engine) };
  // breakage: columns-of-others-stay
  return (await growSchema(context, schema, grown, "the evolved schema")) ?? NOTHING;
}
