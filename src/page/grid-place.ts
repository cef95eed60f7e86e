/** Places of a grid, and where its keys lead. Pure. */

export interface GridPlace {
  readonly row: number;
  readonly column: number;
}

export interface GridSize {
  readonly rows: number;
  readonly columns: number;
  /** Rows of a page. */
  readonly page: number;
}

type Key = Pick<KeyboardEvent, "key" | "metaKey" | "ctrlKey">;

/** Undefined for a key that leads nowhere. It may lie beyond the grid. */
export function placeAfterKey(
  { key, metaKey, ctrlKey }: Key,
  { row, column }: GridPlace,
  { rows, columns, page }: GridSize,
): GridPlace | undefined {
  const isFar = metaKey || ctrlKey;
  switch (key) {
    case "ArrowDown":
      return { row: row + 1, column };
    case "ArrowUp":
      return { row: row - 1, column };
    case "ArrowRight":
      return { row, column: column + 1 };
    case "ArrowLeft":
      return { row, column: column - 1 };
    case "PageDown":
      return { row: row + page, column };
    case "PageUp":
      return { row: row - page, column };
    case "Home":
      return { row: isFar ? 0 : row, column: 0 };
    case "End":
      return { row: isFar ? rows - 1 : row, column: columns - 1 };
    default:
      return undefined;
  }
}

/** The corners of the rectangle between two places. */
export function cornersOf(a: GridPlace, b: GridPlace): readonly [GridPlace, GridPlace] {
  return [
    { row: Math.min(a.row, b.row), column: Math.min(a.column, b.column) },
    { row: Math.max(a.row, b.row), column: Math.max(a.column, b.column) },
  ];
}
