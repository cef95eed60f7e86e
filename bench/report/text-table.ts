/** Tables of plain text: names to the left, figures to the right. */

export type Cell = string | number;

/** A line for each row below the heads. Numbers have this many digits after the point. */
export function textTable(heads: readonly string[], rows: readonly (readonly Cell[])[], digits = 2): string {
  const texts = [heads, ...rows].map((row) => row.map((cell) => cellText(cell, digits)));
  const widths = heads.map((_, column) => Math.max(...texts.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((text, column) =>
        column === 0 ? text.padEnd(widths[column] as number) : text.padStart(widths[column] as number),
      )
      .join("  ")
      .trimEnd();
  return texts.map(line).join("\n");
}

function cellText(cell: Cell, digits: number): string {
  return typeof cell === "string" ? cell : counted(cell, digits);
}

/** With thousands separators. */
export function counted(value: number, digits = 0): string {
  return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
