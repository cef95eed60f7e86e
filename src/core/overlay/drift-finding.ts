/** Drift: what items hold and SQL does not show, by attribute. It knows names, types, digits and counts, never values. */
import { counted, grouped } from "../counted.ts";
import { timeText } from "../time-text.ts";

export interface DriftedColumn {
  readonly name: string;
  readonly type: string;
  /** The column beside it that shows the values as text, if there is one. */
  readonly text?: string | undefined;
}

export interface Drift {
  readonly attribute: string;
  /** The attribute's column; undefined for an attribute that has none. */
  readonly column: DriftedColumn | undefined;
  /** How many rows have a value of the attribute that SQL does not show, or not whole, */
  readonly hidden: number;
  /** and how many have one. */
  readonly values: number;
  /** Rows that were replaced since they were counted are among them. */
  readonly atMost?: true | undefined;
  /**
   * Since when, in seconds since the epoch: where rows are counted, the oldest of their changes; where compactions have looked, when they
   * first found any. Undefined where neither is known.
   */
  readonly sinceSeconds?: number | undefined;
  /** The number of these values by their types of DynamoDB. */
  readonly types: Readonly<Record<string, number>>;
  /** The most digits of those that are numbers, on either side of the point. */
  readonly wholeDigits: number;
  readonly fractionDigits: number;
}

/** Whether a column should show the values and none does, not even as text. Attributes that have no column are reported only. */
export function isUnshown({ column }: Pick<Drift, "column">): boolean {
  return column !== undefined && column.text === undefined; // breakage: health-counts-what-nothing-shows
}

/** "price: up to 3,000 of 24,000 values are not in its column: numbers in a column of type bigint, since 09:12; price__text has them". */
export function driftSentence({ attribute, column, hidden, values, ...found }: Drift): string {
  const verb = hidden === 1 ? "is" : "are";
  const bound = found.atMost ? "up to " : ""; // breakage: replaced-rows-may-still-count
  const since = found.sinceSeconds === undefined ? "" : `, since ${timeText(found.sinceSeconds)}`;
  const what = typesText(found);
  if (column === undefined)
    return `${attribute}: ${bound}${counted(hidden, "value")} ${verb} not in SQL: no column (${what})${since}; _unmapped has them`;
  const share = `${attribute}: ${bound}${grouped(hidden)} of ${counted(values, "value")} ${verb}`;
  const where = `${what} in a column of type ${column.type}${since}`;
  if (column.text !== undefined) return `${share} not in its column: ${where}; ${column.text} has them`;
  return `${share} not in SQL, or not whole: ${where}; _unmapped has them`;
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
