/** From values to places along an axis, and the values that an axis names. */

export interface Axis {
  readonly label: string;
  readonly kind: "linear" | "log";
}

export interface Scale {
  /** From 0, the start of the axis, to 1. */
  place(value: number): number;
  readonly ticks: readonly number[];
}

const TICKS_ABOUT = 5;

/** A scale that reaches from the smallest value to the largest, and a little further, to round ones. Linear ones start at 0. */
export function scaleOf(kind: Axis["kind"], values: readonly number[]): Scale {
  return kind === "log" ? logScale(values.filter((value) => value > 0)) : linearScale(values);
}

function linearScale(values: readonly number[]): Scale {
  const high = Math.max(...values, 0);
  const step = high > 0 ? roundStep(high / TICKS_ABOUT) : 1;
  const steps = Math.max(1, Math.ceil(high / step - 1e-9));
  return {
    place: (value) => value / (steps * step),
    // Rounded, because three times 0.1 is not 0.3.
    ticks: Array.from({ length: steps + 1 }, (_, i) => Number((i * step).toPrecision(12))),
  };
}

/** 1, 2 or 5 times a power of ten, and not less than `value`. */
function roundStep(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * ([1, 2, 5].find((factor) => factor * power >= value - 1e-12) ?? 10);
}

function logScale(values: readonly number[]): Scale {
  const low = Math.floor(Math.log10(Math.min(...values, 1e300)) + 1e-9);
  const high = Math.ceil(Math.log10(Math.max(...values, 0)) - 1e-9);
  const [from, to] = values.length === 0 ? [0, 1] : [low, Math.max(high, low + 1)];
  return {
    place: (value) => (Math.log10(value) - from) / (to - from),
    ticks: Array.from({ length: to - from + 1 }, (_, i) => Number((10 ** (from + i)).toPrecision(12))),
  };
}

/** Short: 10k, 2.5M. */
export function tickText(value: number): string {
  const [factor, unit] =
    value >= 1e9 ? [1e9, "G"] : value >= 1e6 ? [1e6, "M"] : value >= 1e4 ? [1e3, "k"] : [1, ""];
  return `${Number((value / factor).toPrecision(3))}${unit}`;
}
