/**
 * What the editor offers: columns of the tables that the statement names, then tables, then the words of a statement that reads.
 * The editor's own list would offer CREATE and DROP before created_at.
 */
import type { Completion, CompletionContext, CompletionSource } from "@codemirror/autocomplete";
import { PostgreSQL, schemaCompletionSource } from "@codemirror/lang-sql";
import { syntaxTree } from "@codemirror/language";
import type { Relation } from "../console/api.ts";

const WORDS = [
  ..."SELECT FROM WHERE LIMIT OFFSET HAVING QUALIFY WITH AS DISTINCT JOIN USING ON AND OR NOT IN BETWEEN LIKE ILIKE".split(
    " ",
  ),
  ..."CASE WHEN THEN ELSE END CAST UNION ALL EXCEPT INTERSECT OVER ASC DESC EXPLAIN DESCRIBE SUMMARIZE INTERVAL TRUE FALSE".split(
    " ",
  ),
  ...[
    "GROUP BY",
    "ORDER BY",
    "PARTITION BY",
    "LEFT JOIN",
    "FULL JOIN",
    "IS NULL",
    "IS NOT NULL",
    "NULLS LAST",
  ],
];
const FUNCTIONS = (
  "count sum avg min max median quantile_cont round coalesce date_trunc date_diff strftime lower upper length " +
  "string_split json_extract_string unnest list_contains any_value arg_max"
).split(" ");

const general: readonly Completion[] = [
  ...WORDS.map((label) => ({ label, type: "keyword", boost: -30 })),
  ...FUNCTIONS.map((label) => ({
    label,
    apply: `${label}(`,
    detail: "function",
    type: "function",
    boost: -20,
  })),
];

export function completionOf(relations: readonly Relation[]): CompletionSource {
  const columns = new Map(relations.map((relation) => [relation.name, columnsOf(relation)]));
  const tables = relations.map(({ name }) => ({
    label: name,
    detail: "table",
    type: "type",
    boost: /_(history|snapshots)$/.test(name) ? 9 : 10,
  }));
  const schema = Object.fromEntries(columns);
  const ofAlias = schemaCompletionSource({ dialect: PostgreSQL, schema });
  return (context) => {
    const word = context.matchBefore(/[\w.]*/);
    if (word === null || isInText(context) || (word.text === "" && !context.explicit)) return null;
    // Aliases and quoted names before a dot are the editor's own strength.
    if (word.text.includes(".")) return ofAlias(context);
    const named = namesIn(context).flatMap((name) => columns.get(name) ?? []);
    const options = [
      ...named.map((column) => ({ ...column, boost: (column.boost ?? 0) + 40 })),
      ...tables,
      ...general,
    ];
    const unique = new Map(options.toReversed().map((option) => [option.label, option]));
    return { from: word.from, options: [...unique.values()], validFor: /^\w*$/ };
  };
}

function columnsOf({ columns }: Relation): readonly Completion[] {
  return columns.map(({ name, type }) => ({
    label: name,
    detail: type.length > 32 ? `${type.slice(0, 31)}…` : type.toLowerCase(),
    type: "property",
    boost: name.startsWith("_") ? -1 : 1,
    ...(/^[a-z_][a-z0-9_]*$/.test(name) ? {} : { apply: `"${name.replaceAll('"', '""')}"` }),
  }));
}

/** Every name of the statement: also those of subqueries, of queries with a name, and in quotes. */
function namesIn({ state }: CompletionContext): readonly string[] {
  const names = new Set<string>();
  syntaxTree(state).iterate({
    enter: ({ name, from, to }) => {
      if (name !== "Identifier" && name !== "QuotedIdentifier") return;
      const text = state.sliceDoc(from, to);
      names.add(name === "Identifier" ? text.toLowerCase() : text.slice(1, -1).replaceAll('""', '"'));
    },
  });
  return [...names];
}

function isInText({ state, pos }: CompletionContext): boolean {
  return ["String", "LineComment", "BlockComment"].includes(syntaxTree(state).resolveInner(pos, -1).name);
}
