/** Rows as a table for people: it fits the terminal, and says what it leaves out. */
import Table from "cli-table3";
import stringWidth from "string-width";
import { counted } from "../../core/counted.ts";

export interface ShownTable {
  readonly columns: readonly string[];
  /** The rows that are shown, of `count`. NULL is null. */
  readonly rows: readonly (readonly (string | null)[])[];
  readonly count: number;
  /** Characters in a line of the terminal; undefined where nothing limits it. */
  readonly width: number | undefined;
  /** How a person sees all of it. Default: by an option of the command. */
  readonly wholeBy?: string | undefined;
  /** Columns that the statement does not name: they come last, if there is room. */
  readonly optional: ReadonlySet<string>;
}

/** A column may be narrowed to this, so that others are seen. */
const COLUMN_CHARACTERS_MIN = 8;
const CELL_CHARACTERS_MAX = 60;
/** So many rows are turned on their side where they are too wide. */
const TURNED_ROWS_MAX = 3;
/** What a column takes beside its text: its left border, and a space on each side. */
const FRAME_CHARACTERS = 3;

/** The table, and a line that counts its rows. */
export function tableText(shown: ShownTable): string {
  const ordered = withOptionalLast(shown);
  const widths = naturalWidths(ordered);
  const { width = Number.POSITIVE_INFINITY } = shown;
  const asked = ordered.columns.length - ordered.optional.size;
  const fitting = Math.max(asked, columnsThatFit(widths, width));
  if (lineWidth(widths.slice(0, fitting)) <= width) return drawn(ordered, widths.slice(0, fitting));
  if (ordered.rows.length > 0 && ordered.rows.length <= TURNED_ROWS_MAX) return turned(ordered, width);
  const narrowed = narrowedTo(widths.slice(0, asked), width);
  return drawn(ordered, narrowed.slice(0, Math.max(1, columnsThatFit(narrowed, width))));
}

/** A plan, which is one text of many lines, stays as the engine draws it. */
export function planText(rows: readonly (readonly (string | null)[])[]): string {
  return rows.map((row) => `${printable(row.at(-1) ?? "", /[^\P{Cc}\n]/gu).trimEnd()}\n`).join("");
}

function withOptionalLast(shown: ShownTable): ShownTable {
  const order = [...shown.columns.keys()];
  const isOptional = (i: number): boolean => shown.optional.has(shown.columns[i] as string);
  const sorted = [...order.filter((i) => !isOptional(i)), ...order.filter(isOptional)];
  return {
    ...shown,
    columns: sorted.map((i) => shown.columns[i] as string),
    rows: shown.rows.map((row) => sorted.map((i) => row[i] ?? null)),
    optional: new Set(shown.columns.filter((name) => shown.optional.has(name))),
  };
}

function naturalWidths({ columns, rows }: ShownTable): readonly number[] {
  return columns.map((name, i) =>
    Math.max(stringWidth(cell(name)), ...rows.map((row) => stringWidth(cell(row[i] ?? null)))),
  );
}

function lineWidth(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width + FRAME_CHARACTERS, 1);
}

function columnsThatFit(widths: readonly number[], width: number): number {
  let [used, count] = [1, 0];
  for (const each of widths) {
    used += each + FRAME_CHARACTERS;
    if (used > width) break;
    count++;
  }
  return count;
}

/** The widest columns give way first. */
function narrowedTo(widths: readonly number[], width: number): readonly number[] {
  const narrowed = [...widths];
  for (let excess = lineWidth(narrowed) - width; excess > 0; excess--) {
    const widest = Math.max(...narrowed);
    if (widest <= COLUMN_CHARACTERS_MIN) break;
    narrowed[narrowed.lastIndexOf(widest)] = widest - 1;
  }
  return narrowed;
}

function drawn({ columns, rows, count, wholeBy }: ShownTable, widths: readonly number[]): string {
  const line = (texts: readonly (string | null)[]): string[] =>
    widths.map((width, i) => cut(cell(texts[i] ?? null), width));
  const table = new Table({ head: line(columns), style: { head: [], border: [], compact: true } });
  table.push(...rows.map(line));
  const left = columns.slice(widths.length);
  const notes = [counted(count, "row"), ...leftOut({ count, shown: rows.length, columns: left, wholeBy })];
  return `${table.toString()}\n${notes.join("; ")}\n`;
}

/** What a person cannot see, and how to see it. */
function leftOut({
  count,
  shown,
  columns,
  wholeBy = "--format csv or json",
}: Pick<ShownTable, "count" | "columns" | "wholeBy"> & { readonly shown: number }): readonly string[] {
  const rows = count > shown ? [`the first ${shown} shown`] : [];
  const hidden = columns.length > 0 ? [`not shown: ${columns.join(", ")}`] : [];
  const notes = [...rows, ...hidden];
  return notes.length === 0 ? [] : [...notes, `${wholeBy} prints all`];
}

/** Each column in a line of its own, row after row. */
function turned({ columns, rows, count }: ShownTable, width: number): string {
  const names = Math.max(...columns.map((name) => stringWidth(name)));
  const room = Math.max(COLUMN_CHARACTERS_MIN, width - names - 2 * FRAME_CHARACTERS - 1);
  const table = new Table({ style: { head: [], border: [], compact: true } });
  const blocks = rows.map((row) =>
    columns.map((name, i) => [cell(name), cut(cell(row[i] ?? null, room), room)]),
  );
  for (const [i, block] of blocks.entries()) {
    if (i > 0) table.push([{ colSpan: 2, content: "" }]);
    table.push(...block);
  }
  return `${table.toString()}\n${counted(count, "row")}\n`;
}

/** One line of printable characters: what an item holds must not move a terminal's cursor. */
function cell(text: string | null, charactersMax = CELL_CHARACTERS_MAX): string {
  return text === null ? "NULL" : cut(printable(text, /\p{Cc}/gu), charactersMax);
}

function printable(text: string, control: RegExp): string {
  return text.replace(control, "\u00b7");
}

function cut(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  let [kept, used] = ["", 0];
  for (const character of text) {
    used += stringWidth(character);
    if (used >= width) break;
    kept += character;
  }
  return `${kept}\u2026`;
}
