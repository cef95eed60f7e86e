/** The ratios of a quick run beside those that the repository keeps: what moved, and by how much beyond the noise. */
import { median, rangeOf } from "../statistics.ts";
import { textTable } from "./text-table.ts";

/** Costs relative to something else of the same run, one for each pair. */
export type Ratios = Readonly<Record<string, readonly number[]>>;

export interface KeptRatios {
  readonly machine: string;
  readonly versions: string;
  readonly ratios: Ratios;
}

/** The text of their file: the values of a ratio on one line, as the formatter has it. */
export function keptRatiosText(kept: KeptRatios): string {
  const text = JSON.stringify(kept, undefined, 2);
  return `${text.replaceAll(/\[[^[\]]*\]/g, (list) => list.replaceAll(/\s*\n\s*/g, "").replaceAll(",", ", "))}\n`;
}

export interface Movement {
  readonly name: string;
  readonly kept: number;
  readonly now: number;
  /**
   * The factor between the nearest ends of the two ranges, kept and now: above 1 it costs more than the noise explains, below 1
   * it costs less. 1 if the ranges meet.
   */
  readonly beyondNoise: number;
}

/** A range is at least this much wider than its values, to both sides: few pairs show little of the noise. */
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
  const [before, after] = [rangeOf(kept), rangeOf(now)];
  const more = after.low / before.high / (1 + NOISE_MIN);
  const less = (after.high / before.low) * (1 + NOISE_MIN);
  return more > 1 ? more : Math.min(less, 1);
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
