/** A result as a file of the browser's downloads. */
import type { Result } from "./result.ts";
import { csvParts, jsonParts } from "./result-file.ts";

export type FileKind = "csv" | "json";

export function save(result: Result, kind: FileKind, order: Uint32Array | undefined): void {
  const parts = kind === "csv" ? csvParts(result, order) : jsonParts(result, order);
  const url = URL.createObjectURL(
    new Blob(parts, { type: kind === "csv" ? "text/csv" : "application/json" }),
  );
  const link = document.createElement("a");
  link.href = url;
  link.download = `result.${kind}`;
  link.click();
  URL.revokeObjectURL(url);
}
