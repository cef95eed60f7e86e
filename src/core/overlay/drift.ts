/** Drift: what items hold and SQL does not show, by attribute. It knows names, types, digits and counts, never values. */
import { batchesOf } from "../batches-of.ts";
import { counted, grouped } from "../counted.ts";
import type { Segment } from "../format/manifest.ts";
import type { QueryEngine } from "../ports/query-engine.ts";
import { schemaTypeText } from "../schema/column-type.ts";
import type { Column, Schema } from "../schema/schema.ts";
import { hiddenValues, unmappedAttributes } from "../sql/drift.ts";
import type { TableState } from "../table/open-table.ts";
import { currentView } from "./lake-view.ts";

export interface Drift {
  readonly attribute: string;
  /** The attribute's column and its type; undefined for an attribute that has none. */
  readonly column: { readonly name: string; readonly type: string } | undefined;
  /** How many rows have a value of the attribute that SQL does not show, or not whole, */
  readonly hidden: number;
  /** and how many have one. */
  readonly values: number;
  /** What is in `_unmapped`: the number of values by their types of DynamoDB. */
  readonly types: Readonly<Record<string, number>>;
  /** The most digits of those that are numbers, on either side of the point. */
  readonly wholeDigits: number;
  readonly fractionDigits: number;
}

/** Attributes with more than these are not told apart. */
const GROUPS_MAX = 2000;
/** A statement has bounded length, and each column's condition some hundred characters. */
const COLUMNS_AT_ONCE = 40;

/** The drift of a table as it is now, what hides most first. */
export async function tableDrift(engine: QueryEngine, table: TableState): Promise<readonly Drift[]> {
  const view = await currentView(engine, table, undefined);
  return driftOf(engine, table.schema, `(${view.sql})`);
}

/** The drift of rows of segments that were just written. */
export async function segmentDrift(
  engine: QueryEngine,
  schema: Schema,
  segments: readonly Segment[],
): Promise<readonly Drift[]> {
  return segments.length === 0 ? [] : driftOf(engine, schema, engine.segments(schema, segments));
}

async function driftOf(engine: QueryEngine, schema: Schema, relation: string): Promise<readonly Drift[]> {
  const { dialect } = engine;
  const found = new Map<string, Omit<Drift, "column" | "hidden">>();
  for (const row of await engine.rows(unmappedAttributes(dialect, relation, GROUPS_MAX))) {
    const attribute = String(row.attribute);
    const values = Number(row.values);
    const known = found.get(attribute) ?? {
      attribute,
      values: 0,
      types: {},
      wholeDigits: 0,
      fractionDigits: 0,
    };
    found.set(attribute, {
      attribute,
      values: known.values + values,
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
  for (const batch of batchesOf(columns, COLUMNS_AT_ONCE)) {
    const [row] = await engine.rows(hiddenValues(dialect, batch, relation));
    for (const [i, column] of batch.entries()) {
      const hidden = Number(row?.[`hidden ${i}`] ?? 0);
      const each = found.get(column.attribute);
      if (hidden === 0 || each === undefined) continue;
      const shown = Number(row?.[`shown ${i}`] ?? 0);
      const { label: name, type } = column;
      const values = isNested(column) ? Math.max(shown, hidden) : shown + hidden;
      drift.push({ ...each, column: { name, type: schemaTypeText(type) }, hidden, values });
    }
  }
  return drift.sort((a, b) => b.hidden - a.hidden || (a.attribute < b.attribute ? -1 : 1));
}

function isNested({ type }: Column): boolean {
  return type.kind === "array" || type.kind === "map" || type.kind === "struct";
}

/** "price: 3,000 of 24,000 values are not in SQL: numbers with up to 2 decimal places in a bigint column". */
export function driftSentence({ attribute, column, hidden, values, ...found }: Drift): string {
  const verb = hidden === 1 ? "is" : "are";
  const what = typesText(found);
  if (column === undefined)
    return `${attribute}: ${counted(hidden, "value")} ${verb} not in SQL: no column (${what}); _unmapped has them`;
  return `${attribute}: ${grouped(hidden)} of ${counted(values, "value")} ${verb} not in SQL, or not whole: ${what} in a column of type ${column.type}; _unmapped has them`;
}

const TYPE_TEXTS: Readonly<Record<string, string>> = {
  S: "strings",
  N: "numbers",
  B: "binary values",
  BOOL: "booleans",
  SS: "string sets",
  NS: "number sets",
  BS: "binary sets",
  L: "lists",
  M: "maps",
};

function typesText({
  types,
  wholeDigits,
  fractionDigits,
}: Pick<Drift, "types" | "wholeDigits" | "fractionDigits">): string {
  const digits =
    fractionDigits > 0
      ? `, up to ${wholeDigits} and ${fractionDigits} digits around the point`
      : `, up to ${counted(wholeDigits, "digit")}`;
  return Object.keys(types)
    .map((type) => `${TYPE_TEXTS[type] ?? type}${type === "N" ? digits : ""}`)
    .join(" and ");
}

/** The line of a schema file that brings the values into SQL, if there is one. */
export function driftLine({
  attribute,
  column,
  types,
  wholeDigits,
  fractionDigits,
}: Drift): string | undefined {
  if (column !== undefined) return undefined;
  const [type, ...others] = Object.keys(types);
  const member = (spec: object): string => `${JSON.stringify(attribute)}: ${JSON.stringify(spec)}`;
  if (others.length > 0 || type === "L" || type === "M") return member({ type: "json" });
  switch (type) {
    case "N": {
      if (fractionDigits === 0 && wholeDigits <= 18) return member({ type: "bigint" });
      if (wholeDigits + fractionDigits > 38) return member({ type: "json" });
      const room = Math.floor((38 - wholeDigits - fractionDigits) / 2);
      return member({ type: `decimal(38,${fractionDigits === 0 ? 0 : fractionDigits + Math.min(room, 2)})` });
    }
    case "SS":
      return member({ type: "array<string>", set: true });
    case "NS":
    case "BS":
      return member({ type: "json" });
    default:
      return member({ type: type === "B" ? "binary" : type === "BOOL" ? "boolean" : "string" });
  }
}
