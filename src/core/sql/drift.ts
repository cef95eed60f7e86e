/** The statements that count which values of items SQL does not show: those that are in `_unmapped` and NULL in their own column. */
import { type Dialect, integer, lambdaVariable, quoted } from "../ports/dialect.ts";
import { type ColumnType, isNested } from "../schema/column-type.ts";
import type { Column } from "../schema/schema.ts";
import { isMoment } from "./former-value.ts";

/**
 * What lies in `_unmapped` of the rows of a relation, explicit NULLs left out: a row for each attribute and type, with the number of
 * values, the most digits on either side of the point, and the second of the oldest of these rows' changes. `attribute`, `type`,
 * `values`, `whole_digits`, `fraction_digits`, `since`.
 */
export function unmappedAttributes(dialect: Dialect, relation: string, max: number): string {
  const { json } = dialect;
  const most = (pattern: string): string => countOf(dialect, `max(${digitsOf(dialect, pattern)})`);
  return `SELECT attribute, type, ${countOf(dialect, "count(*)")} AS ${quoted("values")}, ${most(WHOLE_DIGITS)} AS whole_digits, ${most(FRACTION_DIGITS)} AS fraction_digits, ${oldest(dialect, "_changed_at")} AS since
FROM (SELECT attribute, value, _changed_at, ${json.typeOf("value")} AS type FROM ${json.attributes(relation, "_unmapped", ["_changed_at"])})
WHERE type <> 'NULL' GROUP BY attribute, type ORDER BY 3 DESC, 1, 2 LIMIT ${integer(max)}`;
}

/**
 * The numbers of these attributes that lie in `_unmapped`, by their digits, the most frequent first. `attribute`, `whole_digits`,
 * `fraction_digits`, `values`.
 */
export function unmappedNumbers(
  dialect: Dialect,
  relation: string,
  attributes: readonly string[],
  max: number,
): string {
  const { json } = dialect;
  const names = attributes.map((attribute) => json.text(attribute)).join(", ");
  const digits = (pattern: string): string => countOf(dialect, digitsOf(dialect, pattern));
  return `SELECT attribute, ${digits(WHOLE_DIGITS)} AS whole_digits, ${digits(FRACTION_DIGITS)} AS fraction_digits, ${countOf(dialect, "count(*)")} AS ${quoted("values")}
FROM (SELECT attribute, value FROM ${json.attributes(relation, "_unmapped", [])})
WHERE ${json.typeOf("value")} = 'N' AND attribute IN (${names}) GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2, 3 LIMIT ${integer(max)}`;
}

/** The digits of a number in `_unmapped` on either side of the point: a single zero before it does not count. */
const WHOLE_DIGITS = "^-?0*([0-9]*)";
const FRACTION_DIGITS = "\\.([0-9]+)$";

function digitsOf({ json }: Dialect, pattern: string, value = "value"): string {
  return `length(regexp_extract(${json.scalar(value, "N")}, '${pattern}', 1))`;
}

function countOf({ typeName }: Dialect, expression: string): string {
  return `CAST(coalesce(${expression}, 0) AS ${typeName({ kind: "bigint" })})`;
}

/** The types of values in DynamoDB, explicit NULLs left out. */
export const HIDDEN_TYPES = ["S", "N", "B", "BOOL", "SS", "NS", "BS", "L", "M"] as const;

/**
 * Of each column in how many rows it hides something (`hidden 0`, `hidden 1`...), the second of the oldest of these rows' changes
 * (`since 0`...), and in how many rows it has a value (`shown 0`...). Of what is hidden also, by type, how much there is
 * (`hidden 0 n`...), and the most digits of numbers on either side of the point (`whole 0`..., `fraction 0`...): a column that has
 * become wider shows some of what `_unmapped` has.
 */
