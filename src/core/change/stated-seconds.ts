/** The time that a record states. Integer, float, numeric text and ISO 8601 text occur in recorded events. */

/** The last second of the year 9999; later numbers are milliseconds or microseconds. */
const LAST_SECOND = 253_402_300_799;

/** Seconds since the epoch, rounded down; NaN where the record's time is none. */
export function statedSeconds(time: unknown): number {
  let seconds = Number.NaN;
  if (typeof time === "number") seconds = toSeconds(time);
  else if (typeof time === "string" && /^\d+(\.\d*)?$/.test(time)) seconds = toSeconds(Number(time));
  else if (typeof time === "string") seconds = isoSeconds(time);
  const whole = Math.floor(seconds);
  return whole >= 0 && whole <= LAST_SECOND ? whole : Number.NaN;
}

function toSeconds(number: number): number {
  if (number <= LAST_SECOND) return number;
  return number <= LAST_SECOND * 1000 ? number / 1000 : number / 1_000_000;
}

const ISO_TIME = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)([Zz]|[+-]\d\d:?\d\d)?$/;

/** NaN if the text is not a moment. Text without an offset is in UTC. A day that its month does not have is not taken for a later one. */
function isoSeconds(text: string): number {
  const [, day = "", time = "", zone = "Z"] = ISO_TIME.exec(text) ?? [];
  if (new Date(day).toJSON()?.startsWith(day) !== true) return Number.NaN;
  return new Date(`${day}T${time}${zone}`).getTime() / 1000;
}
