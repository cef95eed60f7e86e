/** The commands of the prompt of `dynalake sql`: lines that begin with a dot. */
import { DynalakeError } from "../../core/error.ts";
import { timeText } from "../../core/time-text.ts";
import { parseTime } from "../options/time-option.ts";
import { tableText } from "../reports/table-text.ts";
import type { KnownRelation } from "./shell-completion.ts";

const SHELL_FORMATS = ["table", "csv", "json", "jsonl"] as const;
export type ShellFormat = (typeof SHELL_FORMATS)[number];

/** What statements are run with. Commands change it. */
export interface ShellState {
  format: ShellFormat;
  asOfSeconds: number | undefined;
}

export const SHELL_COMMANDS: Readonly<Record<string, string>> = {
  ".tables": "list what statements can read",
  ".schema": "list the columns of all of it, or of one: .schema NAME",
  ".format": `how rows are printed: .format ${SHELL_FORMATS.join(" | ")}`,
  ".as-of": "the tables as they were: .as-of 2026-11-23T05:00:00Z; .as-of now",
  ".help": "show this",
  ".exit": "end; so does Ctrl-D",
};

export interface ShellSurroundings {
  readonly state: ShellState;
  /** Read again, so that new columns are there. */
  readonly relations: () => Promise<readonly KnownRelation[]>;
  readonly print: (text: string) => Promise<void>;
  readonly width: () => number | undefined;
  readonly nowSeconds: () => number;
}

/** Resolves to whether the prompt goes on. Throws USAGE. */
export async function shellCommand(line: string, around: ShellSurroundings): Promise<boolean> {
  const [name = "", ...words] = line.split(/\s+/);
  const argument = words.join(" ");
  const { state, print } = around;
  switch (name) {
    case ".tables":
      await printTable(
        around,
        ["name", "columns"],
        (await around.relations()).map(({ name: relation, columns }) => [relation, String(columns.length)]),
      );
      return true;
    case ".schema":
      await printSchema(around, argument);
      return true;
    case ".format":
      state.format = formatNamed(argument);
      return true;
    case ".as-of":
      state.asOfSeconds =
        argument === "" || argument === "now" ? undefined : parseTime(argument, around.nowSeconds());
      await print(`Tables of ${state.asOfSeconds === undefined ? "now" : timeText(state.asOfSeconds)}\n`);
      return true;
    case ".help":
      await print(helpText());
      return true;
    case ".exit":
    case ".quit":
      return false;
    default:
      throw new DynalakeError("USAGE", `${name} is not a command of the prompt`, {
        next: `They are ${Object.keys(SHELL_COMMANDS).join(", ")}. Statements end with a semicolon.`,
      });
  }
}

async function printSchema(around: ShellSurroundings, name: string): Promise<void> {
  const relations = await around.relations();
  const chosen =
    name === "" ? relations : relations.filter((relation) => relation.name === name.replace(/;$/, ""));
  if (chosen.length === 0)
    throw new DynalakeError("USAGE", `the lake has no table "${name}"`, {
      next: "Type .tables to see what there is.",
    });
  for (const relation of chosen) {
    if (chosen.length > 1) await around.print(`${relation.name}\n`);
    await printTable(
      around,
      ["column", "type"],
      relation.columns.map((column) => [column.name, column.type]),
    );
  }
}

async function printTable(
  { print, width }: ShellSurroundings,
  columns: readonly string[],
  rows: readonly (readonly string[])[],
): Promise<void> {
  await print(tableText({ columns, rows, count: rows.length, width: width(), optional: new Set() }));
}

function formatNamed(name: string): ShellFormat {
  const format = SHELL_FORMATS.find((known) => known === name);
  if (format !== undefined) return format;
  throw new DynalakeError("USAGE", `rows are not printed as "${name}" here`, {
    next: `Choose one of ${SHELL_FORMATS.join(", ")}.`,
  });
}

function helpText(): string {
  const lines = Object.entries(SHELL_COMMANDS).map(([name, text]) => `${name.padEnd(10)}${text}\n`);
  return `Statements end with a semicolon. Ctrl-C stops one that runs, Tab completes.\n${lines.join("")}`;
}
