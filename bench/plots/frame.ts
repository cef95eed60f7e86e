/** What all plots have: a title, axes with a grid, and a legend of the series. They are plain SVG with a background of their own. */
import { type Axis, type Scale, tickText } from "./scale.ts";

/** The plotting area, in the units of the SVG's view box. */
export const AREA = { left: 70, top: 40, width: 480, height: 280 } as const;

const WIDTH = 820;
const HEIGHT = 380;
const BOTTOM: number = AREA.top + AREA.height;
const RIGHT: number = AREA.left + AREA.width;
/** Colors that people with any color vision can tell apart (Okabe and Ito). */
const COLORS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"] as const;

export function colorOf(series: number): string {
  return COLORS[series % COLORS.length] as string;
}

export function xOf(place: number): number {
  return rounded(AREA.left + place * AREA.width);
}

export function yOf(place: number): number {
  return rounded(BOTTOM - place * AREA.height);
}

/** Tenths are enough, and keep the files small. */
export function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}

export interface Frame {
  readonly title: string;
  readonly xLabel: string;
  /** Texts below the x axis, each with its place from 0 to 1. */
  readonly xTicks: readonly { readonly text: string; readonly place: number }[];
  readonly y: Axis;
  readonly yScale: Scale;
  readonly legend: readonly string[];
  /** SVG elements. */
  readonly content: readonly string[];
}

export function framed(frame: Frame): string {
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<title>${escaped(frame.title)}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    text({ x: AREA.left, y: 22, content: frame.title, style: 'font-size="15"' }),
    ...frame.yScale.ticks.flatMap((tick) => {
      const y = yOf(frame.yScale.place(tick));
      return [
        `<line x1="${AREA.left}" x2="${RIGHT}" y1="${y}" y2="${y}" stroke="#dddddd"/>`,
        text({ x: AREA.left - 6, y: y + 4, content: tickText(tick), style: 'text-anchor="end"' }),
      ];
    }),
    ...frame.xTicks.map(({ text: content, place }) =>
      text({ x: xOf(place), y: BOTTOM + 18, content, style: 'text-anchor="middle"' }),
    ),
    `<line x1="${AREA.left}" x2="${RIGHT}" y1="${BOTTOM}" y2="${BOTTOM}" stroke="#444444"/>`,
    text({ x: xOf(0.5), y: BOTTOM + 42, content: frame.xLabel, style: 'text-anchor="middle"' }),
    text({
      x: 0,
      y: 0,
      content: frame.y.label,
      style: `transform="translate(16 ${yOf(0.5)}) rotate(-90)" text-anchor="middle"`,
    }),
    ...frame.content,
    ...frame.legend.flatMap((name, i) => {
      const y = AREA.top + 10 + i * 20;
      return [
        `<rect x="${RIGHT + 16}" y="${y - 9}" width="11" height="11" fill="${colorOf(i)}"/>`,
        text({ x: RIGHT + 33, y, content: name }),
      ];
    }),
    "</svg>",
  ];
  return `${lines.join("\n")}\n`;
}

interface Text {
  readonly x: number;
  readonly y: number;
  readonly content: string;
  /** More attributes. */
  readonly style?: string;
}

function text({ x, y, content, style }: Text): string {
  return `<text x="${rounded(x)}" y="${rounded(y)}" fill="#222222"${style === undefined ? "" : ` ${style}`}>${escaped(content)}</text>`;
}

function escaped(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
