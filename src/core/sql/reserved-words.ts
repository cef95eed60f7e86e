/**
 * Words that a statement takes for its own: a table of such a name needs quotes. Those of DuckDB (`duckdb_keywords()`, category
 * "reserved") and of Trino (trino.io/docs/current/language/reserved.html).
 */
import { quoted } from "../ports/dialect.ts";

const WORDS: ReadonlySet<string> = new Set(
  (
    "all alter analyse analyze and any array as asc asymmetric between both by case cast check collate column constraint " +
    "create cross cube current_catalog current_date current_path current_role current_schema current_time current_timestamp " +
    "current_user deallocate default deferrable delete desc describe distinct do drop else end escape except execute exists " +
    "extract false fetch for foreign from full group grouping having in initially inner insert intersect into is join " +
    "json_array json_exists json_object json_query json_table json_value lambda lateral leading left like limit listagg " +
    "localtime localtimestamp natural normalize not null offset on only or order outer pivot pivot_longer pivot_wider placing " +
    "prepare primary qualify recursive references returning right rollup select show skip some summarize symmetric table " +
    "then to trailing trim true uescape union unique unnest unpivot using values variadic when where window with"
  ).split(" "),
);

export function isReserved(name: string): boolean {
  return WORDS.has(name.toLowerCase());
}

/** The name as a statement has to write it. */
export function writtenName(name: string): string {
  return isReserved(name) ? quoted(name) : name;
}
