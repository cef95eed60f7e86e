/** Cells as plain JSON values, for every format that prints them. */
import type { Cell, ResultColumn } from "../../index.ts";
import { blobText } from "./blob-text.ts";

/** What JSON has no form for becomes text: bytes, and numbers that are not finite. */
export function printedCell(cell: Cell): unknown {
  if (typeof cell === "bigint") return String(cell);
  if (typeof cell === "number") return Number.isFinite(cell) ? cell : String(cell);
  if (typeof cell !== "object" || cell === null) return cell;
  if (cell instanceof Uint8Array) return blobText(cell);
  if (isArray(cell)) return cell.map(printedCell);
  return Object.fromEntries(Object.entries(cell).map(([name, member]) => [name, printedCell(member)]));
}

function isArray(cell: Cell): cell is readonly Cell[] {
  return Array.isArray(cell);
}

/** Whether a column's texts are numbers: whole ones of more than 32 bits, or decimals, which a double may not hold. */
export function isExactNumber({ type }: Pick<ResultColumn, "type">): boolean {
  return /^(u?bigint|u?hugeint|decimal)\b(?!.*\[)/i.test(type);
}
