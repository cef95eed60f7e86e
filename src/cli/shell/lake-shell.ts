/**
 * The prompt of `dynalake sql`: lines become statements, which end with a semicolon, and commands, which begin with a dot. They run
 * one after another. Ctrl-C stops the one that runs, or clears what is typed.
 */
import { createInterface, type Interface } from "node:readline";
import { splitStatements } from "../../core/sql/split-statements.ts";
import { statementTokens } from "../../core/sql/statement-tokens.ts";
import type { CliInput, CliOutput } from "../context/cli-io.ts";
import type { Offer } from "./shell-completion.ts";

const PROMPT = "dynalake> ";
const CONTINUED = "       -> ";

/** What the lines mean. Failures are its own to report: whatever rejects here ends the prompt. */
export interface ShellWork {
  /** Runs one statement, until `stopped`. */
  statement(sql: string, stopped: AbortSignal): Promise<void>;
  /** Carries out a line that begins with a dot. Resolves to whether the prompt goes on. */
  command(line: string): Promise<boolean>;
  complete(typed: { readonly before: string; readonly line: string }): Offer;
}

export interface ShellPlace {
  readonly input: CliInput;
  readonly output: CliOutput;
  /** Whether a person types: only then is there a prompt, editing, completion and a history. */
  readonly isInteractive: boolean;
  /** Newest first. */
  readonly history: string[];
  /** Ends the prompt, and what runs. */
  readonly interrupted: AbortSignal;
}

/** Resolves at the end of the input, to the lines of the history, newest first. */
export async function runShell(place: ShellPlace, work: ShellWork): Promise<readonly string[]> {
  return new LakeShell(place, work).run();
}

class LakeShell {
  readonly #place: ShellPlace;
  readonly #work: ShellWork;
  readonly #lines: Interface;
  #history: readonly string[];
  /** Lines of a statement that has not ended. */
  #typed = "";
  #running: AbortController | undefined;

  constructor(place: ShellPlace, work: ShellWork) {
    this.#place = place;
    this.#work = work;
    this.#history = place.history;
    const { input, output, isInteractive, history } = place;
    const editing = {
      output,
      terminal: true,
      history,
      historySize: 1_000,
      removeHistoryDuplicates: true,
      completer: (line: string): [string[], string] => this.#complete(line),
    };
    this.#lines = createInterface({ input, ...(isInteractive ? editing : { terminal: false }) });
    this.#lines.on("SIGINT", () => this.#onInterrupt());
    this.#lines.on("history", (lines: readonly string[]) => {
      this.#history = lines;
    });
  }

  async run(): Promise<readonly string[]> {
    const { interrupted, isInteractive, output } = this.#place;
    const onInterrupted = (): void => {
      this.#running?.abort(interrupted.reason);
      this.#lines.close();
    };
    interrupted.addEventListener("abort", onInterrupted, { once: true });
    try {
      this.#prompt();
      for await (const line of this.#lines) {
        if (!(await this.#take(line))) return this.#history;
        this.#prompt();
      }
      // A file need not end its last statement, and Ctrl-D leaves the cursor behind the prompt.
      if (!isInteractive) await this.#runAll(this.#typed);
      else output.write("\n");
      interrupted.throwIfAborted();
      return this.#history;
    } finally {
      interrupted.removeEventListener("abort", onInterrupted);
      this.#lines.close();
    }
  }

  async #take(line: string): Promise<boolean> {
    if (this.#typed === "" && line.startsWith(".")) return this.#work.command(line.trim());
    const text = `${this.#typed}${line}\n`;
    const last = statementTokens(text).at(-1);
    const isWhole = last?.kind === "mark" && last.text === ";";
    this.#typed = last === undefined || isWhole ? "" : text;
    if (isWhole) await this.#runAll(text);
    return true;
  }

  async #runAll(text: string): Promise<void> {
    this.#running = new AbortController();
    try {
      for (const { sql } of splitStatements(text)) {
        await this.#work.statement(sql, this.#running.signal);
        // breakage: stopped-means-the-rest-too
        if (this.#running.signal.aborted) break;
      }
    } finally {
      this.#running = undefined;
    }
  }

  #onInterrupt(): void {
    if (this.#running !== undefined) {
      this.#running.abort();
      return;
    }
    this.#typed = "";
    // To the end of the line, then everything before it.
    this.#lines.write(null, { ctrl: true, name: "e" });
    this.#lines.write(null, { ctrl: true, name: "u" });
    this.#prompt();
  }

  #prompt(): void {
    if (!this.#place.isInteractive) return;
    this.#lines.setPrompt(this.#typed === "" ? PROMPT : CONTINUED);
    this.#lines.prompt();
  }

  #complete(line: string): [string[], string] {
    const { texts, replaced } = this.#work.complete({ before: this.#typed, line });
    return [[...texts], replaced];
  }
}
