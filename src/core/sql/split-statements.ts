/** The statements of a text that people wrote: at semicolons, not at those in texts, names and comments. */
import { DynalakeError } from "../error.ts";
import { statementTokens } from "./statement-tokens.ts";

export interface SplitStatement {
  readonly sql: string;
  /** The line on which it begins, from 1. */
  readonly line: number;
}

/** Without the semicolons, and without empty statements. */
export function splitStatements(text: string): readonly SplitStatement[] {
  const statements: SplitStatement[] = [];
  let first: number | undefined;
  const add = (to: number): void => {
    if (first !== undefined) statements.push({ sql: text.slice(first, to), line: lineOf(text, first) });
    first = undefined;
  };
  for (const { kind, text: mark, from } of statementTokens(text)) {
    if (kind === "mark" && mark === ";") add(from);
    else first ??= from;
  }
  add(text.length);
  return statements;
}

function lineOf(text: string, at: number): number {
  return text.slice(0, at).split("\n").length;
}

/** The error where one statement is run and the text has another number of them. */
export function notOneStatement(statements: number): DynalakeError {
  return new DynalakeError("SQL_FAILED", `one statement was expected, not ${statements}`, {
    next:
      statements === 0
        ? "Write a statement, such as SELECT 1."
        : "`dynalake query -` and `dynalake query --file FILE` run several, one after the other.",
  });
}
