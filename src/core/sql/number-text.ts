/** A number of a typed column as DynamoDB has it: the one plain notation that `canonicalNumber` gives. */
import { type Dialect, lambdaVariable, literal } from "../ports/dialect.ts";
import type { ColumnType } from "../schema/column-type.ts";

/** `depth` variables are in use. */
export function numberText(dialect: Dialect, type: ColumnType, value: string, depth: number): string {
  if (type.kind === "double") return plainDouble(dialect, value, depth); // breakage: doubles-are-plain-numbers
  const text = `CAST(${value} AS ${dialect.typeName({ kind: "string" })})`;
  return type.kind === "decimal" && type.scale > 0 ? withoutNeedlessZeros(text) : text;
}

/** `text` has a point. */
function withoutNeedlessZeros(text: string): string {
  return `trim(TRAILING '.' FROM trim(TRAILING '0' FROM ${text}))`;
}

/** Engines write large and small doubles with an exponent. */
const DOUBLE = "^(-?)([0-9]+)(?:\\.([0-9]*))?(?:[eE]\\+?(-?[0-9]+))?$";

function plainDouble({ json, typeName }: Dialect, value: string, depth: number): string {
  const text = lambdaVariable(depth);
  const group = (index: number): string =>
    `coalesce(regexp_extract(${text}, ${literal(DOUBLE)}, ${index}), '')`;
  const digits = `concat(${group(2)}, ${group(3)})`;
  const int = typeName({ kind: "int" });
  const point = `CAST(length(${group(2)}) + coalesce(TRY_CAST(${group(4)} AS ${int}), 0) AS ${int})`;
  const small = `concat(rpad('0.', 2 - ${point}, '0'), ${digits})`;
  const large = `concat(rpad(${digits}, ${point}, '0'), '.', substr(${digits}, ${point} + 1))`;
  const plain = withoutNeedlessZeros(`CASE WHEN ${point} <= 0 THEN ${small} ELSE ${large} END`);
  // Null if the engine does not tell the shortest digits.
  const signed = `CASE WHEN ${text} IS NOT NULL THEN concat(${group(1)}, ${plain}) END`;
  return json.bound(json.shortest(value), text, signed);
}
