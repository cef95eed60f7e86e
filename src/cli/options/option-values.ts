/** What may stand behind an option of the command line. */
import { InvalidArgumentError } from "commander";

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
