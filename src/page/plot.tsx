/** uPlot in the page's colors. It draws on a canvas, which knows no style sheet: colors are read, and again when the theme changes. */
import type { ComponentChildren, JSX, RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { day, hhmm, span } from "./format.ts";

/** Sent to the window when the theme changes. */
export const THEME_CHANGED = "theme-changed";

const probe = document.createElement("i");

/** The color of a token such as "--accent". */
export function color(token: string): string {
  if (!probe.isConnected) {
    probe.hidden = true;
    document.body.append(probe);
  }
  probe.style.color = `var(${token})`;
  return getComputedStyle(probe).color;
}

export interface Plot {
  readonly data: uPlot.AlignedData;
  readonly options: Omit<uPlot.Options, "width">;
}

/** The box that the plot fills; it is drawn anew when one of `deps` changes. */
export function usePlot(make: () => Plot, deps: readonly unknown[]): RefObject<HTMLDivElement | null> {
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    let plot: uPlot | undefined;
    const draw = (): void => {
      plot?.destroy();
      const { options, data } = make();
      plot = new uPlot({ width: element.clientWidth, ...options }, data, element);
    };
    draw();
    const sized = new ResizeObserver(() =>
      plot?.setSize({ width: element.clientWidth, height: plot.height }),
    );
    sized.observe(element);
    addEventListener(THEME_CHANGED, draw);
    void document.fonts.ready.then(draw);
    return () => {
      sized.disconnect();
      removeEventListener(THEME_CHANGED, draw);
      plot?.destroy();
    };
  }, deps);
  return box;
}

const FONT = '11px "IBM Plex Sans Variable", system-ui, sans-serif';
const DAY_SECONDS = 86_400;

/** Steps that people count time in, in seconds. */
const SPAN_STEPS = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400,
];

/** Its values are seconds; each mark says which, and says it shortly. */
export function spanAxis(height: number): uPlot.Axis {
  const text = (seconds: number): string => {
    if (seconds === 0) return "0";
    return seconds < 600 && seconds % 60 !== 0 ? `${seconds} s` : span(seconds);
  };
  return { ...valueAxis(text, height), incrs: SPAN_STEPS };
}

/** Times below, `values` at the left. */
export function timeAxes(values: uPlot.Axis): uPlot.Axis[] {
  return [
    {
      stroke: color("--ink-3"),
      font: FONT,
      grid: { show: false },
      ticks: { show: false },
      size: 24,
      gap: 6,
      space: 56,
      values: (_, at, __, ___, step) => at.map(step >= DAY_SECONDS ? day : hhmm),
    },
    values,
  ];
}

export function valueAxis(format: (value: number) => string, height: number): uPlot.Axis {
  return {
    stroke: color("--ink-3"),
    font: FONT,
    grid: { stroke: color("--line"), width: 1 },
    ticks: { show: false },
    size: 48,
    gap: 8,
    space: Math.max(34, height / 7),
    values: (_, at) => at.map(format),
  };
}

export const utc = (seconds: number): Date => uPlot.tzDate(new Date(seconds * 1_000), "Etc/UTC");

/** A line at the pointer, shared by the figures with the same key. */
export function cursor(key: string | undefined): uPlot.Cursor {
  return {
    y: false,
    points: { show: false },
    drag: { x: false, y: false },
    ...(key === undefined ? {} : { sync: { key } }),
  };
}

interface FigureProps {
  readonly title: string;
  readonly isBare?: boolean;
  readonly total?: string;
  /** What is at the pointer, in place of the legend: nothing covers the data, and it is text. */
  readonly readout: ComponentChildren;
  readonly legend: ComponentChildren;
  readonly box: RefObject<HTMLDivElement | null>;
  readonly note: string;
  readonly children?: ComponentChildren;
}

export const Figure = ({
  title,
  isBare,
  total,
  readout,
  legend,
  box,
  note,
  children,
}: FigureProps): JSX.Element => (
  <figure class="figure">
    <figcaption>
      <h3 class={isBare === true ? "unseen" : ""}>{title}</h3>
      <span class="total">{total}</span>
      <span class="readout">{readout ?? legend}</span>
    </figcaption>
    <div class="plot" ref={box} role="img" aria-label={note} />
    {children}
  </figure>
);

export const Dot = ({ token }: { token: string }): JSX.Element => (
  <svg class="dot" width="8" height="8" aria-hidden="true">
    <rect width="8" height="8" rx="2" fill={`var(${token})`} />
  </svg>
);
