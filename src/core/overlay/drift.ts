/** Finds the drift of a table, or of segments that were just written. */
import { batchesOf } from "../batches-of.ts";
import type { Manifest, Segment } from "../format/manifest.ts";
import { addDigits, type DigitCounts } from "../infer/number-digits.ts";
import { integer } from "../ports/dialect.ts";
import type { QueryEngine } from "../ports/query-engine.ts";
import { isNested, schemaTypeText } from "../schema/column-type.ts";
import type { Schema } from "../schema/schema.ts";
import { textColumns } from "../schema/text-name.ts";
import { HIDDEN_TYPES, hiddenValues, unmappedAttributes, unmappedNumbers } from "../sql/drift.ts";
import type { TableState } from "../table/open-table.ts";
import { type AttributeValue, readItem } from "../values/attribute-value.ts";
import { parseJson } from "../values/json-members.ts";
import type { Drift } from "./drift-finding.ts";
import { currentView } from "./lake-view.ts";
import { segmentRows } from "./segment-rows.ts";
import type { TableWithTexts } from "./shown-view.ts";

/** Attributes with more than these are not told apart. */
const GROUPS_MAX = 2000;
/** A statement has bounded length, and each column's condition some hundred characters. */
const COLUMNS_AT_ONCE = 40;

/** The drift of a table as it is now, what hides most first: since the oldest change that left a row as it is. */
export async function tableDrift(engine: QueryEngine, table: TableState): Promise<readonly Drift[]> {
  const view = await currentView(engine, table, undefined);
  return withTexts(table, await driftOf(engine, table.schema, `(${view.sql})`));
}

/**
 * The drift of rows of segments; `manifest` knows which of them were written before columns came. Since when there is none: rows that
 * were replaced are among them.
 */
export async function segmentDrift(
  engine: QueryEngine,
  { schema, manifest }: SegmentsTable,
  segments: readonly Segment[],
): Promise<readonly Drift[]> {
  if (segments.length === 0) return [];
  const drift = await driftOf(engine, schema, segmentRows(engine, schema, manifest, segments));
  return drift.map(({ sinceSeconds: _, ...found }) => found);
}

export interface SegmentsTable {
  readonly schema: Schema;
  readonly manifest: Pick<Manifest, "recovery">;
}

/** So many rows are looked into, and no longer texts: what is in others is found by a later compaction, or by a snapshot. */
const MISFITS_READ_MAX = 2000;
const UNMAPPED_CHARACTERS_MAX = 20_000;

/** Values of an attribute that the rows of segments have in `_unmapped`. */
export async function misfitsOf(
  { dialect, rows, segments: relation }: QueryEngine,
  schema: Schema,
  segments: readonly Segment[],
  attribute: string,
): Promise<readonly AttributeValue[]> {
  const isThere = dialect.json.holds("_unmapped", dialect.json.text(`${JSON.stringify(attribute)}:{`));
  const found = await rows(
    `SELECT _unmapped FROM ${relation(schema, segments)} WHERE ${isThere} AND length(_unmapped) <= ${integer(UNMAPPED_CHARACTERS_MAX)} LIMIT ${integer(MISFITS_READ_MAX)}`,
  );
  return found.flatMap(({ _unmapped }) => {
    const value = readItem(parseJson(String(_unmapped)))[attribute];
    return value === undefined ? [] : [value];
  });
}

/** The numbers of attributes that the rows of a relation have in `_unmapped`, by their digits. */
export async function unmappedDigits(
  { dialect, rows }: Pick<QueryEngine, "dialect" | "rows">,
  relation: string,
  attributes: readonly string[],
): Promise<ReadonlyMap<string, DigitCounts>> {
  const found = new Map<string, DigitCounts>();
  if (attributes.length === 0) return found;
  for (const row of await rows(unmappedNumbers(dialect, relation, attributes, GROUPS_MAX))) {
    const counts = found.get(String(row.attribute)) ?? new Map();
    const [whole, fraction, count] = [row.whole_digits, row.fraction_digits, row.values].map(Number);
    addDigits(counts, { whole: whole ?? 0, fraction: fraction ?? 0, count: count ?? 0 });
    found.set(String(row.attribute), counts);
  }
  return found;
}

/** The drift with the columns that show the values as text. */
export function withTexts({ schema, manifest }: TableWithTexts, drift: readonly Drift[]): readonly Drift[] {
  const texts = new Map(
    textColumns(schema, manifest.texts).map(({ column, text }) => [column.attribute, text.label]),
  );
  return drift.map((each) =>
    each.column === undefined
      ? each
      : { ...each, column: { ...each.column, text: texts.get(each.attribute) } },
  );
}

async function driftOf(engine: QueryEngine, schema: Schema, relation: string): Promise<readonly Drift[]> {
  const { dialect } = engine;
  const found = new Map<string, Omit<Drift, "column" | "hidden"> & { readonly sinceSeconds: number }>();
  for (const row of await engine.rows(unmappedAttributes(dialect, relation, GROUPS_MAX))) {
    const attribute = String(row.attribute);
    const values = Number(row.values);
    const known = found.get(attribute) ?? {
      attribute,
      values: 0,
      types: {},
      sinceSeconds: Number.POSITIVE_INFINITY,
      wholeDigits: 0,
      fractionDigits: 0,
    };
    found.set(attribute, {
      attribute,
      values: known.values + values,
      sinceSeconds: Math.min(known.sinceSeconds, Number(row.since)),
      types: { ...known.types, [String(row.type)]: values },
      wholeDigits: Math.max(known.wholeDigits, Number(row.whole_digits)),
      fractionDigits: Math.max(known.fractionDigits, Number(row.fraction_digits)),
    });
  }
  const columns = schema.columns.filter(({ attribute }) => found.has(attribute));
  const declared = new Set(columns.map(({ attribute }) => attribute));
  const drift: Drift[] = [...found.values()]
    .filter(({ attribute }) => !declared.has(attribute))
    .map((each) => ({ ...each, column: undefined, hidden: each.values }));
  // Hidden columns are no drift, and do not follow the data.
  const shown = columns.filter(({ hidden }) => !hidden);
  for (const batch of batchesOf(shown, COLUMNS_AT_ONCE)) {
    const [row] = await engine.rows(hiddenValues(dialect, batch, relation));
    const countOf = (name: string): number => Number(row?.[name] ?? 0);
    for (const [i, column] of batch.entries()) {
      const hidden = countOf(`hidden ${i}`);
      if (hidden === 0) continue;
      const { attribute, label: name, type } = column;
      const types = HIDDEN_TYPES.map((each) => [each, countOf(`hidden ${i} ${each.toLowerCase()}`)] as const);
      const shown = countOf(`shown ${i}`);
      drift.push({
        attribute,
        column: { name, type: schemaTypeText(type) },
        hidden,
        values: isNested(type) ? Math.max(shown, hidden) : shown + hidden,
        sinceSeconds: countOf(`since ${i}`), // breakage: oldest-hidden-value-dates-drift
        types: Object.fromEntries(types.filter(([, count]) => count > 0).toSorted(([, a], [, b]) => b - a)),
        wholeDigits: countOf(`whole ${i}`),
        fractionDigits: countOf(`fraction ${i}`),
      });
    }
  }
  return drift.sort((a, b) => b.hidden - a.hidden || (a.attribute < b.attribute ? -1 : 1));
}
