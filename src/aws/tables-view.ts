/**
 * `dynalake_tables` in the Glue Data Catalog. Each table has a view of its own with what its last publication knew, `<table>__moments`,
 * so that no publication can undo that of another table; `dynalake_tables` is their union, and changes only when a table comes or goes.
 */
import type { Table, TableInput } from "@aws-sdk/client-glue";
import { quoted } from "../core/ports/dialect.ts";
import { columnTypeText } from "../core/schema/column-type.ts";
import { athena } from "../core/sql/athena.ts";
import {
  countedRows,
  MOMENT_COLUMNS,
  momentsRow,
  ROWS_COLUMN,
  TABLES_VIEW,
  type TableMoments,
  type TablesColumn,
} from "../core/status/tables-view.ts";
import { systemTiming, type Timing } from "../sdk/timing.ts";
import { glueTable } from "./athena-relations.ts";
import { changeTable } from "./change-table.ts";
import { momentsViewName } from "./contracts/glue-tables.ts";
import {
  type GlueView,
  publishView,
  refreshView,
  type ViewColumn,
  type ViewsCatalog,
  viewInput,
} from "./glue-view.ts";

/**
 * The tables whose rows the view counts: each count is several stages of a statement, and Athena refuses one with more than 150 or
 * so. Of more tables, `rows` is NULL.
 */
const COUNTED_TABLES_MAX = 10;

/** The tables that the union has: a parameter of the view, names with commas. */
const MEMBERS = "dynalake.tables";

/**
 * Brings what is known of a table into the views. `sequence` is the number of the manifest that it is of. "joined": the union did not
 * have the table before.
 */
export async function publishMoments(
  catalog: ViewsCatalog,
  facts: TableMoments,
  sequence: number,
  timing: Timing = systemTiming,
): Promise<"joined" | "told"> {
  const { table } = facts;
  const publication = await publishView(catalog, momentsView(facts, sequence), timing);
  if (publication === "name-taken") return "told";
  return (await joinTables(catalog, table, timing)) === "changed" ? "joined" : "told";
}

/** Tells what has become known since the table's views were published; until then there is no view to tell it. */
export function refreshMoments(
  catalog: ViewsCatalog,
  facts: TableMoments,
  sequence: number,
  timing: Timing = systemTiming,
): Promise<void> {
  return refreshView(catalog, momentsView(facts, sequence), timing);
}

function momentsView(facts: TableMoments, sequence: number): GlueView {
  const { table } = facts;
  const columns = MOMENT_COLUMNS.map(viewColumn);
  return { name: momentsViewName(table), sql: momentsRow(athena, facts), columns, table, sequence };
}

/** Adds the table to the union, unless it is there. */
function joinTables(catalog: ViewsCatalog, table: string, timing: Timing): ReturnType<typeof changeTable> {
  return changeMembers(
    catalog,
    (members) => (members.includes(table) ? undefined : [...members, table]),
    timing,
  );
}

/** Takes a table out of the union that is not deployed any more: its views may be dropped, and the union would fail with them. */
export async function leaveTables(
  catalog: ViewsCatalog,
  table: string,
  timing: Timing = systemTiming,
): Promise<void> {
  await changeMembers(
    catalog,
    (members) => (members.includes(table) ? members.filter((name) => name !== table) : undefined),
    timing,
  );
}

/** `change` gives the new members, or undefined. What is called `dynalake_tables` and is not the union stays. */
function changeMembers(
  catalog: ViewsCatalog,
  change: (members: readonly string[]) => readonly string[] | undefined,
  timing: Timing,
): ReturnType<typeof changeTable> {
  const changed = (standing: Table | undefined): TableInput | undefined => {
    const members = membersOf(standing);
    const tables = members && change(members);
    return tables && unionInput(catalog.database, tables.toSorted());
  };
  return changeTable(catalog, TABLES_VIEW, changed, { timing });
}

/** Undefined if another view or table has the name: a lake table's, or people's own. */
function membersOf(standing: Table | undefined): readonly string[] | undefined {
  if (standing === undefined) return [];
  return standing.Parameters?.[MEMBERS]?.split(",").filter((name) => name !== ""); // breakage: foreign-unions-stay
}

function unionInput(database: string, tables: readonly string[]): TableInput {
  const isCounted = tables.length <= COUNTED_TABLES_MAX; // breakage: many-tables-are-not-counted
  const moments = MOMENT_COLUMNS.map(({ name }) => name).join(", ");
  const uncounted = `CAST(NULL AS ${athena.typeName(ROWS_COLUMN.type)}) AS ${quoted(ROWS_COLUMN.name)}`;
  const branches = tables.map((table) => {
    const rows = isCounted ? countedRows(glueTable(database, table)) : uncounted;
    return `SELECT ${moments}, ${rows} FROM ${glueTable(database, momentsViewName(table))}`;
  });
  const columns = [...MOMENT_COLUMNS, ROWS_COLUMN].map(viewColumn);
  const sql = tables.length === 0 ? noRows(columns) : branches.join("\nUNION ALL\n");
  // No table owns it: a lake table of this name takes its place.
  const view: GlueView = { name: TABLES_VIEW, sql, columns, table: "", sequence: 0 };
  const input = viewInput(database, view);
  return { ...input, Parameters: { ...input.Parameters, [MEMBERS]: tables.join(",") } };
}

function noRows(columns: readonly ViewColumn[]): string {
  const nulls = columns.map(({ name, typeName }) => `CAST(NULL AS ${typeName}) AS ${quoted(name)}`);
  return `SELECT ${nulls.join(", ")} WHERE false`;
}

function viewColumn({ name, type }: TablesColumn): ViewColumn {
  return { name, typeName: athena.typeName(type), hiveType: columnTypeText(type) };
}
