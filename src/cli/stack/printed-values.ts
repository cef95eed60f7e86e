/** Values of Athena as the embedded query prints them. */
import type { AthenaColumn, ResultValue } from "../../aws/athena-result.ts";
import { blobText } from "../../core/values/blob-text.ts";
import type { ResultColumn } from "../result-format.ts";

/** Columns under names that are all different. */
export function printedColumns(columns: readonly AthenaColumn[]): readonly ResultColumn[] {
  const seen = new Map<string, number>();
  return columns.map(({ name, type }) => {
    const before = seen.get(name) ?? 0;
    seen.set(name, before + 1);
    const exactNumber = type === "bigint" || type === "decimal";
    return { name: before === 0 ? name : `${name}:${before}`, exactNumber };
  });
}

/** A plain JSON value; whole numbers and decimals that a double may not hold are text. */
export function printedValue(type: string, value: ResultValue): unknown {
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number") return printedNumber(type, value);
  if (typeof value !== "string") return value;
  if (type === "timestamp") return value.replace(/\.0+$|(\.\d*[1-9])0+$/, "$1");
  if (type === "varbinary") return blobText(bytesOf(value));
  return value;
}

function printedNumber(type: string, value: number): unknown {
  if (type === "bigint") return String(value);
  return Number.isFinite(value) ? value : String(value);
}

/** Athena writes bytes as pairs of hexadecimal digits with spaces between. */
function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text.match(/[0-9a-f]{2}/gi) ?? [], (pair) => Number.parseInt(pair, 16));
}
