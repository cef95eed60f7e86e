/**
 * A value of a type as one of a wider type, as `widens` has them: exact, so that no conversion can fail. For a type that only
 * reaches further behind the point it is null where there is no room before it, and the value belongs in `_unmapped`.
 */
import { type Dialect, lambdaVariable, quoted } from "../ports/dialect.ts";
import { type ColumnType, type PartType, schemaTypeText } from "../schema/column-type.ts";
import { holds } from "../schema/widening.ts";

/** The expression of `value`, of the type `from`, as a value of the type `to`. */
export function convertedValue(dialect: Dialect, from: ColumnType, to: ColumnType, value: string): string {
  if (from.kind === "json" || to.kind === "json") return value;
  return converted(dialect, from, to, value, 0);
}

/** `depth` is the number of variables that are in use. */
function converted(dialect: Dialect, from: PartType, to: PartType, value: string, depth: number): string {
  if (schemaTypeText(from) === schemaTypeText(to)) return value;
  const { json, typeName } = dialect;
  if (from.kind === "array" && to.kind === "array") {
    const variable = lambdaVariable(depth);
    return json.eachElement(
      value,
      variable,
      converted(dialect, from.element, to.element, variable, depth + 1),
    );
  }
  if (from.kind === "map" && to.kind === "map")
    return json.eachValue(value, lambdaVariable(depth), (member) =>
      converted(dialect, from.value, to.value, member, depth + 1),
    );
  if (from.kind === "struct" && to.kind === "struct") {
    const fields = to.fields.map((field) => {
      const old = from.fields.find(({ attribute }) => attribute === field.attribute);
      const member = old && `(${value}).${quoted(old.name)}`;
      return {
        name: field.name,
        typeName: typeName(field.type),
        value:
          old === undefined || member === undefined
            ? `CAST(NULL AS ${typeName(field.type)})`
            : converted(dialect, old.type, field.type, member, depth),
      };
    });
    return `CASE WHEN ${value} IS NOT NULL THEN ${json.struct(fields)} END`;
  }
  // Exact for numbers with fewer digits on both sides of the point. A value for which there is no room would abort the statement.
  return `${holds(from, to) ? "CAST" : "TRY_CAST"}(${value} AS ${typeName(to)})`;
}
