/** What people see of a table that evolves: each scalar of each item, or drift that is counted. */

import { tableDrift } from "../../src/core/overlay/drift.ts";
import type { LakeView } from "../../src/core/overlay/lake-view.ts";
import { shownView, type TableWithTexts } from "../../src/core/overlay/shown-view.ts";
import type { QueryEngine } from "../../src/core/ports/query-engine.ts";
import type { Column, Schema } from "../../src/core/schema/schema.ts";
import { textColumns } from "../../src/core/schema/text-name.ts";
import type { OpenTable } from "../../src/core/table/open-table.ts";
import type { Item } from "../../src/core/values/attribute-value.ts";
import type { Counts } from "./counts.ts";
import type { WorldEngine } from "./model-engine.ts";
import { itemOf } from "./model-table.ts";
import { hides, type Leaf, leafSelects, leavesOf, misfitText, plainLeaf } from "./shown-rule.ts";
import type { SqlRow } from "./sql-evaluation.ts";
import { Wrong } from "./world.ts";

interface Cells {
  readonly columns: readonly ColumnCells[];
  fault?: string;
}

interface ColumnCells {
  readonly column: Column;
  readonly leaves: readonly unknown[];
  /** What stands beside it as text, if there is such a column. */
  readonly text: unknown;
}

/** The cells of each row, beside what every check asks for. */
const cellsOf = new WeakMap<SqlRow, Cells>();

const EVERY_ROW = ["k", "v", "_op", "_version", "_changed_at", "_expired"];

/** What of a world they need. */
interface Shows {
  readonly engine: Pick<WorldEngine, "dialect" | "query">;
}

/** The rows of a view as people see it. */
export async function shownRows(
  { engine }: Shows,
  table: TableWithTexts,
  view: LakeView,
  others: readonly string[] = [],
): Promise<readonly SqlRow[]> {
  const columns = table.schema.columns.filter(({ hidden }) => !hidden);
  const texts = new Map(
    textColumns(table.schema, table.manifest.texts).map(({ column, text }) => [column.attribute, text.label]),
  );
  const cells = columns.flatMap((column) => [
    ...leafSelects(column.type, `"${column.label}"`),
    ...(texts.has(column.attribute) ? [`"${texts.get(column.attribute)}"`] : []),
  ]);
  const selects = [...EVERY_ROW, ...others, ...cells.map((cell, i) => `${cell} AS "cell ${i}"`)];
  const { sql } = shownView(engine.dialect, table, view, "label");
  const rows = await engine.query(`SELECT ${selects.join(", ")} FROM (${sql})`);
  for (const row of rows) {
    let at = 0;
    const next = (): unknown => row[`cell ${at++}`];
    cellsOf.set(row, {
      columns: columns.map((column) => ({
        column,
        leaves: leafSelects(column.type, "").map(next),
        text: texts.has(column.attribute) ? next() : undefined,
      })),
    });
  }
  return rows;
}

/** Whether the row shows this value; undefined if it is not one of a table that evolves. */
export function showsValue(row: SqlRow, value: string | undefined): boolean | undefined {
  const cells = cellsOf.get(row);
  if (cells === undefined) return undefined;
  const item = value === undefined ? {} : itemOf(Number(row.k), value);
  const { K: key, ...others } = item;
  const fault = row.v === (value ?? null) ? faultOf(cells, others) : `v is ${row.v}`;
  if (fault !== undefined) cells.fault = fault;
  return fault === undefined;
}

/** What was wrong with the row when it was last compared. */
export function faultText(row: SqlRow): string {
  const fault = cellsOf.get(row)?.fault;
  return fault === undefined ? "" : ` (${fault})`;
}

function faultOf({ columns }: Cells, item: Item): string | undefined {
  for (const { column, leaves, text } of columns) {
    const { attribute, label, type, set } = column;
    if (attribute === "K") continue;
    const value = item[attribute];
    const wanted = leavesOf(type, value, set).map(plain);
    const shown = leaves.map(plain);
    const told = (what: unknown): string => JSON.stringify(what);
    if (told(wanted) !== told(shown))
      return `${label} is ${told(shown)}, not ${told(wanted)}, for ${told(value)} in a ${told(type)}`;
    if (text === undefined) continue;
    const isMisfit = value !== undefined && !("NULL" in value) && leaves[0] === null;
    const wantedText = isMisfit ? plain(misfitText(value)) : null;
    if (plain(text as Leaf) !== wantedText)
      return `the text of ${label} is ${told(text)}, not ${told(wantedText)}, for ${told(value)}`;
  }
  return undefined;
}

function plain(leaf: unknown): string | null {
  return leaf === null || leaf === undefined ? null : plainLeaf(leaf);
}

/** Drift counts what the shown items have and their columns do not. */
export async function checkDrift(
  { counts, engine }: { readonly counts: Counts; readonly engine: QueryEngine },
  opened: OpenTable,
  rows: readonly SqlRow[],
): Promise<void> {
  const items = rows.map((row) => itemOf(Number(row.k), String(row.v)));
  const wanted = hiddenValues(opened.schema, items);
  for (const { attribute, hidden } of await tableDrift(engine, opened)) {
    if (wanted.get(attribute) !== hidden)
      throw new Wrong("drift", `${attribute}: ${hidden} is counted, not ${wanted.get(attribute) ?? 0}`);
    wanted.delete(attribute);
  }
  const [missed] = wanted;
  if (missed !== undefined) throw new Wrong("drift", `${missed[0]}: ${missed[1]} is not counted`);
  counts.add("checks of the drift");
}

function hiddenValues({ columns }: Schema, items: readonly Item[]): Map<string, number> {
  const known = new Map(columns.map((column) => [column.attribute, column]));
  const counts = new Map<string, number>();
  for (const item of items) {
    for (const [attribute, value] of Object.entries(item)) {
      const column = known.get(attribute);
      const isHidden =
        column === undefined ? !("NULL" in value) : !column.hidden && hides(column.type, value, column.set);
      if (isHidden) counts.set(attribute, (counts.get(attribute) ?? 0) + 1);
    }
  }
  return counts;
}
