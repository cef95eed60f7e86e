/** What a chart of a result shows, by the kinds of its columns. Pure. */
import { numberOf, type Result, type ResultColumnData, shownText } from "./result.ts";

/** Columns by their places; undefined: the number of rows, and no division. */
export interface ChartChoice {
  readonly x: number;
  readonly value: number | undefined;
  readonly split: number | undefined;
}

const WORDS_MAX = 60;
const SERIES_MAX = 6;
const BARS_MAX = 40;
const POINTS_MAX = 5_000;

/** A chart in one click: a time and a word, a word and a number, two numbers; undefined where nothing can be drawn. */
export function firstChoice({ columns }: Result): ChartChoice | undefined {
  const place = (wanted: (column: ResultColumnData) => boolean, but?: number): number | undefined => {
    const found = columns.findIndex((column, i) => i !== but && wanted(column));
    return found === -1 ? undefined : found;
  };
  const ofKind = (kind: ResultColumnData["kind"]) => (column: ResultColumnData) => column.kind === kind;
  const word = place((column) => column.kind === "text" && hasFewTexts(column));
  const number = place(ofKind("number"));
  const time = place(ofKind("time"));
  if (time !== undefined) return { x: time, split: word, value: columns.length <= 3 ? number : undefined };
  if (word !== undefined) return { x: word, value: number, split: undefined };
  const text = place(ofKind("text"));
  if (text !== undefined && number !== undefined) return { x: text, value: number, split: undefined };
  if (number !== undefined) return { x: number, value: place(ofKind("number"), number), split: undefined };
  return text === undefined ? undefined : { x: text, value: undefined, split: undefined };
}

/** Whether so few different texts are in it that they divide the rows. */
export function hasFewTexts({ values }: ResultColumnData): boolean {
  const different = new Set<string>();
  for (const value of values) {
    const text = shownText(value);
    if (text !== undefined) different.add(text);
    if (different.size > WORDS_MAX) return false;
  }
  return different.size > 0;
}

export type ChartData =
  | {
      readonly kind: "time";
      readonly step: string;
      readonly at: readonly number[];
      readonly series: readonly Series[];
    }
  | { readonly kind: "words"; readonly bars: readonly Bar[]; readonly left: number }
  | {
      readonly kind: "points";
      readonly x: readonly number[];
      readonly y: readonly number[];
      readonly left: number;
    };

export interface Series {
  readonly label: string;
  readonly values: readonly number[];
}

export interface Bar {
  readonly label: string;
  readonly value: number;
}

export function chartOf(result: Result, choice: ChartChoice): ChartData | undefined {
  const x = result.columns[choice.x];
  if (x === undefined) return undefined;
  const value = choice.value === undefined ? undefined : result.columns[choice.value];
  if (x.kind === "time")
    return timeChart(x, value, choice.split === undefined ? undefined : result.columns[choice.split]);
  if (x.kind === "number" && value !== undefined) return pointChart(x, value);
  return wordChart(x, value);
}

const weight = (value: ResultColumnData | undefined, i: number): number =>
  value === undefined ? 1 : numberOf(value.values[i], value.kind) || 0;

function wordChart(x: ResultColumnData, value: ResultColumnData | undefined): ChartData {
  const sums = new Map<string, number>();
  for (const [i, cell] of x.values.entries()) {
    const label = shownText(cell) ?? "NULL";
    sums.set(label, (sums.get(label) ?? 0) + weight(value, i));
  }
  const bars = [...sums].map(([label, sum]) => ({ label, value: sum })).sort((a, b) => b.value - a.value);
  return { kind: "words", bars: bars.slice(0, BARS_MAX), left: Math.max(0, bars.length - BARS_MAX) };
}

function pointChart(x: ResultColumnData, y: ResultColumnData): ChartData {
  const all = x.values
    .map((cell, i) => [numberOf(cell, x.kind), numberOf(y.values[i], y.kind)] as const)
    .filter(([a, b]) => Number.isFinite(a) && Number.isFinite(b));
  const each = Math.max(1, Math.ceil(all.length / POINTS_MAX));
  const points = all.filter((_, i) => i % each === 0).sort((a, b) => a[0] - b[0]);
  return {
    kind: "points",
    x: points.map(([a]) => a),
    y: points.map(([, b]) => b),
    left: all.length - points.length,
  };
}

const STEPS: readonly (readonly [number, string])[] = [
  [1, "second"],
  [10, "10 seconds"],
  [60, "minute"],
  [900, "quarter of an hour"],
  [3_600, "hour"],
  [21_600, "6 hours"],
  [86_400, "day"],
  [604_800, "week"],
  [2_592_000, "30 days"],
  [31_536_000, "365 days"],
];
const STEPS_MAX = 60;

/** The step is the smallest that leaves at most 60 bars. */
function timeChart(
  time: ResultColumnData,
  value: ResultColumnData | undefined,
  split: ResultColumnData | undefined,
): ChartData | undefined {
  const times = time.values.map((cell) => numberOf(cell, "time"));
  const known = times.filter((seconds) => Number.isFinite(seconds));
  if (known.length === 0) return undefined;
  const from = known.reduce((least, seconds) => Math.min(least, seconds));
  const to = known.reduce((most, seconds) => Math.max(most, seconds));
  const [step, word] = STEPS.find(([seconds]) => (to - from) / seconds <= STEPS_MAX) ?? [
    31_536_000,
    "365 days",
  ];
  const first = Math.floor(from / step);
  const count = Math.min(1_000, Math.floor(to / step) - first + 1);
  const series = new Map<string, number[]>();
  for (const [i, seconds] of times.entries()) {
    if (!Number.isFinite(seconds)) continue;
    const label = split === undefined ? "rows" : (shownText(split.values[i]) ?? "NULL");
    const sums = series.get(label) ?? new Array<number>(count).fill(0);
    const bin = Math.floor(seconds / step) - first;
    sums[bin] = (sums[bin] ?? 0) + weight(value, i);
    series.set(label, sums);
  }
  const at = Array.from({ length: count }, (_, i) => (first + i) * step);
  return { kind: "time", step: word, at, series: largest(series) };
}

/** The largest series; the others together are one. */
function largest(series: ReadonlyMap<string, readonly number[]>): readonly Series[] {
  const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
  const sorted = [...series]
    .map(([label, values]) => ({ label, values }))
    .sort((a, b) => total(b.values) - total(a.values));
  if (sorted.length <= SERIES_MAX) return sorted;
  const others = sorted.slice(SERIES_MAX - 1);
  const values = (others[0]?.values ?? []).map((_, i) =>
    others.reduce((sum, other) => sum + (other.values[i] ?? 0), 0),
  );
  return [...sorted.slice(0, SERIES_MAX - 1), { label: `${others.length} others`, values }];
}
