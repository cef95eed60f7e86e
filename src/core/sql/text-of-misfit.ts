/** What a derived column such as `price__text` shows: the value that its column cannot hold, as text. */
import { type Dialect, lambdaVariable, quoted } from "../ports/dialect.ts";
import type { Column } from "../schema/schema.ts";

/**
 * The text of an attribute where its column is null: a string itself, a number in plain notation, a binary value in base64, and lists,
 * maps and sets as plain JSON. Null for an explicit NULL.
 */
export function textOfMisfit(dialect: Dialect, { attribute, name }: Column): string {
  const { json, typeName } = dialect;
  // Plain JSON has a variable of its own.
  const value = lambdaVariable(1);
  const plain = json.plain(value);
  const ways = [
    ...(["S", "N", "B"] as const).map((type) => json.scalar(value, type)),
    `CAST(${json.boolean(value)} AS ${typeName({ kind: "string" })})`,
    `CASE WHEN ${json.typeOf(value)} <> 'NULL' THEN ${plain} END`,
  ];
  const text = json.bound(json.attribute("_unmapped", attribute), value, `coalesce(${ways.join(", ")})`);
  const isThere = json.holds("_unmapped", json.text(`${JSON.stringify(attribute)}:{`));
  // breakage: text-only-where-the-column-has-none
  return `CASE WHEN ${quoted(name)} IS NULL AND ${isThere} THEN ${text} END`;
}
