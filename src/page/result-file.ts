/** A result as the text of a file: CSV or JSON, of the same values as the command line prints. Pure. */
import { cellJson, cellText } from "../core/result/cell-json.ts";
import { resultType } from "../core/result/result-type.ts";
import type { Result } from "./result.ts";

export function csvParts({ columns, rows }: Result, order?: Uint32Array): string[] {
  const parts = [`${columns.map(({ name }) => csvField(name)).join(",")}\n`];
  const typed = typedColumns(columns);
  for (let i = 0; i < rows; i++) {
    const row = order?.[i] ?? i;
    const fields = typed.map(({ values, type }) => {
      const text = cellText(values[row] ?? null, type);
      return text === null ? "" : csvField(text);
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
  const typed = typedColumns(columns);
  for (let i = 0; i < rows; i++) {
    const row = order?.[i] ?? i;
    const members = typed.map(
      ({ name, values, type }) => `${JSON.stringify(name)}:${cellJson(values[row] ?? null, type)}`,
    );
    parts.push(` {${members.join(",")}}${i === rows - 1 ? "" : ","}\n`);
  }
  return [...parts, "]\n"];
}

function typedColumns(columns: Result["columns"]) {
  return columns.map(({ name, values, type }) => ({ name, values, type: resultType(type) }));
}
