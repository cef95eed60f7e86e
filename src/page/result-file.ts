/** A result as the text of a file: CSV or JSON, with every digit. Pure. */
import type { ShownValue } from "../console/api.ts";
import { type Result, type ResultColumnData, shownText } from "./result.ts";

export function csvParts({ columns, rows }: Result, order?: Uint32Array): string[] {
  const parts = [`${columns.map(({ name }) => csvField(name)).join(",")}\n`];
  for (let i = 0; i < rows; i++) {
    const row = order?.[i] ?? i;
    const fields = columns.map(({ values }) => {
      const text = shownText(values[row]);
      return text === undefined ? "" : csvField(text);
    });
    parts.push(`${fields.join(",")}\n`);
  }
  return parts;
}

/** An empty text is in quotes: NULL is not. */
function csvField(text: string): string {
  return text === "" || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function jsonParts({ columns, rows }: Result, order?: Uint32Array): string[] {
  const parts = ["[\n"];
  for (let i = 0; i < rows; i++) {
    const row = order?.[i] ?? i;
    const members = columns.map(
      (column) => `${JSON.stringify(column.name)}:${jsonValue(column, column.values[row])}`,
    );
    parts.push(` {${members.join(",")}}${i === rows - 1 ? "" : ","}\n`);
  }
  return [...parts, "]\n"];
}

/** Whole numbers that JavaScript cannot hold are texts here, and numbers in the file. */
function jsonValue({ type, kind }: ResultColumnData, value: ShownValue | undefined): string {
  const isWhole =
    kind === "number" && type.endsWith("int") && typeof value === "string" && /^-?\d+$/.test(value);
  return isWhole ? value : JSON.stringify(value ?? null);
}
