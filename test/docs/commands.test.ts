/** Every command line of dynalake in the documents could be carried out: its command and its options exist, with what they need. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { Command } from "commander";
import { documents } from "../../scripts/docs-consoles/documents.ts";
import { declareCommands } from "../../src/cli/declare-commands.ts";

const root = join(import.meta.dirname, "..", "..");
const BLOCK = /^```(?:sh|console)\n([\s\S]*?)^```$/gm;

/** The arguments after `npx dynalake` of every line in a block for a shell; only quotes are special here. */
function commandLinesOf(markdown: string): readonly (readonly string[])[] {
  const blocks = [...markdown.matchAll(BLOCK)].map(([, body = ""]) => body.replaceAll("\\\n", " "));
  const lines = blocks.flatMap((body) => [...body.matchAll(/\bnpx dynalake ([^\n]*)/g)]);
  return lines.map(([, rest = ""]) => {
    const [command = ""] = rest.split(/ (?:#|\||>|&&|<) ?/);
    return [...command.matchAll(/'([^']*)'|"((?:\\.|[^"])*)"|(\S+)/g)].map((word) => word.slice(1).join(""));
  });
}

/** The program, with commands that do nothing. */
function idleProgram(): Command {
  const program = new Command("dynalake").exitOverride().configureOutput({ writeErr: () => undefined });
  declareCommands(program, () => async () => undefined);
  for (const command of descendants(program))
    command.exitOverride().configureOutput({ writeErr: () => undefined });
  return program;
}

function descendants(command: Command): readonly Command[] {
  return command.commands.flatMap((below) => [below, ...descendants(below)]);
}

const LINES = documents().flatMap((document) =>
  commandLinesOf(readFileSync(join(root, document), "utf8")).map((words) => ({ document, words })),
);

test("the documents have command lines", () => expect(LINES.length).toBeGreaterThan(25));

describe.each(LINES)("$document: dynalake $words", ({ words }) => {
  test("is one that dynalake takes", async () => {
    await idleProgram().parseAsync(words, { from: "user" });
  });
});
