/** Bars in groups: one group for each name, one bar in it for each series. */
import { AREA, colorOf, framed, rounded, xOf, yOf } from "./frame.ts";
import { type Axis, scaleOf } from "./scale.ts";

export interface BarChart {
  readonly title: string;
  readonly y: Axis;
  readonly series: readonly string[];
  /** `values` has one for each series. */
  readonly groups: readonly { readonly name: string; readonly values: readonly number[] }[];
}

/** The part of a group's width that its bars fill. */
const FILLED = 0.8;

/** The text of an SVG file. */
export function barChart({ title, y, series, groups }: BarChart): string {
  const yScale = scaleOf(
    y.kind,
    groups.flatMap(({ values }) => values),
  );
  const groupWidth = 1 / groups.length;
  const barWidth = (groupWidth * FILLED) / series.length;
  const content = groups.flatMap(({ values }, group) =>
    values.map((value, bar) => {
      // A value of nothing has no place on a logarithmic scale.
      const top = Math.max(0, yScale.place(value)) || 0;
      const left = group * groupWidth + (groupWidth * (1 - FILLED)) / 2 + bar * barWidth;
      return `<rect x="${xOf(left)}" y="${yOf(top)}" width="${rounded(barWidth * AREA.width)}" height="${rounded(top * AREA.height)}" fill="${colorOf(bar)}"/>`;
    }),
  );
  return framed({
    title,
    xLabel: "",
    xTicks: groups.map(({ name }, group) => ({ text: name, place: (group + 0.5) * groupWidth })),
    y,
    yScale,
    legend: series,
    content,
  });
}
