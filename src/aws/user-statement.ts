/**
 * A user's statement for Athena, parsed just enough to know that it is a single statement, that it only reads, and where names
 * can be bound in it. Athena reports all other errors.
 */
import { DynalakeError } from "../core/error.ts";
import type { LakeView } from "../core/overlay/lake-view.ts";
import { quoted } from "../core/ports/dialect.ts";
import { notOneStatement } from "../core/sql/split-statements.ts";
import { isWord, statementTokens, type Token } from "../core/sql/statement-tokens.ts";
import { requireOwnCatalog } from "./own-catalog.ts";

export interface UserStatement {
  /** Without the final semicolon. */
  readonly sql: string;
  readonly tokens: readonly Token[];
  /** The index of the token where the query starts, after EXPLAIN; undefined for SHOW and DESCRIBE. */
  readonly queryAt: number | undefined;
}

/** Throws SQL_FAILED for more than one statement, and for one that does more than read. */
export function readingStatement(text: string): UserStatement {
  const tokens = [...statementTokens(text)];
  while (tokens.at(-1)?.text === ";") tokens.pop();
  // breakage: single-statement-only
  const ends = tokens.filter(({ kind, text: mark }) => kind === "mark" && mark === ";");
  const statements = tokens.length === 0 ? 0 : ends.length + 1;
  if (statements !== 1) throw notOneStatement(statements);
  requireOwnCatalog(tokens);
  const sql = text.slice(0, tokens.at(-1)?.to ?? 0);
  const at = behindExplain(tokens);
  const first = tokens[at];
  if (first !== undefined && isWord(first, "SELECT", "WITH", "VALUES", "TABLE"))
    return { sql, tokens, queryAt: at };
  if (first?.kind === "mark" && first.text === "(") return { sql, tokens, queryAt: at };
  if (first !== undefined && at === 0 && isWord(first, "SHOW", "DESCRIBE", "DESC"))
    return { sql, tokens, queryAt: undefined };
  throw new DynalakeError(
    "SQL_FAILED",
    "only statements that read can be run: SELECT, WITH, VALUES, TABLE, SHOW, DESCRIBE, EXPLAIN",
  );
}

/** A query may start with EXPLAIN [ANALYZE] [VERBOSE] [(options)]; EXPLAIN ANALYZE runs the query. */
function behindExplain(tokens: readonly Token[]): number {
  if (!isWord(tokens[0], "EXPLAIN")) return 0;
  let at = 1;
  while (isWord(tokens[at], "ANALYZE", "VERBOSE")) at++;
  const isOption = tokens[at]?.text === "(" && isWord(tokens[at + 1], "TYPE", "FORMAT");
  if (!isOption) return at;
  while (at < tokens.length && tokens[at]?.text !== ")") at++;
  return at + 1;
}

/** Whether the statement contains the name anywhere. */
export function mentions({ tokens }: UserStatement, name: string): boolean {
  return tokens.some((token) => names(token, name));
}

function names({ kind, text }: Token, name: string): boolean {
  return (kind === "word" || kind === "quoted") && text.toLowerCase() === name.toLowerCase();
}

/**
 * The statement with the views bound to their names, before any names that it binds itself. A name qualified by its database
 * would bypass them: throws USAGE for one, and for a statement that is not a query.
 */
export function withViews(statement: UserStatement, views: readonly LakeView[], database: string): string {
  const { sql, tokens, queryAt } = statement;
  if (queryAt === undefined) {
    throw new DynalakeError("USAGE", "--as-of works with SELECT only", {
      next: "Omit --as-of for SHOW and DESCRIBE.",
    });
  }
  for (const { name } of views) requireBare(tokens, name, database);
  if (views.length === 0) return sql;
  const bound = views.map((view) => `${quoted(view.name)} AS (${view.sql})`).join(", ");
  const first = tokens[queryAt] as Token;
  if (!isWord(first, "WITH")) return `${sql.slice(0, first.from)}WITH ${bound} ${sql.slice(first.from)}`;
  const [second, third, fourth] = tokens.slice(queryAt + 1);
  const isFunction = isWord(second, "FUNCTION") && third?.kind !== "mark" && !isWord(third, "AS");
  if (isWord(second, "RECURSIVE") || (isFunction && fourth?.text === "("))
    throw new DynalakeError("USAGE", "--as-of does not work with WITH RECURSIVE or WITH FUNCTION");
  return `${sql.slice(0, first.to)} ${bound}, ${sql.slice(first.to).trimStart()}`;
}

function requireBare(tokens: readonly Token[], name: string, database: string): void {
  const isQualified = tokens.some((token, i) => {
    const [owner, dot] = [tokens[i - 2], tokens[i - 1]];
    return names(token, name) && dot?.text === "." && owner !== undefined && names(owner, database);
  });
  if (!isQualified) return;
  throw new DynalakeError(
    "USAGE",
    `--as-of does not apply to ${database}.${name}, a table named with its database`,
    {
      next: `Write ${name} without the database.`,
    },
  );
}
