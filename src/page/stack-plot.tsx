/** Bars that stand on each other. The words of the legend switch a series off. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import uPlot from "uplot";
import { day, momentText, num, short, sum } from "./format.ts";
import { color, cursor, Dot, Figure, type Plot, timeAxes, usePlot, utc, valueAxis } from "./plot.tsx";

export interface BarSeries {
  readonly label: string;
  readonly values: readonly number[];
  /** The token of its color. */
  readonly token: string;
}

interface StackPlotProps {
  readonly title: string;
  readonly isBare?: boolean;
  readonly total?: string;
  /** Where each bar begins, in seconds. */
  readonly at: readonly number[];
  readonly series: readonly BarSeries[];
  readonly sync?: string;
  readonly height?: number;
}

const DAY_SECONDS = 86_400;

export function StackPlot({
  title,
  isBare,
  total,
  at,
  series,
  sync,
  height = 190,
}: StackPlotProps): JSX.Element {
  const [over, setOver] = useState<number>();
  const [off, setOff] = useState<ReadonlySet<string>>(new Set());
  const shown = series.filter(({ label }) => !off.has(label));
  const box = usePlot(() => stacked({ at, shown, height, sync, setOver }), [at, series, height, off]);
  const flip = (label: string): void => {
    const next = new Set(off);
    if (!next.delete(label) && next.size < series.length - 1) next.add(label);
    setOff(next);
  };
  const stepSeconds = (at[1] ?? 0) - (at[0] ?? 0);
  return (
    <Figure
      title={title}
      {...(isBare === undefined ? {} : { isBare })}
      {...(total === undefined ? {} : { total })}
      box={box}
      note={`${title}: ${series.map(({ label, values }) => `${label} ${num(sum(values))}`).join(", ")}`}
      legend={
        <span class="keys">
          {series.map(({ label, token }) => (
            <button key={label} type="button" aria-pressed={!off.has(label)} onClick={() => flip(label)}>
              <Dot token={token} />
              {label}
            </button>
          ))}
        </span>
      }
      readout={
        over === undefined ? undefined : (
          <>
            <b>{stepSeconds >= DAY_SECONDS ? day(at[over] ?? 0) : momentText(at[over] ?? 0).slice(0, -3)}</b>{" "}
            {shown.map(({ label, values }) => `${label} ${num(values[over] ?? 0)}`).join(" · ")}
          </>
        )
      }
    />
  );
}

interface Stacked {
  readonly at: readonly number[];
  readonly shown: readonly BarSeries[];
  readonly height: number;
  readonly sync: string | undefined;
  readonly setOver: (index: number | undefined) => void;
}

/** Cumulative series, drawn from the highest down. */
function stacked({ at, shown, height, sync, setOver }: Stacked): Plot {
  const sums: number[][] = [];
  for (const [i, { values }] of shown.entries())
    sums.push(values.map((value, j) => value + (sums[i - 1]?.[j] ?? 0)));
  const step = (at[1] ?? 1) - (at[0] ?? 0) || 1;
  const paths = uPlot.paths.bars?.({ size: [0.74, 40], radius: 0 });
  return {
    data: [[...at], ...sums.toReversed()],
    options: {
      height,
      tzDate: utc,
      legend: { show: false },
      cursor: cursor(sync),
      padding: [8, 16, 0, 0],
      scales: {
        x: { range: (_, from, to) => [from - step * 0.55, to + step * 0.55] },
        y: { range: (_, __, most) => [0, (most || 1) * 1.08] },
      },
      axes: timeAxes(
        valueAxis((value) => (value === 0 ? "0" : Number.isInteger(value) ? short(value) : ""), height),
      ),
      series: [
        {},
        ...shown.toReversed().map(({ token }) => ({
          stroke: "transparent",
          width: 0,
          fill: color(token),
          points: { show: false },
          ...(paths && { paths }),
        })),
      ],
      hooks: { setCursor: [(plot) => setOver(plot.cursor.idx ?? undefined)] },
    },
  };
}
