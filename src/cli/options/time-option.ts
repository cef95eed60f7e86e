/** Times on the command line. */
import { DynalakeError } from "../../core/error.ts";

/** Seconds since the epoch of an ISO 8601 time (UTC where it has no offset) or of a number of seconds; throws USAGE. */
export function parseTime(text: string): number {
  if (/^\d{1,12}$/.test(text)) return Number(text);
  const zoned =
    /([Zz]|[+-]\d\d:?\d\d)$/.test(text) || !text.includes(":") ? text : `${text.replace(" ", "T")}Z`;
  const milliseconds = new Date(zoned).getTime();
  if (Number.isNaN(milliseconds) || milliseconds < 0 || !isIso(text)) {
    throw new DynalakeError("USAGE", `invalid time: ${text}`, { next: "Write it as 2026-11-23T05:00:00Z." });
  }
  return Math.floor(milliseconds / 1000);
}

const ISO_TIME = /^(\d{4}-\d\d-\d\d)(?:[Tt ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:[Zz]|[+-]\d\d:?\d\d)?)?$/;

/** JavaScript reads more than ISO 8601, and takes the 30th of February for a day in March. */
function isIso(text: string): boolean {
  const day = ISO_TIME.exec(text)?.[1];
  return day !== undefined && new Date(day).toJSON()?.startsWith(day) === true;
}

/** A time for people: 2026-11-23 05:00:00Z. */
export function timeText(epochSeconds: number): string {
  return new Date(epochSeconds * 1000).toISOString().replace("T", " ").replace(".000Z", "Z");
}
