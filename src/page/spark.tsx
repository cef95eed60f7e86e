/** Small figures for a row: a line, or bars. The number that matters stands beside them in text. */
import type { JSX } from "preact";

const WIDTH = 132;
const HEIGHT = 26;

interface SparkProps {
  readonly values: readonly (number | null)[];
  readonly kind?: "line" | "bars";
  readonly label: string;
  /** The smallest scale: without it the noise of a quiet table fills the height and looks like news. */
  readonly atLeast?: number;
}

export function Spark({ values, kind = "line", label, atLeast = 1 }: SparkProps): JSX.Element {
  const most = Math.max(...values.map((value) => value ?? 0), atLeast);
  const y = (value: number): number => HEIGHT - 2 - (value / most) * (HEIGHT - 5);
  return (
    <svg
      class="spark"
      width={WIDTH}
      height={HEIGHT}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      <path class="floor" d={`M0 ${HEIGHT - 1.5}H${WIDTH}`} />
      {kind === "line" ? <path class="stroke" d={linePath(values, y)} /> : bars(values, y)}
    </svg>
  );
}

/** Interrupted where nothing was measured. */
function linePath(values: readonly (number | null)[], y: (value: number) => number): string {
  const x = (i: number): number => (i * (WIDTH - 2)) / Math.max(1, values.length - 1) + 1;
  let path = "";
  let isDown = false;
  for (const [i, value] of values.entries()) {
    // A single measurement is a short stroke.
    if (value !== null)
      path += isDown
        ? `L${x(i).toFixed(1)} ${y(value).toFixed(1)}`
        : `M${x(i).toFixed(1)} ${y(value).toFixed(1)}h1`;
    isDown = value !== null;
  }
  return path;
}

function bars(values: readonly (number | null)[], y: (value: number) => number): JSX.Element[] {
  const step = WIDTH / values.length;
  return values.flatMap((value, i) =>
    value === null || value === 0
      ? []
      : [
          <rect
            key={i}
            class={i === values.length - 1 ? "bar now" : "bar"}
            x={(i * step).toFixed(2)}
            width={(step - 1.4).toFixed(2)}
            y={y(value)}
            height={Math.max(1, HEIGHT - 2 - y(value))}
          />,
        ],
  );
}
