/** The rows of a statement as columns, as they come; an order of them by a column, and what a column holds. Pure. */
import type { ShownValue } from "../console/api.ts";

/** time: dates and timestamps, which have their seconds beside their text. */
export type ColumnKind = "number" | "time" | "text" | "nested";

export interface ResultColumnData {
  readonly name: string;
  /** As `shownType` gives it. */
  readonly type: string;
  readonly kind: ColumnKind;
  readonly values: readonly ShownValue[];
}

export interface Result {
  readonly columns: readonly ResultColumnData[];
  readonly rows: number;
}

const NUMBERS =
  /^(tinyint|smallint|integer|bigint|hugeint|utinyint|usmallint|uinteger|ubigint|uhugeint|float|double|decimal.*)$/;

/** A type in lower case, as people write it. Names of fields and texts of enums stay as they are. */
export function shownType(type: string): string {
  return type.replace(/"(?:[^"]|"")*"|'(?:[^']|'')*'|[^"']+/g, (part) =>
    /^["']/.test(part) ? part : part.toLowerCase(),
  );
}

export function columnKind(type: string): ColumnKind {
  if (NUMBERS.test(type)) return "number";
  if (/^(date|timestamp.*)$/.test(type)) return "time";
  return /[[({]/.test(type) ? "nested" : "text";
}

/** The value as the grid shows it; undefined for NULL. */
export function shownText(value: ShownValue | undefined): string | undefined {
  if (value === null || value === undefined) return undefined;
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** A number for figures and sorting; NaN for NULL and what is none. */
export function numberOf(value: ShownValue | undefined, kind: ColumnKind): number {
  if (value === null || value === undefined) return Number.NaN;
  if (kind !== "time") return Number(value);
  const text = String(value);
  const iso =
    text.length <= 10
      ? `${text}T00:00:00Z`
      : `${text.slice(0, 10)}T${text.slice(11, 23).replace(/[+-]\d\d.*$/, "")}Z`;
  return Date.parse(iso) / 1000;
}

export interface Sort {
  readonly column: number;
  readonly isDown: boolean;
}

/** Indexes of rows. NULL comes last; equal values keep the order that the statement gave them. */
export function orderBy({ columns, rows }: Result, { column, isDown }: Sort): Uint32Array {
  const order = Uint32Array.from({ length: rows }, (_, i) => i);
  const sorted = columns[column];
  if (sorted === undefined) return order;
  const { values, kind } = sorted;
  const sign = isDown ? -1 : 1;
  if (kind === "number" || kind === "time") {
    const numbers = Float64Array.from(values, (value) => numberOf(value, kind));
    return order.sort((a, b) => byNumber(numbers[a] as number, numbers[b] as number, sign) || a - b);
  }
  const texts = values.map(shownText);
  return order.sort((a, b) => byText(texts[a], texts[b], sign) || a - b);
}

function byNumber(a: number, b: number, sign: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return sign * (a - b);
}

function byText(a: string | undefined, b: string | undefined, sign: number): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
  return a < b ? -sign : a > b ? sign : 0;
}

export interface ColumnStatistics {
  readonly nulls: number;
  /** Of numbers and times. */
  readonly range?: {
    readonly min: number;
    readonly max: number;
    readonly mean: number;
    readonly bins: readonly number[];
  };
  /** Of texts: how many different ones, and the most frequent. */
  readonly words?: { readonly distinct: number; readonly top: readonly (readonly [string, number])[] };
}

const BINS = 24;
const TOP = 4;

export function statisticsOf({ values, kind }: ResultColumnData): ColumnStatistics {
  if (kind === "number" || kind === "time") {
    const numbers = values.map((value) => numberOf(value, kind)).filter((value) => Number.isFinite(value));
    const nulls = values.length - numbers.length;
    return numbers.length === 0 ? { nulls } : { nulls, range: rangeOf(numbers) };
  }
  const counts = new Map<string, number>();
  let nulls = 0;
  for (const value of values) {
    const text = shownText(value);
    if (text === undefined) nulls++;
    else counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  const top = [...counts].sort((a, b) => b[1] - a[1]).slice(0, TOP);
  return { nulls, words: { distinct: counts.size, top } };
}

function rangeOf(numbers: readonly number[]): NonNullable<ColumnStatistics["range"]> {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let total = 0;
  for (const value of numbers) {
    if (value < min) min = value;
    if (value > max) max = value;
    total += value;
  }
  const width = max - min || 1;
  const bins = new Array<number>(BINS).fill(0);
  for (const value of numbers) {
    const bin = Math.min(BINS - 1, Math.floor(((value - min) / width) * BINS));
    bins[bin] = (bins[bin] ?? 0) + 1;
  }
  return { min, max, mean: total / numbers.length, bins };
}
