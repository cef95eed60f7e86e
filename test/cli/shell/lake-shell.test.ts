/** The prompt as a person at a terminal has it: statements over lines, Ctrl-C, Tab, and the history. */
import { stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { describe, expect, test } from "@jest/globals";
import { runShell, type ShellWork } from "../../../src/cli/shell/lake-shell.ts";
import { completed } from "../../../src/cli/shell/shell-completion.ts";
import { historyFile, readHistory, writeHistory } from "../../../src/cli/shell/shell-history.ts";
import { withFolder } from "../../support/folders.ts";

const CTRL_C = "\u0003";
const CTRL_D = "\u0004";
const TAB = "\t";

/** A terminal, and a lake that answers when it is asked to. */
function atTerminal(history: string[] = []) {
  const [input, output] = [new PassThrough(), new PassThrough()];
  let screen = "";
  const looks: (() => void)[] = [];
  output.setEncoding("utf8").on("data", (text: string) => {
    screen += text;
    for (const look of looks.splice(0)) look();
  });
  const statements: string[] = [];
  const stopped: string[] = [];
  const work: ShellWork = {
    statement: (sql, signal) => {
      statements.push(sql);
      if (!sql.includes("endless")) return Promise.resolve();
      output.write("RUNNING");
      return new Promise((resolve) =>
        signal.addEventListener("abort", () => {
          stopped.push(sql);
          resolve();
        }),
      );
    },
    command: async (line) => line !== ".exit",
    complete: (typed) => completed(typed, RELATIONS, [".tables", ".schema"]),
  };
  const interruption = new AbortController();
  const place = { input, output, isInteractive: true, history, interrupted: interruption.signal };
  return {
    statements,
    stopped,
    ended: runShell(place, work),
    interrupt: () => interruption.abort(new Error("interrupted")),
    type: (text: string) => input.write(text),
    /** Waits until the screen shows the text for another time. */
    shown: async (text: string) => {
      while (!screen.includes(text)) await new Promise<void>((look) => looks.push(look));
      screen = screen.slice(screen.indexOf(text) + text.length);
    },
  };
}

const RELATIONS = [
  {
    name: "orders",
    columns: [
      { name: "orderid", type: "VARCHAR" },
      { name: "order", type: "BIGINT" },
    ],
  },
  { name: "people", columns: [{ name: "Name", type: "VARCHAR" }] },
];

test("a statement ends with a semicolon, not with one in a text or a comment", async () => {
  const terminal = atTerminal();
  terminal.type("SELECT ';' -- ;\r");
  await terminal.shown("       -> ");
  terminal.type("FROM t;\rSELECT 1; SELECT 2;\r.exit\r");
  await terminal.ended;
  expect(terminal.statements).toEqual(["SELECT ';' -- ;\nFROM t", "SELECT 1", "SELECT 2"]);
});

test("Ctrl-C stops the statement that runs and those behind it; the prompt goes on", async () => {
  const terminal = atTerminal();
  terminal.type("SELECT endless; SELECT 2;\r");
  await terminal.shown("RUNNING");
  terminal.type(CTRL_C);
  await terminal.shown("dynalake> ");
  terminal.type(`SELECT 3;\r${CTRL_D}`);
  await terminal.ended;
  expect(terminal.stopped).toEqual(["SELECT endless"]);
  expect(terminal.statements).toEqual(["SELECT endless", "SELECT 3"]);
});

test("Ctrl-C at the prompt clears what is typed, lines before included, and ends nothing", async () => {
  const terminal = atTerminal();
  terminal.type("SELECT 1\r");
  await terminal.shown("       -> ");
  terminal.type(`FROM t${CTRL_C}`);
  await terminal.shown("dynalake> ");
  terminal.type(`${CTRL_C}SELECT 4;\r${CTRL_D}`);
  await terminal.ended;
  expect(terminal.statements).toEqual(["SELECT 4"]);
});

test("an interrupt of the process ends the statement and the prompt", async () => {
  const terminal = atTerminal();
  terminal.type("SELECT endless;\r");
  await terminal.shown("RUNNING");
  terminal.interrupt();
  await expect(terminal.ended).rejects.toThrow("interrupted");
  expect(terminal.stopped).toEqual(["SELECT endless"]);
});

test("Tab completes, and the history has what was typed", async () => {
  const terminal = atTerminal(["SELECT 0;"]);
  await terminal.shown("dynalake> ");
  terminal.type(`SELECT nam${TAB}`);
  await terminal.shown('"Name"');
  terminal.type(` FROM people;\r${CTRL_D}`);
  expect(await terminal.ended).toEqual(['SELECT "Name" FROM people;', "SELECT 0;"]);
});

describe("completion offers", () => {
  test.each([
    ["columns of the table that is named", "SELECT  FROM orders WHERE or", ["orderid", '"order"'], "or"],
    ["columns after a dot", "SELECT o.", ["orderid", '"order"', '"Name"'], ""],
    ["words in the case that is typed", "sel", ["select"], "sel"],
    ["nothing in a text", "SELECT 'ord", [], ""],
    ["nothing in a comment", "SELECT 1 -- ord", [], ""],
    ["commands", ".sc", [".schema"], ".sc"],
    ["tables of a command", ".schema pe", ["people"], "pe"],
  ])("%s", (_, line, texts, replaced) => {
    const offer = completed({ before: "", line }, RELATIONS, [".tables", ".schema"]);
    expect(offer.replaced).toBe(replaced);
    expect(offer.texts.slice(0, texts.length)).toEqual(texts);
    if (texts.length < 2) expect(offer.texts).toHaveLength(texts.length);
  });
});

test("the history is for its owner alone, also where a file was there, and the newest line comes first", async () => {
  await withFolder(async (folder) => {
    const file = join(folder, "history");
    await writeFile(file, "older\n", { mode: 0o644 });
    expect(await readHistory(file)).toEqual(["older"]);
    expect(await writeHistory(file, ["newest", "older"])).toBe(true);
    expect(((await stat(file)).mode & 0o777).toString(8)).toBe("600");
    expect(await readHistory(file)).toEqual(["newest", "older"]);
    expect(await writeHistory(join(folder, "none", "history"), [])).toBe(false);
  });
});

test("the history lies at home, or where the environment says", () => {
  const absolute = (path: string): string => `/home/ann/project/${path}`;
  expect(historyFile({ HOME: "/home/ann" }, absolute)).toBe("/home/ann/.dynalake_sql_history");
  expect(historyFile({ HOME: "/home/ann", DYNALAKE_SQL_HISTORY: "h" }, absolute)).toBe("/home/ann/project/h");
  expect(historyFile({ HOME: "/home/ann", DYNALAKE_SQL_HISTORY: "" }, absolute)).toBeUndefined();
  expect(historyFile({}, absolute)).toBeUndefined();
});
