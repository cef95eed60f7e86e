/** The ratios of a quick run beside those that the repository keeps: what moved, and by how much beyond the noise. */
import { median, type Range } from "../statistics.ts";
import { textTable } from "./text-table.ts";

/** Costs relative to something else of the same run, one for each pair. */
export type Ratios = Readonly<Record<string, readonly number[]>>;

export interface KeptRatios {
  readonly machine: string;
  readonly versions: string;
  readonly ratios: Ratios;
}

/** The text of their file: the values of a ratio on one line. */
export function keptRatiosText(kept: KeptRatios): string {
  const text = JSON.stringify(kept, undefined, 2);
  return `${text.replaceAll(/\[[^[\]]*\]/g, (list) => list.replaceAll(/\s*\n\s*/g, "").replaceAll(",", ", "))}\n`;
}

export interface Movement {
  readonly name: string;
  readonly kept: number;
  readonly now: number;
  /**
   * The factor between the nearest ends of the two ranges, kept and now, less the noise: above 1 it costs more than the noise
   * explains, below 1 it costs less. 1 if the ranges meet.
   */
  readonly beyondNoise: number;
}

/** Ranges that are this close still meet: few pairs show little of the noise. */
const NOISE_MIN = 0.05;

/** How the ratios moved that both have. */
export function movementsOf(kept: Ratios, now: Ratios): readonly Movement[] {
  return Object.entries(now).flatMap(([name, values]) => {
    const before = kept[name];
    if (before === undefined) return [];
    return [{ name, kept: median(before), now: median(values), beyondNoise: beyondNoise(before, values) }];
  });
}

function beyondNoise(kept: readonly number[], now: readonly number[]): number {
  const [before, after] = [middleOf(kept), middleOf(now)];
  const more = after.low / before.high / (1 + NOISE_MIN);
  const less = (after.high / before.low) * (1 + NOISE_MIN);
  return more > 1 ? more : Math.min(less, 1);
}

/** From the first quartile to the third: more pairs shall not make the range wider, as outliers would. */
function middleOf(values: readonly number[]): Range {
  const sorted = values.toSorted((a, b) => a - b);
  const last = sorted.length - 1;
  const quarter = Math.floor(sorted.length / 4);
  return { low: sorted[quarter] as number, high: sorted[last - quarter] as number };
}

/** What got worse by more than `factorMax` beyond the noise. */
export function failuresOf(movements: readonly Movement[], factorMax: number): readonly Movement[] {
  return movements.filter((movement) => movement.beyondNoise > factorMax);
}

/** Ratios that only one of the two has. */
export function unmatchedRatios(kept: Ratios, now: Ratios): readonly string[] {
  const only = (ratios: Ratios, other: Ratios): readonly string[] =>
    Object.keys(ratios).filter((name) => other[name] === undefined);
  return [
    ...only(now, kept).map((name) => `not kept yet: ${name}`),
    ...only(kept, now).map((name) => `kept, but not measured: ${name}`),
  ];
}

export function movementTable(movements: readonly Movement[]): string {
  const rows = movements.map(({ name, kept, now, beyondNoise: factor }) => [
    name,
    kept,
    now,
    now / kept,
    moved(factor),
  ]);
  return textTable(["ratio", "kept", "now", "now / kept", "beyond the noise"], rows);
}

function moved(factor: number): string {
  if (factor === 1) return "-";
  return factor > 1 ? `${percent(factor - 1)} more` : `${percent(1 - factor)} less`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)}%`;
}
