/** Times that options of a command give. */

import { timeText } from "../../core/time-text.ts";
import { parseTime } from "../options/time-option.ts";
import type { CommandContext } from "./command.ts";

/** The seconds of a time. One that is not written out, such as "yesterday", is printed as what it was taken for. Throws USAGE. */
export function givenTime(
  { terminal, timing }: Pick<CommandContext, "terminal" | "timing">,
  text: string,
): number {
  const seconds = parseTime(text, Math.floor(timing.nowMs() / 1000));
  if (/[a-z]/.test(text.toLowerCase().replace(/[tz]/g, ""))) terminal.note(`${text} is ${timeText(seconds)}`);
  return seconds;
}

/** The time as an option of the library. */
export function asOfOption(seconds: number | undefined): { readonly asOf?: Date } {
  return seconds === undefined ? {} : { asOf: new Date(seconds * 1000) };
}
