/** What Tab offers at the prompt of `dynalake sql`. Pure. */
import { writtenName } from "../../core/sql/reserved-words.ts";
import { statementTokens } from "../../core/sql/statement-tokens.ts";

/** What statements can read, with its columns. */
export interface KnownRelation {
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
}

/** The texts that may stand in place of the last `replaced` characters of the line. */
export interface Offer {
  readonly texts: readonly string[];
  readonly replaced: string;
}

const WORDS: readonly string[] =
  "SELECT FROM WHERE GROUP ORDER BY LIMIT OFFSET HAVING QUALIFY WITH AS DISTINCT JOIN LEFT USING ON AND OR NOT IN BETWEEN LIKE ILIKE CASE WHEN THEN ELSE END CAST UNION ALL EXCEPT INTERSECT OVER PARTITION ASC DESC NULLS LAST EXPLAIN DESCRIBE SUMMARIZE SHOW TABLES INTERVAL IS NULL TRUE FALSE".split(
    " ",
  );

/** `before`: the lines of the statement so far. `line`: up to the cursor. `commands`: with their dots. */
export function completed(
  { before, line }: { readonly before: string; readonly line: string },
  relations: readonly KnownRelation[],
  commands: readonly string[],
): Offer {
  if (before === "" && line.startsWith(".")) return ofCommand(line, relations, commands);
  if (isInText(`${before}${line}`)) return { texts: [], replaced: "" };
  const replaced = /[\p{L}\p{N}_"]*$/u.exec(line)?.[0] ?? "";
  const columns = columnsOf(relations, `${before}${line}`);
  // After "orders." only a column can stand.
  if (line.at(-replaced.length - 1) === "." && line.length > replaced.length)
    return matching(replaced, columns);
  const words = /[a-z]/.test(replaced) ? WORDS.map((word) => word.toLowerCase()) : WORDS;
  const tables = relations.map(({ name }) => writtenName(name));
  return matching(replaced, [...columns, ...tables, ...(replaced === "" ? [] : words)]);
}

function ofCommand(line: string, relations: readonly KnownRelation[], commands: readonly string[]): Offer {
  const [, name, rest] = /^(\.\S*)\s+(\S*)$/.exec(line) ?? [];
  if (name === undefined) return matching(line, commands);
  return matching(rest ?? "", name === ".schema" ? relations.map((relation) => relation.name) : []);
}

/** The columns of the relations that the statement names; of all where it names none yet. */
function columnsOf(relations: readonly KnownRelation[], statement: string): readonly string[] {
  const words = new Set(
    statementTokens(statement).map(({ kind, text }) => (kind === "word" ? text.toLowerCase() : text)),
  );
  const named = relations.filter(({ name }) => words.has(name));
  const of = named.length > 0 ? named : relations;
  return of.flatMap(({ columns }) => columns.map(({ name }) => writtenColumn(name)));
}

function writtenColumn(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? writtenName(name) : `"${name.replaceAll('"', '""')}"`;
}

/** Quotes need not be typed. */
function matching(replaced: string, texts: readonly string[]): Offer {
  const plain = (text: string): string => text.replace(/^"/, "").toLowerCase();
  const begin = plain(replaced);
  return { texts: [...new Set(texts)].filter((text) => plain(text).startsWith(begin)), replaced };
}

/** Whether a text or a comment is open at the end. A name in quotes may be. */
function isInText(statement: string): boolean {
  const end = "\u0001";
  const last = statementTokens(`${statement}${end}`).at(-1);
  return last === undefined || last.kind === "text" || !last.text.endsWith(end);
}
