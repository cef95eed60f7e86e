/** Commands as people paste them into a shell. */
import type { ConsolePlace } from "./api.ts";

/** "npx dynalake compact --table orders --lake lake". */
export function commandLine({ option }: Pick<ConsolePlace, "option">, ...words: readonly string[]): string {
  return ["npx dynalake", ...words.map(shellWord), option].join(" ");
}

/** The word as a shell takes it for one. */
export function shellWord(word: string): string {
  // breakage: shell-words-quoted
  return /^[A-Za-z0-9_./:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
