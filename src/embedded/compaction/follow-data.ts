/** After changes were folded: the table's columns follow what they hold, and what no column holds is shown as text. */
import type { CompactionResult } from "../../core/compaction/compact.ts";
import { growSchema } from "../../core/compaction/schema-commit.ts";
import { showMisfits } from "../../core/compaction/show-misfits.ts";
import type { Manifest } from "../../core/format/manifest.ts";
import { columnsToMeasure, type GrowthInput, grownSchema } from "../../core/infer/evolved-schema.ts";
import type { Shape } from "../../core/infer/infer-shape.ts";
import { cleanSegments } from "../../core/overlay/clean-segments.ts";
import { segmentDrift, tableDrift, withTexts } from "../../core/overlay/drift.ts";
import type { Drift } from "../../core/overlay/drift-finding.ts";
import { currentView } from "../../core/overlay/lake-view.ts";
import { misfitsIn, segmentMisfits } from "../../core/overlay/segment-misfits.ts";
import { countWholeDigits } from "../../core/overlay/whole-digits.ts";
import { parseColumnType } from "../../core/schema/column-type.ts";
import { addedLabels, type Widening } from "../../core/schema/rebased-schema.ts";
import { parseSchema, type Schema } from "../../core/schema/schema.ts";
import { digitsOf } from "../../core/schema/widening.ts";
import { type OpenTable, openTableOf } from "../../core/table/open-table.ts";
import { isPeoples, schemaEdit } from "../../core/table/schema-edit.ts";
import type { EvolvingLake } from "./evolving-lake.ts";

/** What a table got by following its data. */
export interface Followed {
  /** The names of new columns in SQL. */
  readonly added: readonly string[];
  readonly widened: readonly Widening[];
}

const NOTHING: Followed = { added: [], widened: [] };

interface FollowingTable {
  readonly schema: Schema;
  /** The schema may change by itself. */
  readonly evolves: boolean;
}

export async function followData(
  lake: EvolvingLake,
  { schema, evolves }: FollowingTable,
  results: readonly CompactionResult[],
): Promise<Followed> {
  const folds = results.filter(({ kind }) => kind === "minor");
  const written = folds.flatMap(({ manifest, run }) =>
    manifest.segments.filter((segment) => segment.run === run),
  );
  // They were written with all of these columns.
  const table = { schema, manifest: {} };
  const { drift, misfits } = evolves
    ? await segmentMisfits(lake.engine, table, written)
    : { drift: await segmentDrift(lake.engine, table, written), misfits: new Map<string, Shape>() };
  const { followed, wholeDigits } = evolves ? await measureAndGrow(lake, schema, misfits) : NOT_GROWN;
  await showLeft(lake, schema, { drift, followed, wholeDigits });
  return followed;
}

interface Grown {
  readonly followed: Followed;
  /** Of columns that did not widen how many digits before the point their values have, where that was counted. */
  readonly wholeDigits: ReadonlyMap<string, number>;
}

const NOT_GROWN: Grown = { followed: NOTHING, wholeDigits: new Map() };

async function measureAndGrow(
  lake: EvolvingLake,
  schema: Schema,
  misfits: GrowthInput["misfits"],
): Promise<Grown> {
  const wholeDigits = await measured(lake, schema, misfits);
  const followed = await grow(lake, schema, { misfits, wholeDigits });
  for (const { attribute } of followed.widened) wholeDigits.delete(attribute);
  return { followed, wholeDigits };
}

/** What the columns still do not hold is shown as text. */
function showLeft(
  lake: EvolvingLake,
  schema: Schema,
  { drift, followed, wholeDigits }: Grown & { readonly drift: readonly Drift[] },
): Promise<Manifest | undefined> {
  const left = drift.filter((found) => !followed.widened.some((widening) => showsAll(widening, found)));
  return showMisfits(lake, schema, { attributes: left.map(({ attribute }) => attribute), wholeDigits });
}

/**
 * After a snapshot, which has grown the schema by what it read: decimals that need digits which all values leave before the point
 * widen once these were counted, and what is left is shown as text. Returns what SQL does not show then.
 */
export async function followSnapshot(
  lake: EvolvingLake,
  opened: OpenTable,
  evolves: boolean,
): Promise<{ readonly widened: readonly Widening[]; readonly drift: readonly Drift[] }> {
  const { schema } = opened;
  const drift = await tableDrift(lake.engine, opened);
  const grown = evolves && drift.length > 0 ? await reachFurther(lake, opened, drift) : NOT_GROWN;
  const { widened } = grown.followed;
  const shown = await showLeft(lake, schema, { drift, ...grown });
  if (widened.length > 0)
    return { widened, drift: await tableDrift(lake.engine, await openTableOf(lake.store, schema)) };
  // breakage: what-a-snapshot-shows-is-reported
  return { widened, drift: shown === undefined ? drift : withTexts({ schema, manifest: shown }, drift) };
}

async function reachFurther(lake: EvolvingLake, opened: OpenTable, drift: readonly Drift[]): Promise<Grown> {
  const { schema } = opened;
  const view = await currentView(lake.engine, opened, undefined);
  const misfits = await misfitsIn(lake.engine, schema, drift, `(${view.sql})`);
  const asked = new Set(columnsToMeasure(schema, { misfits }).map(({ attribute }) => attribute));
  const far = new Map([...misfits].filter(([attribute]) => asked.has(attribute)));
  return measureAndGrow(lake, schema, far);
}

/** Whether the wider type has room for all digits that were found. It has none for text. */
function showsAll({ attribute, to }: Widening, found: Drift): boolean {
  if (found.attribute !== attribute || Object.keys(found.types).some((type) => type !== "N")) return false;
  const { whole, fraction } = digitsOf(parseColumnType(to)) ?? { whole: 0, fraction: 0 };
  return found.wholeDigits <= whole && found.fractionDigits <= fraction; // breakage: strays-beside-wider-columns-are-text
}

/**
 * How many digits before the point the values of columns have whose numbers need more behind it than is left. What was once counted
 * can only have become more.
 */
async function measured(
  { store, engine }: EvolvingLake,
  schema: Schema,
  misfits: GrowthInput["misfits"],
): Promise<Map<string, number>> {
  if (columnsToMeasure(schema, { misfits }).length === 0) return new Map();
  const table = await openTableOf(store, schema);
  const seen = new Map(Object.entries(table.manifest.wholeDigits ?? {}));
  const columns = columnsToMeasure(table.schema, { misfits, wholeDigits: seen });
  return new Map(await countWholeDigits({ store, engine }, table, columns));
}

/** New columns and wider ones: their values are kept in `_unmapped`, and recovered from it. */
async function grow(lake: EvolvingLake, schema: Schema, input: GrowthInput): Promise<Followed> {
  const { store, engine } = lake;
  const grown = (before: Schema): Schema | undefined => {
    const growth = grownSchema(before, input);
    return growth && parseSchema(growth.file, "the evolved schema");
  };
  if (grown(schema) === undefined) return NOTHING;
  // People may have edited the file since the compaction began.
  // breakage: edit-during-compaction-stays
  if (isPeoples(await schemaEdit(store, await openTableOf(store, schema)))) return NOTHING;
  const { wholeDigits = new Map<string, number>() } = input;
  const counts = { countClean: cleanSegments(engine), countDigits: async () => wholeDigits };
  // breakage: columns-of-others-stay
  const commit = await growSchema({ ...lake, ...counts }, schema, grown, "the evolved schema");
  return commit === undefined ? NOTHING : { added: addedLabels(commit), widened: commit.widened };
}
