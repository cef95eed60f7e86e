/** A column of a result as the grid shows it: numbers with their thousands in groups, at the right. Pure. */
import type { GridColumn } from "./grid.ts";
import { type ResultColumnData, shownText } from "./result.ts";

const SAMPLE_ROWS = 200;
const CHARACTER_WIDTH = 7.4;
const WIDTH_MAX = 360;

export function gridColumn({ name, type, kind, values }: ResultColumnData): GridColumn {
  const format = kind === "number" ? groupedText : shownText;
  const each = Math.max(1, Math.floor(values.length / SAMPLE_ROWS));
  const longest = values
    .filter((_, row) => row % each === 0)
    .reduce<number>(
      (most, value) => Math.max(most, (format(value) ?? "NULL").length),
      Math.max(name.length + 2, Math.min(type.length, 24)),
    );
  return {
    name,
    type,
    isRight: kind === "number",
    width: Math.min(WIDTH_MAX, Math.max(76, Math.round(longest * CHARACTER_WIDTH + 28))),
    text: (row) => format(values[row]),
  };
}

/** Thousands in groups, every digit kept. */
function groupedText(value: Parameters<typeof shownText>[0]): string | undefined {
  const text = shownText(value);
  if (text === undefined || !/^-?\d{4,}(\.\d+)?$/.test(text)) return text;
  const [whole = "", fraction] = text.split(".");
  const groups = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return fraction === undefined ? groups : `${groups}.${fraction}`;
}
