/**
 * What a statement reads, by its syntax tree: only relations of the lake by their names, never files, and only table functions
 * that compute. The engine's own settings cannot tell a view of the lake from a file beside it, and some of its functions write.
 */
import { DynalakeError } from "../../core/error.ts";

/** They make rows of their arguments alone. `query_table` names relations. */
const TABLE_FUNCTIONS: ReadonlySet<string> = new Set([
  "generate_series",
  "json_each",
  "json_tree",
  "query_table",
  "range",
  "repeat",
  "repeat_row",
  "unnest",
]);

/** Functions that write, or only keep a thread busy. */
const REFUSED_FUNCTIONS: ReadonlySet<string> = new Set([
  "currval",
  "nextval",
  "pg_sleep",
  "setseed",
  "sleep_ms",
  "stats",
  "write_log",
]);

/** What SHOW shows without naming a relation. */
const SHOWN: ReadonlySet<string> = new Set(["tables", "databases", "schemas", "__show_tables_expanded"]);

export interface ReadRelations {
  /** Names in lower case, with those that the statement may have given itself. */
  readonly names: ReadonlySet<string>;
  /** Names that the statement gives to its own queries. */
  readonly own: ReadonlySet<string>;
  /** Whether it asks which tables there are. */
  readonly asksForAll: boolean;
}

/** Throws SQL_FAILED where the statement reads more than relations by their names. */
export function readRelations(tree: unknown): ReadRelations {
  const found = { names: new Set<string>(), own: new Set<string>(), asksForAll: false };
  visit(tree, found);
  return found;
}

interface Found {
  readonly names: Set<string>;
  readonly own: Set<string>;
  asksForAll: boolean;
}

type Node = Readonly<Record<string, unknown>>;

function visit(node: unknown, found: Found): void {
  if (typeof node !== "object" || node === null) return;
  if (!Array.isArray(node)) visitNode(node as Node, found);
  for (const child of Object.values(node)) visit(child, found);
}

function visitNode(node: Node, found: Found): void {
  switch (node.type) {
    case "BASE_TABLE":
      visitTable(node, found);
      return;
    case "TABLE_FUNCTION":
      visitTableFunction(node.function as Node, found);
      return;
    case "SHOW_REF":
      visitShown(node, found);
      return;
    case "RECURSIVE_CTE_NODE":
      found.own.add(relationName(node.cte_name));
      break;
    default:
  }
  // breakage: writing-functions-refused
  if (node.class === "FUNCTION" && REFUSED_FUNCTIONS.has(lower(node.function_name)))
    throw refused(`the function ${lower(node.function_name)} is not allowed`);
  for (const { key } of (node.cte_map as { readonly map?: readonly { readonly key: unknown }[] })?.map ?? [])
    found.own.add(relationName(key));
}

function visitTable({ catalog_name, schema_name, table_name }: Node, found: Found): void {
  if (lower(schema_name) === "information_schema") {
    found.asksForAll = true;
    return;
  }
  const isOfSession =
    ["", "temp", "memory"].includes(lower(catalog_name)) && ["", "main", "temp"].includes(lower(schema_name));
  if (!isOfSession) throw refused(`there is no ${lower(schema_name)}.${lower(table_name)} in a lake`);
  found.names.add(relationName(table_name));
}

function visitTableFunction({ function_name, children }: Node, found: Found): void {
  const name = lower(function_name);
  // breakage: table-functions-by-list
  if (!TABLE_FUNCTIONS.has(name)) throw refused(`the table function ${name} is not allowed`);
  if (name !== "query_table") return;
  for (const text of tableNames((children as readonly Node[])[0])) found.names.add(relationName(text));
}

/** The names that `query_table` gets: one text or a list of texts, as they are written, since nothing else can be judged. */
function tableNames(argument: Node | undefined): readonly string[] {
  const list = argument?.class === "FUNCTION" && argument.function_name === "list_value";
  const constants = list ? (argument.children as readonly Node[]) : [argument];
  return constants.map((constant) => {
    const { value } = (constant?.type === "VALUE_CONSTANT" ? constant.value : {}) as Node;
    if (typeof value !== "string")
      throw refused("query_table takes the names of tables as they are, in quotes");
    return value;
  });
}

function visitShown({ query, table_name, show_type }: Node, found: Found): void {
  if (query !== null && query !== undefined) return;
  const name = lower(table_name).replaceAll('"', "");
  if (show_type === "SHOW_FROM" || SHOWN.has(name)) found.asksForAll = true;
  else found.names.add(relationName(name));
}

/** The engine takes a name with a dot or a slash for a file's, if it has no relation of it. */
function relationName(name: unknown): string {
  const text = lower(name);
  // breakage: relations-are-no-files
  if (/[./\\:*?]/.test(text))
    throw refused(`"${text}" is not a table: a query reads the lake's tables, never files`);
  return text;
}

function lower(name: unknown): string {
  return String(name ?? "").toLowerCase();
}

function refused(why: string): DynalakeError {
  return new DynalakeError("SQL_FAILED", why, {
    next: "Correct the statement to name the tables of the lake: SHOW TABLES lists them.",
  });
}
