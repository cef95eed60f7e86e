/** Lines through points. */
import { colorOf, framed, xOf, yOf } from "./frame.ts";
import { type Axis, scaleOf, tickText } from "./scale.ts";

export interface Series {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

export interface LineChart {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
}

/** Beyond so many points, a line has no dots. */
const DOTS_MAX = 30;

/** The text of an SVG file. */
export function lineChart({ title, x, y, series }: LineChart): string {
  const points = series.flatMap((each) => each.points);
  const xScale = scaleOf(
    x.kind,
    points.map((point) => point.x),
  );
  const yScale = scaleOf(
    y.kind,
    points.map((point) => point.y),
  );
  const content = series.flatMap((each, i) => {
    const places = each.points.map(
      (point) => [xOf(xScale.place(point.x)), yOf(yScale.place(point.y))] as const,
    );
    const line = places.map((place) => place.join(",")).join(" ");
    const dots = places.length > DOTS_MAX ? [] : places;
    return [
      `<polyline points="${line}" fill="none" stroke="${colorOf(i)}" stroke-width="2"/>`,
      ...dots.map(([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="3.5" fill="${colorOf(i)}"/>`),
    ];
  });
  return framed({
    title,
    xLabel: x.label,
    xTicks: xScale.ticks.map((tick) => ({ text: tickText(tick), place: xScale.place(tick) })),
    y,
    yScale,
    legend: series.map(({ name }) => name),
    content,
  });
}
