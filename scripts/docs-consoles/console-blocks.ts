/**
 * The console blocks of a document: commands after "$ ", and what each printed below it. An HTML comment
 * `<!-- before: NAME -->` on the line above a block names what happens to the source tables before the block is run (world.ts).
 */

export interface ConsoleCommand {
  /** As a shell takes it; several lines if all but the last end with a backslash. */
  readonly command: string;
  readonly output: string;
}

export interface ConsoleBlock {
  readonly before?: string;
  readonly commands: readonly ConsoleCommand[];
}

const BLOCK = /(?:^<!-- before: ([a-z-]+) -->\n)?^```console\n([\s\S]*?)^```$/gm;
const COMMAND = /^\$ ((?:.*\\\n)*.*)\n((?:(?!\$ |```).*\n)*)/gm;

export function consoleBlocksOf(markdown: string): readonly ConsoleBlock[] {
  return [...markdown.matchAll(BLOCK)].map(([, before, body = ""]) => ({
    ...(before === undefined ? {} : { before }),
    commands: [...body.matchAll(COMMAND)].map(([, command = "", output = ""]) => ({ command, output })),
  }));
}

/** The document with these outputs, which are in the order of its commands. */
export function withOutputs(markdown: string, outputs: readonly string[]): string {
  let next = 0;
  return markdown.replace(BLOCK, (block) =>
    block.replace(COMMAND, (_, command: string) => `$ ${command}\n${outputs[next++] ?? ""}`),
  );
}

/**
 * The text without what differs between two runs: progress, moments, durations, sizes, files, process numbers, the widths of columns
 * that follow from them, and the order in which the tables of one source are opened.
 */
export function comparable(text: string): string {
  return text
    .replace(/\d{4}-\d{2}-\d{2}(?:[ T]\d{2}:\d{2}:\d{2}(?:\.\d+)?Z?)?/g, "<moment>")
    .replace(/\b[\d,.]+ (?:s|ms|bytes)\b/g, "<measured>")
    .replace(/^(scanning )?\S+: [\d,]+ (items|changes?).*\n/gm, "")
    .replace(/\b\d+ objects? since\b/g, "<objects> since")
    .replace(/\bprocess \d+ on \S+/g, "<process>")
    .replace(/(?:^\S+: following the stream .*\n)+/gm, (lines) => lines.split("\n").sort().join("\n"))
    .replace(/[─┬┴┼]+/g, "─")
    .replace(/ +/g, " ");
}
