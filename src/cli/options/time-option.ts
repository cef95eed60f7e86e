/** Times on the command line. */
import { DynalakeError } from "../../core/error.ts";

/**
 * Seconds since the epoch of an ISO 8601 time (UTC where it has no offset; a date is its beginning), of a number of seconds, of
 * `now`, `today` and `yesterday` (their beginning in UTC), and of a time ago, such as 2h. Throws USAGE.
 */
export function parseTime(text: string, nowSeconds: number): number {
  if (/^\d{8}$/.test(text)) throw ambiguous(text); // breakage: dates-are-not-seconds
  if (/^\d{1,12}$/.test(text)) return Number(text);
  const relative = relativeTime(text.trim().toLowerCase(), nowSeconds);
  if (relative !== undefined) return relative;
  const zoned =
    /([Zz]|[+-]\d\d:?\d\d)$/.test(text) || !text.includes(":") ? text : `${text.replace(" ", "T")}Z`;
  const milliseconds = new Date(zoned).getTime();
  if (Number.isNaN(milliseconds) || milliseconds < 0 || !isIso(text)) {
    throw new DynalakeError("USAGE", `invalid time: ${text}`, {
      next: "Write it as 2026-11-23T05:00:00Z, 2026-11-23, yesterday, or 2h for two hours ago.",
    });
  }
  return Math.floor(milliseconds / 1000);
}

const DAY_SECONDS = 86_400;
const UNIT_SECONDS: Readonly<Record<string, number>> = {
  s: 1,
  m: 60,
  h: 3_600,
  d: DAY_SECONDS,
  w: 7 * DAY_SECONDS,
};

/** Undefined where it is none, or before the epoch. */
function relativeTime(text: string, nowSeconds: number): number | undefined {
  const todaySeconds = nowSeconds - (nowSeconds % DAY_SECONDS);
  if (text === "now") return nowSeconds;
  if (text === "today") return todaySeconds;
  if (text === "yesterday") return todaySeconds - DAY_SECONDS;
  const [, count = "", unit = ""] = /^(\d{1,9}) ?(s|m|h|d|w)(?: ago)?$/.exec(text) ?? [];
  const seconds = nowSeconds - Number(count) * (UNIT_SECONDS[unit] ?? Number.NaN);
  return seconds >= 0 ? seconds : undefined;
}

/** 20261128 would be a day of 1970. */
function ambiguous(text: string): DynalakeError {
  const date = text.replace(/^(....)(..)(..)$/, "$1-$2-$3");
  return new DynalakeError("USAGE", `${text} may be a date or a number of seconds`, {
    next: `Write the date as ${date}, and a moment as 2026-11-23T05:00:00Z.`,
  });
}

const ISO_TIME = /^(\d{4}-\d\d-\d\d)(?:[Tt ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:[Zz]|[+-]\d\d:?\d\d)?)?$/;

/** JavaScript reads more than ISO 8601, and takes the 30th of February for a day in March. */
function isIso(text: string): boolean {
  const day = ISO_TIME.exec(text)?.[1];
  return day !== undefined && new Date(day).toJSON()?.startsWith(day) === true;
}
