/** The statement of a person, judged by its syntax before the engine prepares it: preparing EXPORT DATABASE creates a folder. */
import { DynalakeError } from "../../core/error.ts";
import { literal } from "../../core/ports/dialect.ts";
import { notOneStatement } from "../../core/sql/split-statements.ts";
import type { DuckdbSession } from "../duckdb/duckdb-session.ts";
import { withPivotValues } from "./pivot-values.ts";

/** What may stand before a SELECT to see its plan. ANALYZE runs the statement, so that it has to be one that reads. */
const EXPLAIN = /^\s*EXPLAIN\s+(?:ANALYZE\s+)?(?:\(\s*(?:ANALYZE|FORMAT)\b[^()]*\)\s*)?/i;

/** The answer of json_serialize_sql, which knows the statements that read and no others. */
interface SyntaxTree {
  readonly error_type?: string;
  readonly statements?: readonly { readonly node?: unknown }[];
}

/** The syntax tree of the one statement, without an EXPLAIN before it. Throws SQL_FAILED if it is not one that reads. */
export async function oneReading(
  session: Pick<DuckdbSession, "rows" | "parse">,
  sql: string,
): Promise<unknown> {
  const explained = sql.replace(EXPLAIN, "");
  let tree = await syntaxTree(session, explained);
  // Parsing alone fails in the engine's own words, with the place.
  if (tree.error_type === "parser") await session.parse(sql);
  const pivoted = tree.statements === undefined ? withPivotValues(explained) : undefined;
  if (pivoted !== undefined) tree = await syntaxTree(session, pivoted);
  if (tree.statements === undefined) {
    throw new DynalakeError(
      "SQL_FAILED",
      "only statements that read can be run: SELECT, DESCRIBE, SUMMARIZE, SHOW, EXPLAIN, PIVOT",
    );
  }
  if (tree.statements.length !== 1) throw notOneStatement(tree.statements.length);
  return tree.statements[0]?.node;
}

async function syntaxTree(session: Pick<DuckdbSession, "rows">, sql: string): Promise<SyntaxTree> {
  const [row] = await session.rows(`SELECT json_serialize_sql(${literal(sql)}) AS tree`);
  return JSON.parse(String(row?.tree)) as SyntaxTree;
}
