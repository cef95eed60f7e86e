/** What a table's schema becomes at a snapshot, by what was seen of all items of it. */
import { rebasedSchema } from "../schema/rebased-schema.ts";
import { parseSchema, type Schema } from "../schema/schema.ts";
import { grownSchema, type SchemaGrowth } from "./evolved-schema.ts";
import type { Sightings } from "./sightings.ts";

export interface SnapshotGrowth extends SchemaGrowth {
  /** On the columns that the table has in its files. */
  readonly schema: Schema;
  /** Columns take types that do not hold the values of before: the snapshot has to replace all rows. */
  readonly replaces: boolean;
}

/** Undefined where nothing changes. `mayRetype` is asked where a column would take another type than a wider one. */
export async function snapshotGrowth(
  before: Schema,
  { counts, misfits: { attributes: misfits } }: Sightings,
  mayRetype: () => Promise<boolean>,
): Promise<SnapshotGrowth | undefined> {
  let growth = grownSchema(before, { misfits, counts });
  const replaces = growth !== undefined && growth.retyped.length > 0 && (await mayRetype());
  // Where the rows of the change log stay, types only widen, and each file keeps the columns that it has.
  if (!replaces) growth = grownSchema(before, { misfits });
  if (growth === undefined) return undefined;
  const grown = parseSchema(growth.file, "the evolved schema");
  return { ...growth, schema: rebasedSchema(before, grown, replaces ? "replaced" : "kept").schema, replaces };
}
