/** What the columns of a result hold: the spread of numbers and times, the most frequent texts, and how much is NULL. */
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { day, num } from "./format.ts";
import { type ColumnStatistics, type Result, type ResultColumnData, statisticsOf } from "./result.ts";

const WIDTH = 240;
const HEIGHT = 34;
/** Columns with more different texts than this show no list of them. */
const LISTED_MAX = 60;

export function ResultColumns({ result }: { result: Result }): JSX.Element {
  const statistics = useMemo(() => result.columns.map(statisticsOf), [result]);
  return (
    <ul class="columns">
      {result.columns.map((column, i) => (
        <li key={column.name}>
          <ColumnSummary column={column} statistics={statistics[i] as ColumnStatistics} rows={result.rows} />
        </li>
      ))}
    </ul>
  );
}

interface SummaryProps {
  readonly column: ResultColumnData;
  readonly statistics: ColumnStatistics;
  readonly rows: number;
}

function ColumnSummary({ column, statistics: { nulls, range, words }, rows }: SummaryProps): JSX.Element {
  return (
    <>
      <div class="col-head">
        <b>{column.name}</b>
        <span class="dim">{column.type}</span>
        <span class="grow" />
        <span class={nulls / rows > 0.5 ? "warn-text" : "dim"}>{nullText(nulls, rows)}</span>
      </div>
      {range !== undefined && <Spread column={column} range={range} />}
      {words !== undefined && <Words words={words} rows={rows} />}
    </>
  );
}

function nullText(nulls: number, rows: number): string {
  if (nulls === 0) return "";
  const share = (nulls / rows) * 100;
  return `${share < 0.1 ? "<0.1" : share.toFixed(share < 10 ? 1 : 0)}% NULL`;
}

function Spread({
  column,
  range,
}: {
  column: ResultColumnData;
  range: NonNullable<ColumnStatistics["range"]>;
}): JSX.Element {
  const { min, max, mean, bins } = range;
  const most = Math.max(...bins);
  const edge = (value: number): string =>
    column.kind === "time" ? day(value) : num(Math.round(value * 100) / 100);
  const step = WIDTH / bins.length;
  return (
    <>
      <svg
        class="hist"
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${column.name} from ${edge(min)} to ${edge(max)}`}
      >
        {bins.map((count, i) => (
          <rect
            key={i}
            x={i * step + 0.5}
            width={step - 1}
            y={HEIGHT - (count / most) * (HEIGHT - 1)}
            height={(count / most) * (HEIGHT - 1)}
          />
        ))}
      </svg>
      <div class="ends">
        <span>{edge(min)}</span>
        {column.kind === "number" && <span>mean {edge(mean)}</span>}
        <span>{edge(max)}</span>
      </div>
    </>
  );
}

function Words({
  words: { distinct, top },
  rows,
}: {
  words: NonNullable<ColumnStatistics["words"]>;
  rows: number;
}): JSX.Element {
  if (distinct === 0) return <p class="dim plain">nothing but NULL</p>;
  if (distinct > LISTED_MAX)
    return (
      <p class="dim plain">{distinct === rows ? "every value once" : `${num(distinct)} different values`}</p>
    );
  const most = top[0]?.[1] ?? 1;
  return (
    <ol class="top">
      {top.map(([text, count]) => (
        <li key={text}>
          <svg class="share" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
            <rect width={(count / most) * 100} height="10" />
          </svg>
          <span class="value">
            <code>{text}</code>
            <span>{num(count)}</span>
          </span>
        </li>
      ))}
      {distinct > top.length && <li class="dim plain">{num(distinct - top.length)} more</li>}
    </ol>
  );
}
