/** Results as files of the browser's downloads. */
import type { Result } from "./result.ts";
import { csvParts, jsonParts } from "./result-file.ts";
import { sendForAnswer } from "./session.ts";

/** A statement as it ran. */
export interface RanStatement {
  readonly sql: string;
  readonly asOfSeconds: number | undefined;
}

/** The rows that the page holds, as they are shown. */
export function saveShown(result: Result, format: "csv" | "json", order: Uint32Array | undefined): void {
  const parts = format === "csv" ? csvParts(result, order) : jsonParts(result, order);
  download(new Blob(parts), format);
}

/** All rows, which the server writes: the statement runs again. Rejects with Failure. */
export async function saveAll(
  { sql, asOfSeconds }: RanStatement,
  format: "csv" | "json" | "parquet",
): Promise<void> {
  const time = asOfSeconds === undefined ? {} : { asOfSeconds };
  const answer = await sendForAnswer("/api/files", { sql, format, ...time });
  download(await answer.blob(), format);
}

function download(content: Blob, extension: string): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = url;
  link.download = `result.${extension}`;
  link.click();
  URL.revokeObjectURL(url);
}
