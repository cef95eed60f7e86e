/** What may stand behind an option of the command line. */
import { InvalidArgumentError } from "commander";
import type { SnapshotsKept } from "../../index.ts";

export function positive(text: string): number {
  const number = Number(text);
  if (!(number > 0) || !Number.isFinite(number))
    throw new InvalidArgumentError("It must be a number above 0.");
  return number;
}

export function notNegative(text: string): number {
  const number = Number(text);
  if (!(number >= 0) || !Number.isFinite(number) || text.trim() === "") {
    throw new InvalidArgumentError("It must be a number of 0 or more.");
  }
  return number;
}

export function whole(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("It must be a whole number of 0 or more.");
  return Number(text);
}

export function port(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535)
    throw new InvalidArgumentError("It must be a port: a number from 0, for any free one, to 65535.");
  return Number(text);
}

const UNIT_SECONDS: Readonly<Record<string, number>> = {
  "": 1,
  s: 1,
  m: 60,
  h: 3_600,
  d: 86_400,
  w: 604_800,
};

/** Seconds of a time such as 90, 30m, 12h or 1d. */
export function duration(text: string): number {
  const [, count = "", unit = ""] = /^(\d{1,9})([smhdw]?)$/.exec(text.trim().toLowerCase()) ?? [];
  const seconds = Number(count) * (UNIT_SECONDS[unit] as number);
  if (count === "" || seconds === 0)
    throw new InvalidArgumentError("It must be a number of seconds, or a time such as 12h or 1d.");
  return seconds;
}

/** A number is one of snapshots; an age has a unit. */
export function snapshotsKept(text: string): SnapshotsKept {
  if (text.trim().toLowerCase() === "all") return "all";
  if (/^\d{1,9}$/.test(text) && Number(text) > 0) return Number(text);
  if (/^\d+[smhdw]$/i.test(text)) return { seconds: duration(text) };
  throw new InvalidArgumentError("It must be a number above 0, an age such as 30d, or all.");
}

export function share(text: string): number {
  const number = Number(text);
  if (!(number > 0 && number <= 1)) throw new InvalidArgumentError("It must be above 0 and at most 1.");
  return number;
}

/** Names with commas between them. */
export function listOf(text: string): readonly string[] {
  const names = text.split(",").map((name) => name.trim());
  if (names.includes("")) throw new InvalidArgumentError("It must be names with commas between them.");
  return names;
}
