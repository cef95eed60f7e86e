/** The last 24 hours of a table: how long a write took to be in SQL, and the changes of each hour. */
import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import type { DaySeries } from "../console/api.ts";
import { hhmm, momentText, num, span, sum } from "./format.ts";
import { color, cursor, Figure, spanAxis, timeAxes, usePlot, utc } from "./plot.tsx";
import { StackPlot } from "./stack-plot.tsx";

const HEIGHT = 190;
/** The smallest scale of the figure, in seconds. */
const SCALE_SECONDS = 5;

export function DayFigures({ name, series }: { name: string; series: DaySeries }): JSX.Element {
  const { fromSeconds, stepSeconds, insert, modify, remove, expired, ofAnyKind } = series.changes;
  const total = changesOf(series);
  const key = `${fromSeconds} ${total} ${sum(insert)} ${sum(modify)}`;
  const bars = useMemo(
    () => ({
      at: insert.map((_, i) => fromSeconds + i * stepSeconds),
      series:
        ofAnyKind !== undefined
          ? [{ label: "changes", values: ofAnyKind, token: "--c-insert" }]
          : [
              { label: "INSERT", values: insert, token: "--c-insert" },
              { label: "MODIFY", values: modify, token: "--c-modify" },
              {
                label: "REMOVE",
                values: remove.map((count, i) => count - (expired[i] ?? 0)),
                token: "--c-remove",
              },
              { label: "expired", values: expired, token: "--c-expired" },
            ],
    }),
    [key],
  );
  return (
    <section class="two" aria-labelledby="activity">
      <h2 id="activity" class="unseen">
        The last 24 hours
      </h2>
      <LagFigure lag={series.lag} sync={name} />
      <StackPlot
        title="Changes an hour"
        total={`${num(total)} in 24 h`}
        at={bars.at}
        series={bars.series}
        sync={name}
      />
    </section>
  );
}

/** Of all kinds, in 24 hours. */
export function changesOf({ changes }: DaySeries): number {
  const { insert, modify, remove, ofAnyKind = [] } = changes;
  return sum(insert) + sum(modify) + sum(remove) + sum(ofAnyKind);
}

function LagFigure({ lag, sync }: { lag: DaySeries["lag"]; sync: string }): JSX.Element {
  const [over, setOver] = useState<number>();
  const at = lag.worst.map((_, i) => lag.fromSeconds + i * lag.stepSeconds);
  const slowest = Math.max(...lag.worst.map((value) => value ?? 0), 0);
  const slowestAt = at[lag.worst.indexOf(slowest)];
  const box = usePlot(
    () => ({
      data: [at, [...lag.worst]],
      options: {
        height: HEIGHT,
        tzDate: utc,
        legend: { show: false },
        cursor: cursor(sync),
        padding: [8, 16, 0, 0],
        scales: { y: { range: (_, __, most) => [0, Math.max((most ?? 0) * 1.08, SCALE_SECONDS)] } },
        axes: timeAxes(spanAxis(HEIGHT)),
        series: [
          {},
          {
            stroke: color("--c-insert"),
            width: 1.6,
            fill: color("--c-fill"),
            spanGaps: false,
            points: { show: false },
          },
        ],
        hooks: { setCursor: [(plot) => setOver(plot.cursor.idx ?? undefined)] },
      },
    }),
    [lag.fromSeconds, lag.worst.join()],
  );
  const value = over === undefined ? undefined : lag.worst[over];
  const total =
    slowestAt === undefined ? "nothing delivered" : `slowest ${span(slowest)} at ${hhmm(slowestAt)}`;
  return (
    <Figure
      title="From the write to SQL"
      total={total}
      box={box}
      note={`Slowest delivery of each ten minutes over 24 hours: ${total}`}
      legend={
        <span class="keys dim">
          slowest delivery of each ten minutes; times on a stream are whole seconds
        </span>
      }
      readout={
        over === undefined ? undefined : (
          <>
            <b>{momentText(at[over] ?? 0).slice(0, -3)}</b>{" "}
            {value === null || value === undefined ? "nothing delivered" : `within ${span(value)}`}
          </>
        )
      }
    />
  );
}
