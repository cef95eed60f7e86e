/** After changes were folded: the table's columns follow what they hold, and what no column holds is shown as text. */
import type { CompactionResult } from "../../core/compaction/compact.ts";
import { growSchema } from "../../core/compaction/schema-commit.ts";
import { showMisfits } from "../../core/compaction/show-misfits.ts";
import type { Manifest, Segment } from "../../core/format/manifest.ts";
import { columnsToMeasure, type GrowthInput, grownSchema } from "../../core/infer/evolved-schema.ts";
import { digitsDecide, shapeOfFound } from "../../core/infer/found-values.ts";
import { observeValue, type Shape, shapeOf } from "../../core/infer/infer-shape.ts";
import { cleanSegments } from "../../core/overlay/clean-segments.ts";
import { misfitsOf, segmentDrift, tableDrift, unmappedDigits, withTexts } from "../../core/overlay/drift.ts";
import type { Drift } from "../../core/overlay/drift-finding.ts";
import { currentView } from "../../core/overlay/lake-view.ts";
import { countWholeDigits } from "../../core/overlay/whole-digits.ts";
import { isNested, parseColumnType } from "../../core/schema/column-type.ts";
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
  const drift = await segmentDrift(lake.engine, schema, written);
  if (!evolves) {
    await showLeft(lake, schema, { drift, ...NOT_GROWN });
    return NOTHING;
  }
  const misfits = await misfitsIn(lake, schema, drift, lake.engine.segments(schema, written));
  const parts = await partsOf(lake, schema, drift, written);
  const grown = await measureAndGrow(lake, schema, new Map([...misfits, ...parts]));
  await showLeft(lake, schema, { drift, ...grown });
  return grown.followed;
}

/** What is within the values that columns of lists, maps and structs cannot hold whole: members that appeared, wider parts. */
async function partsOf(
  { engine }: Pick<EvolvingLake, "engine">,
  schema: Schema,
  drift: readonly Drift[],
  written: readonly Segment[],
): Promise<ReadonlyMap<string, Shape>> {
  const found = new Set(drift.map(({ attribute }) => attribute));
  const shapes = new Map<string, Shape>();
  for (const { attribute, type } of schema.columns) {
    if (!isNested(type) || !found.has(attribute)) continue;
    const shape = shapeOf();
    for (const value of await misfitsOf(engine, schema, written, attribute)) observeValue(shape, value);
    shapes.set(attribute, shape); // breakage: members-that-appear-are-followed
  }
  return shapes;
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
  return showMisfits(lake, schema, { drift: left, wholeDigits });
}

/** What is known of the values that drift found in `relation`. */
async function misfitsIn(
  { engine }: Pick<EvolvingLake, "engine">,
  schema: Schema,
  drift: readonly Drift[],
  relation: string,
): Promise<Map<string, Shape>> {
  const types = new Map(schema.columns.map(({ attribute, type }) => [attribute, type]));
  const asked = drift.filter((found) => digitsDecide(found, types.get(found.attribute)));
  const digits = await unmappedDigits(
    engine,
    relation,
    asked.map(({ attribute }) => attribute),
  );
  return new Map(drift.map((found) => [found.attribute, shapeOfFound(found, digits.get(found.attribute))]));
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
  const grown = evolves ? await reachFurther(lake, opened, drift) : NOT_GROWN;
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
  const misfits = await misfitsIn(lake, schema, drift, `(${view.sql})`);
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
