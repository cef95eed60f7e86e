/**
 * A user's statement reads the account's own catalog alone: a federated catalog runs somebody's function against another database,
 * and a pass-through query hands it a statement that nothing here can judge. Source: "Use Amazon Athena Federated Query" and "Use
 * federated passthrough queries", docs.aws.amazon.com/athena/latest/ug/.
 */
import { DynalakeError } from "../core/error.ts";
import { isWord, type Token } from "../core/sql/statement-tokens.ts";

/** Table functions that make rows of their arguments. */
const TABLE_FUNCTIONS = ["SEQUENCE", "EXCLUDE_COLUMNS"];

/** They have a FROM of their own, which names no relation. */
const WITH_OWN_FROM = ["EXTRACT", "TRIM", "SUBSTRING", "OVERLAY"];

/** What ends the relations of a FROM. */
const AFTER_FROM = [
  "WHERE",
  "GROUP",
  "HAVING",
  "ORDER",
  "LIMIT",
  "OFFSET",
  "FETCH",
  "WINDOW",
  "UNION",
  "INTERSECT",
  "EXCEPT",
  "SELECT",
];

/** Throws SQL_FAILED for a relation of another catalog, and for a table function that asks elsewhere. */
export function requireOwnCatalog(tokens: readonly Token[]): void {
  /** For each parenthesis that is open: whether a comma is followed by another relation, and whether FROM has relations at all. */
  const open = [{ inFrom: false, hasRelations: true }];
  for (const [i, token] of tokens.entries()) {
    const here = open.at(-1) ?? { inFrom: false, hasRelations: true };
    if (isMark(token, "(")) {
      if (isWord(tokens[i - 1], "TABLE")) requireKnownFunction(tokens[i + 1]);
      open.push({ inFrom: false, hasRelations: !isWord(tokens[i - 1], ...WITH_OWN_FROM) });
    } else if (isMark(token, ")")) open.pop();
    else if (isWord(token, "FROM")) here.inFrom = here.hasRelations;
    else if (isWord(token, ...AFTER_FROM)) here.inFrom = false;
    const isBeforeRelation = here.inFrom && (isMark(token, ",") || isWord(token, "FROM", "JOIN"));
    if (isBeforeRelation || isWord(token, "TABLE")) requireOwnName(tokens, i + 1); // breakage: relations-of-own-catalog
  }
}

function isMark(token: Token | undefined, text: string): boolean {
  return token?.kind === "mark" && token.text === text;
}

function requireKnownFunction(token: Token | undefined): void {
  if (isWord(token, ...TABLE_FUNCTIONS)) return;
  throw refused("a table function that asks elsewhere is not allowed"); // breakage: no-pass-through-queries
}

/** The name at `first` has at most a database before it, or the account's own catalog before that. */
function requireOwnName(tokens: readonly Token[], first: number): void {
  const isNamed = (i: number): boolean => ["word", "quoted"].includes(tokens[i]?.kind ?? "");
  const parts = [first, first + 2, first + 4].filter(
    (i) => isNamed(i) && (i === first || isMark(tokens[i - 1], ".")),
  );
  const catalog = tokens[first]?.text ?? "";
  if (parts.length === 3 && catalog.toLowerCase() !== "awsdatacatalog")
    throw refused(`the catalog ${catalog} is not the account's own`);
}

function refused(why: string): DynalakeError {
  return new DynalakeError("SQL_FAILED", why, {
    next: "Name the tables of the lake in the statement. Ask other catalogs in Athena itself.",
  });
}
