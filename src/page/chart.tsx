/** The chart of a result, with its numbers as a table. */
import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import uPlot from "uplot";
import { type ChartChoice, type ChartData, chartOf, firstChoice, hasFewTexts } from "./chart-data.ts";
import { day, momentText, num, short } from "./format.ts";
import { color, cursor, Figure, usePlot, valueAxis } from "./plot.tsx";
import type { Result } from "./result.ts";
import { StackPlot } from "./stack-plot.tsx";

const NUMBERS_MAX = 200;
const DAY_SECONDS = 86_400;

export function Chart({ result }: { result: Result }): JSX.Element {
  const first = useMemo(() => firstChoice(result), [result]);
  const [choice, choose] = useState(first);
  const chart = useMemo(() => (choice === undefined ? undefined : chartOf(result, choice)), [result, choice]);
  const box = (children: JSX.Element): JSX.Element => (
    <section class="chart" tabIndex={0} aria-label="Chart">
      {children}
    </section>
  );
  if (choice === undefined || chart === undefined)
    return box(<p class="dim">A chart needs a column of times, words or numbers with values in it.</p>);
  return box(
    <>
      <h2 class="unseen">Chart</h2>
      <Choice result={result} choice={choice} chart={chart} choose={choose} />
      <Drawing chart={chart} title={titleOf(result, choice)} />
      <Numbers chart={chart} />
    </>,
  );
}

function titleOf({ columns }: Result, { x, value, split }: ChartChoice): string {
  const name = (i: number | undefined): string => (i === undefined ? "" : (columns[i]?.name ?? ""));
  return `${value === undefined ? "rows" : name(value)} by ${name(x)}${split === undefined ? "" : ` and ${name(split)}`}`;
}

interface ChoiceProps {
  readonly result: Result;
  readonly choice: ChartChoice;
  readonly chart: ChartData;
  readonly choose: (choice: ChartChoice) => void;
}

function Choice({ result: { columns }, choice, chart, choose }: ChoiceProps): JSX.Element {
  const places = columns.map((column, i) => ({ column, i }));
  const words = useMemo(
    () => places.filter(({ column }) => column.kind === "text" && hasFewTexts(column)).map(({ i }) => i),
    [columns],
  );
  const numbers = places
    .filter(({ column, i }) => column.kind === "number" && i !== choice.x)
    .map(({ i }) => i);
  const axes = places.filter(({ column }) => column.kind !== "nested").map(({ i }) => i);
  const select = (
    label: string,
    value: number | undefined,
    options: readonly number[],
    none: string | undefined,
    set: (i: number | undefined) => void,
  ): JSX.Element => (
    <label class="select">
      {label}
      <select
        value={value ?? ""}
        onChange={(event) =>
          set(event.currentTarget.value === "" ? undefined : Number(event.currentTarget.value))
        }
      >
        {none !== undefined && <option value="">{none}</option>}
        {options.map((i) => (
          <option key={i} value={i}>
            {columns[i]?.name}
          </option>
        ))}
      </select>
    </label>
  );
  return (
    <div class="bar sentence">
      {select("Show", choice.value, numbers, "rows", (value) => choose({ ...choice, value }))}
      {select(chart.kind === "time" ? `a ${chart.step} of` : "by", choice.x, axes, undefined, (x) =>
        choose({ x: x ?? 0, value: choice.value === x ? undefined : choice.value, split: choice.split }),
      )}
      {chart.kind === "time" &&
        select("divided by", choice.split, words, "nothing", (split) => choose({ ...choice, split }))}
    </div>
  );
}

function Drawing({ chart, title }: { chart: ChartData; title: string }): JSX.Element {
  switch (chart.kind) {
    case "time": {
      const series = chart.series.map((one, i) => ({ ...one, token: `--s-${i + 1}` }));
      return (
        <StackPlot
          key={`${title} ${chart.step}`}
          title={title}
          isBare
          at={chart.at}
          series={series}
          height={figureHeight()}
        />
      );
    }
    case "points":
      return <Points chart={chart} title={title} />;
    case "words":
      return <Bars chart={chart} title={title} />;
  }
}

const figureHeight = (): number => Math.max(240, Math.min(460, innerHeight - 480));

function Bars({
  chart: { bars, left },
  title,
}: {
  chart: Extract<ChartData, { kind: "words" }>;
  title: string;
}): JSX.Element {
  const most = Math.max(...bars.map(({ value }) => Math.abs(value)), 1e-9);
  return (
    <>
      <ol class="bars" aria-label={title}>
        {bars.map(({ label, value }) => (
          <li key={label}>
            <span class="bar-label" title={label}>
              {label}
            </span>
            <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
              <rect width={(Math.abs(value) / most) * 100} height="10" />
            </svg>
            <span class="r">{num(value)}</span>
          </li>
        ))}
      </ol>
      {left > 0 && <p class="dim">{num(left)} smaller ones are left out.</p>}
    </>
  );
}

function Points({
  chart: { x, y, left },
  title,
}: {
  chart: Extract<ChartData, { kind: "points" }>;
  title: string;
}): JSX.Element {
  const [over, setOver] = useState<number>();
  const height = figureHeight();
  const paths = uPlot.paths.points?.();
  const box = usePlot(
    () => ({
      data: [[...x], [...y]],
      options: {
        height,
        legend: { show: false },
        cursor: cursor(undefined),
        padding: [8, 12, 0, 0],
        scales: { x: { time: false } },
        axes: [valueAxis(short, height), valueAxis(short, height)],
        series: [
          {},
          {
            stroke: color("--c-insert"),
            points: { show: true, size: 4, fill: color("--c-insert"), width: 0 },
            ...(paths && { paths: () => null }),
          },
        ],
        hooks: { setCursor: [(plot) => setOver(plot.cursor.idx ?? undefined)] },
      },
    }),
    [x, y, height],
  );
  return (
    <Figure
      title={title}
      isBare
      box={box}
      note={`${title}, ${num(x.length)} points`}
      legend={
        <span class="keys dim">
          {left > 0 ? `${num(x.length)} points of ${num(x.length + left)}` : `${num(x.length)} points`}
        </span>
      }
      readout={over === undefined ? undefined : `${num(x[over] ?? 0)}: ${num(y[over] ?? 0)}`}
    />
  );
}

/** What the figure shows, for those who do not see it. */
function Numbers({ chart }: { chart: ChartData }): JSX.Element | null {
  if (chart.kind !== "time") return null;
  const isDays = (chart.at[1] ?? 0) - (chart.at[0] ?? 0) >= DAY_SECONDS;
  return (
    <details class="more">
      <summary>Numbers</summary>
      <div class="numbers">
        <table class="list compact">
          <thead>
            <tr>
              <th>From</th>
              {chart.series.map(({ label }) => (
                <th key={label} class="r">
                  {label}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {chart.at.slice(0, NUMBERS_MAX).map((at, i) => (
              <tr key={at}>
                <th scope="row">{isDays ? day(at) : momentText(at)}</th>
                {chart.series.map(({ label, values }) => (
                  <td key={label} class="r" data-label={label}>
                    {num(values[i] ?? 0)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