export function hiddenValues(dialect: Dialect, columns: readonly Column[], relation: string): string {
  const rows = columns.flatMap((column, i) => [
    `${hiddenValue(dialect, column)} AS ${quoted(`value ${i}`)}`,
    `${quoted(column.name)} IS NOT NULL AS ${quoted(`is shown ${i}`)}`,
  ]);
  const counts = columns.flatMap((_, i) => hiddenCounts(dialect, i));
  return `SELECT ${counts.join(", ")} FROM (SELECT _changed_at, ${rows.join(", ")} FROM ${relation})`;
}

/** Nothing is taken out of `_unmapped` where the column hides nothing. */
function hiddenValue(dialect: Dialect, column: Column): string {
  const value = dialect.json.attribute("_unmapped", column.attribute);
  return `CASE WHEN ${hides(dialect, column)} THEN ${value} END`; // breakage: types-of-hidden-values-alone
}

function hiddenCounts(dialect: Dialect, i: number): readonly string[] {
  const value = quoted(`value ${i}`);
  const ofType = (type: string): string =>
    `CASE WHEN ${dialect.json.typeOf(value)} = ${dialect.json.text(type)} THEN 1 END`;
  const most = (pattern: string): string => countOf(dialect, `max(${digitsOf(dialect, pattern, value)})`);
  return [
    `count(${value}) AS ${quoted(`hidden ${i}`)}`,
    `${oldest(dialect, `CASE WHEN ${value} IS NOT NULL THEN _changed_at END`)} AS ${quoted(`since ${i}`)}`,
    `count(CASE WHEN ${quoted(`is shown ${i}`)} THEN 1 END) AS ${quoted(`shown ${i}`)}`,
    ...HIDDEN_TYPES.map((type) => `count(${ofType(type)}) AS ${quoted(`hidden ${i} ${type.toLowerCase()}`)}`),
    `${most(WHOLE_DIGITS)} AS ${quoted(`whole ${i}`)}`,
    `${most(FRACTION_DIGITS)} AS ${quoted(`fraction ${i}`)}`,
  ];
}

function oldest({ timeWire }: Dialect, moment: string): string {
  return timeWire(`min(${moment})`);
}

/** Whether `_unmapped` may have a value that another column would show. Its text alone decides: nothing is parsed. */
export function mayBeUnmapped({ json }: Dialect, column: Column): string {
  const { attribute, name, type } = column;
  const isThere = json.holds("_unmapped", json.text(`${JSON.stringify(attribute)}:{`));
  // breakage: spellings-of-moments-are-counted
  return isNested(type) || isMoment(column) ? isThere : `${quoted(name)} IS NULL AND ${isThere}`;
}

/** Whether the attribute has a leaf, not NULL, for which its column has none. */
function hides(dialect: Dialect, { attribute, name, type }: Column): string {
  const { json } = dialect;
  const value = json.attribute("_unmapped", attribute);
  const isThere = `_unmapped IS NOT NULL AND coalesce(${json.typeOf(value)}, 'NULL') <> 'NULL'`;
  const own = quoted(name);
  if (!isNested(type)) return `${own} IS NULL AND ${isThere}`; // breakage: shown-values-are-no-drift
  const members = (["SS", "NS", "BS"] as const).map((set) => json.size(json.set(value, set)));
  const held = [json.leaves(value), ...members].join(" + ");
  return `${isThere} AND (${own} IS NULL OR ${held} > ${leavesOf(dialect, type, own, 0)})`;
}

/** How many leaves of a typed value are not NULL. */
function leavesOf(dialect: Dialect, type: ColumnType, value: string, depth: number): string {
  const { json } = dialect;
  const variable = lambdaVariable(depth);
  switch (type.kind) {
    case "array":
      return json.sum(
        json.eachElement(value, variable, leavesOf(dialect, type.element, variable, depth + 1)),
      );
    case "map": {
      const leaves = leavesOf(dialect, type.value, variable, depth + 1);
      return json.sum(json.eachElement(json.valuesOf(value), variable, leaves));
    }
    case "struct":
      return `(${type.fields.map((field) => leavesOf(dialect, field.type, `(${value}).${quoted(field.name)}`, depth)).join(" + ")})`;
    default:
      return `CASE WHEN ${value} IS NULL THEN 0 ELSE 1 END`;
  }
}
