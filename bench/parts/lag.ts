/**
 * The lag from a write to the row in SQL, with `run` in a process of its own. `npm run bench:lag -- [writes/s, or several such as
 * 1000,5000] [seconds of each]`. Up to the rate that an emulator can hold, it is written to one; above, a stream is served at the
 * rate. It stops if the rate is not held, or if a write is not seen.
 */

import { emulatorLag, emulatorLagText } from "../measuring/emulator-lag.ts";
import { type StreamLag, streamLag, streamLagText } from "../measuring/stream-lag.ts";
import type { Report } from "../part.ts";
import { lineChart, type Series } from "../plots/line-chart.ts";
import { counted } from "../report/text-table.ts";
import { quantile } from "../statistics.ts";

/** Emulators take about 200 writes a second beside everything else that runs here. */
const EMULATOR_WRITES_PER_SECOND_MAX = 100;
const POINTS = 200;

export async function lagPart([rates = "500", length = "90"]: readonly string[]): Promise<Report> {
  const seconds = Number(length);
  const texts: string[] = [];
  const series: Series[] = [];
  for (const rate of rates.split(",").map(Number)) {
    const title = `${counted(rate)} writes a second for ${seconds} s`;
    console.error(`lag: ${title}`);
    if (rate > EMULATOR_WRITES_PER_SECOND_MAX) {
      const lag = await streamLag({ recordsPerSecond: rate, seconds, size: "300 B" });
      texts.push(`${title}: ${streamLagText(lag)}`);
      series.push(distribution(`${counted(rate)} writes/s`, lag));
    } else {
      const lag = await emulatorLag({ writesPerSecond: rate, seconds });
      texts.push(`${title}: ${emulatorLagText(lag)}`);
    }
  }
  const plot = lineChart({
    title: "Lag from a write to the row in SQL",
    x: { label: "seconds", kind: "linear" },
    y: { label: "% of writes seen", kind: "linear" },
    series,
  });
  return { text: texts.join("\n"), ratios: {}, plots: series.length === 0 ? {} : { lag: plot } };
}

function distribution(name: string, { lagsMs }: StreamLag): Series {
  const points = Array.from({ length: POINTS + 1 }, (_, i) => ({
    x: quantile(lagsMs, i / POINTS) / 1_000,
    y: (i / POINTS) * 100,
  }));
  return { name, points };
}
