/** A cell as JSON carries it to the page: every digit stays, since numbers that JavaScript cannot hold are texts. */
import type { Cell } from "../core/ports/query-result.ts";
import type { ShownValue } from "./api.ts";

export function shownValue(cell: Cell): ShownValue {
  if (cell === null || typeof cell === "string" || typeof cell === "boolean") return cell;
  // JSON has no infinity and no NaN.
  if (typeof cell === "number") return Number.isFinite(cell) ? cell : String(cell);
  if (typeof cell === "bigint") return String(cell);
  if (cell instanceof Uint8Array) return Buffer.from(cell).toString("base64");
  if (Array.isArray(cell)) return cell.map(shownValue);
  return Object.fromEntries(Object.entries(cell).map(([name, member]) => [name, shownValue(member)]));
}
