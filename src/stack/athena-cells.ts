/** Athena's values as cells, in the form that a query of a folder gives with `numbers: "string"`. */
import type { AthenaColumn, ResultValue } from "../aws/athena-result.ts";
import type { Cell, ResultColumn } from "../core/ports/query-result.ts";

/** Columns under names that are all different. */
export function athenaColumns(columns: readonly AthenaColumn[]): readonly ResultColumn[] {
  const seen = new Map<string, number>();
  return columns.map(({ name, type }) => {
    const before = seen.get(name) ?? 0;
    seen.set(name, before + 1);
    return { name: before === 0 ? name : `${name}:${before}`, type };
  });
}

export function athenaCell(type: string, value: ResultValue): Cell {
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number") return type === "bigint" ? String(value) : value;
  if (typeof value !== "string") return value as Cell;
  if (type === "timestamp") return value.replace(/\.0+$|(\.\d*[1-9])0+$/, "$1");
  if (type === "varbinary") return bytesOf(value);
  return value;
}

/** Athena writes bytes as pairs of hexadecimal digits with spaces between. */
function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text.match(/[0-9a-f]{2}/gi) ?? [], (pair) => Number.parseInt(pair, 16));
}
