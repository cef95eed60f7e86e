/** People's own SQL over a lake: the whole result as plain JSON values, in which bytes and wide numbers are text. */

import type { Cell } from "../../src/core/ports/query-result.ts";
import { blobText } from "../../src/core/result/blob-text.ts";
import { openLakeFolder } from "../../src/embedded/folder/lake-folder.ts";
import { type QueryRequest, startQuery } from "../../src/embedded/reading/query.ts";

export interface PrintedRows {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
  /** How many times rows were handed on. */
  readonly pieces: number;
}

/** `onRows` gets the rows as they come; what it throws ends the query. */
export async function printedRows(
  folder: string,
  request: Omit<QueryRequest, "numbers">,
  onRows: (rows: readonly (readonly unknown[])[]) => void = () => undefined,
): Promise<PrintedRows> {
  const lake = await openLakeFolder(folder);
  try {
    const { columns, rows } = await startQuery(lake, { ...request, numbers: "string" });
    const all: (readonly unknown[])[] = [];
    let pieces = 0;
    for await (const batch of rows) {
      const printed = batch.map((row) => row.map(plainCell));
      onRows(printed);
      pieces++;
      all.push(...printed);
    }
    return { columns: columns.map(({ name }) => name), rows: all, pieces };
  } finally {
    await lake.close();
  }
}

function plainCell(cell: Cell): unknown {
  if (typeof cell === "bigint") return String(cell);
  if (typeof cell === "number") return Number.isFinite(cell) ? cell : String(cell);
  if (typeof cell !== "object" || cell === null) return cell;
  if (cell instanceof Uint8Array) return blobText(cell);
  if (Array.isArray(cell)) return cell.map(plainCell);
  return Object.fromEntries(Object.entries(cell).map(([name, member]) => [name, plainCell(member)]));
}
