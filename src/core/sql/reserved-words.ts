/**
 * Words that a statement takes for its own: a table or a column of such a name needs quotes. Those of DuckDB (`duckdb_keywords()`,
 * categories "reserved" and "type_function") and of Trino (trino.io/docs/current/language/reserved.html).
 */
import { quoted } from "../ports/dialect.ts";

const WORDS: ReadonlySet<string> = new Set(
  (
    "all alter analyse analyze and anti any array as asc asof asymmetric at authorization between binary both by case " +
    "cast check collate collation column columns concurrently constraint create cross cube current_catalog current_date " +
    "current_path current_role current_schema current_time current_timestamp current_user deallocate default deferrable " +
    "delete desc describe distinct do drop else end escape except execute exists extract false fetch for foreign freeze " +
    "from full generated glob group grouping having ilike in initially inner insert intersect into is isnull join " +
    "json_array json_exists json_object json_query json_table json_value lambda lateral leading left like limit listagg " +
    "localtime localtimestamp map natural normalize not notnull null offset on only or order outer overlaps pivot " +
    "pivot_longer pivot_wider placing positional prepare primary qualify recursive references returning right rollup " +
    "select semi show similar skip some struct summarize symmetric table tablesample then to trailing trim true try_cast " +
    "uescape union unique unnest unpack unpivot using values variadic verbose when where window with"
  ).split(" "),
);

export function isReserved(name: string): boolean {
  return WORDS.has(name.toLowerCase());
}

/** The name as a statement has to write it. */
export function writtenName(name: string): string {
  return isReserved(name) ? quoted(name) : name;
}
