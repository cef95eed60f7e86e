/** The statements that count which values of items SQL does not show: those that are in `_unmapped` and NULL in their own column. */
import { type Dialect, integer, lambdaVariable, quoted } from "../ports/dialect.ts";
import { type ColumnType, isNested } from "../schema/column-type.ts";
import type { Column } from "../schema/schema.ts";
import { isMoment } from "./former-value.ts";

/**
 * What lies in `_unmapped` of the rows of a relation, explicit NULLs left out: a row for each attribute and type, with the number of
 * values and the most digits on either side of the point. `attribute`, `type`, `values`, `whole_digits`, `fraction_digits`.
 */
export function unmappedAttributes({ json, typeName }: Dialect, relation: string, max: number): string {
  const number = json.scalar("value", "N");
  const digits = (pattern: string): string => `max(length(regexp_extract(${number}, '${pattern}', 1)))`;
  const count = (expression: string): string =>
    `CAST(coalesce(${expression}, 0) AS ${typeName({ kind: "bigint" })})`;
  return `SELECT attribute, type, ${count("count(*)")} AS ${quoted("values")}, ${count(digits("^-?0*([0-9]*)"))} AS whole_digits, ${count(digits("\\.([0-9]+)$"))} AS fraction_digits
FROM (SELECT attribute, value, ${json.typeOf("value")} AS type FROM ${json.attributes(relation, "_unmapped")})
WHERE type <> 'NULL' GROUP BY attribute, type ORDER BY 3 DESC, 1, 2 LIMIT ${integer(max)}`;
}

/** Of each column in how many rows it hides something (`hidden 0`, `hidden 1`...), and in how many it has a value (`shown 0`...). */
export function hiddenValues(dialect: Dialect, columns: readonly Column[], relation: string): string {
  const counts = columns.flatMap((column, i) => [
    `count(CASE WHEN ${hides(dialect, column)} THEN 1 END) AS ${quoted(`hidden ${i}`)}`,
    `count(${quoted(column.name)}) AS ${quoted(`shown ${i}`)}`,
  ]);
  return `SELECT ${counts.join(", ")} FROM ${relation}`;
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
