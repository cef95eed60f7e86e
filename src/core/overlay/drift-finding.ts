/** Drift: what items hold and SQL does not show, by attribute. It knows names, types, digits and counts, never values. */
import { counted, grouped } from "../counted.ts";

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
