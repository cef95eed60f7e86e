/** Numbers, sizes and times as the page shows them. Times are UTC, as in the command line and the logs. */

const whole = new Intl.NumberFormat("en-US");
export const num = (value: number): string => whole.format(value);

/** 9,999, 12.4k, 1.28M. */
export function short(value: number): string {
  if (value < 10_000) return num(value);
  if (value < 1e6) return `${Number((value / 1e3).toFixed(value < 1e5 ? 1 : 0))}k`;
  return `${Number((value / 1e6).toFixed(2))}M`;
}

export function sizeText(value: number): string {
  if (value < 1e3) return `${value} B`;
  if (value < 1e6) return `${(value / 1e3).toFixed(1)} kB`;
  if (value < 1e9) return `${(value / 1e6).toFixed(1)} MB`;
  return `${(value / 1e9).toFixed(2)} GB`;
}

/** A count with its noun. */
export const plural = (count: number, noun: string): string =>
  `${num(count)} ${count === 1 ? noun : `${noun}s`}`;

/** "1 s", "1 min 40 s", "20 min", "3 h 5 min", "4 days". */
export function span(seconds: number): string {
  if (seconds < 9.95 && !Number.isInteger(seconds)) return `${seconds.toFixed(1)} s`;
  const all = Math.round(seconds);
  const minutes = Math.floor(all / 60);
  const hours = Math.floor(minutes / 60);
  if (all < 60) return `${all} s`;
  if (minutes < 10 && all % 60 !== 0) return `${minutes} min ${all % 60} s`;
  if (minutes < 60) return `${minutes} min`;
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} days`;
}

const part =
  (options: Intl.DateTimeFormatOptions) =>
  (seconds: number): string =>
    new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", ...options }).format(seconds * 1000);
export const hhmm: (seconds: number) => string = part({ hour: "2-digit", minute: "2-digit" });
export const hhmmss: (seconds: number) => string = part({
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});
const dayOfYear = part({ day: "numeric", month: "short" });
const dayWithYear = part({ day: "numeric", month: "short", year: "numeric" });

/** "28 Nov", and "28 Nov 2025" of another year. */
export function day(seconds: number): string {
  const isThisYear = new Date(seconds * 1000).getUTCFullYear() === new Date().getUTCFullYear();
  return isThisYear ? dayOfYear(seconds) : dayWithYear(seconds);
}

/** "28 Nov, 11:55:20". */
export const momentText = (seconds: number): string => `${day(seconds)}, ${hhmmss(seconds)}`;

/** The time alone if it is of the same day as now. */
export function since(seconds: number, nowSeconds: number): string {
  return day(seconds) === day(nowSeconds) ? hhmm(seconds) : `${day(seconds)}, ${hhmm(seconds)}`;
}

export const sum = (values: readonly (number | null)[]): number =>
  values.reduce<number>((all, value) => all + (value ?? 0), 0);

export const classes = (...names: readonly (string | false | undefined)[]): string =>
  names.filter((name) => typeof name === "string" && name !== "").join(" ");
