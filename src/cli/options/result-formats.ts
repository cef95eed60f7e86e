/** The formats in which a query's rows are printed or written. */
import { extname } from "node:path";
import { DynalakeError } from "../../core/error.ts";

export const RESULT_FORMATS = ["table", "json", "csv", "jsonl", "parquet"] as const;
/** Those of plain files for other tools. */
export const EXPORT_FORMATS = ["parquet", "csv", "jsonl"] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];
export type ResultFormat = (typeof RESULT_FORMATS)[number];
/** Those that are text, which can be printed. */
export type TextFormat = Exclude<ResultFormat, "parquet">;

const BY_EXTENSION: Readonly<Record<string, ResultFormat>> = {
  ".csv": "csv",
  ".json": "json",
  ".jsonl": "jsonl",
  ".ndjson": "jsonl",
  ".parquet": "parquet",
  ".txt": "table",
};

/** The format that was asked for, or that the name of the file stands for. Throws USAGE where neither says. */
export function formatOf(format: ResultFormat | undefined, out: string | undefined): ResultFormat {
  if (format === "parquet" && out === undefined)
    throw new DynalakeError("USAGE", "rows are not printed as Parquet", { next: "Add --out FILE." });
  if (format !== undefined) return format;
  if (out === undefined) return "table";
  const named = BY_EXTENSION[extname(out).toLowerCase()];
  if (named !== undefined) return named;
  throw new DynalakeError("USAGE", `the name ${out} stands for no format`, {
    next: `Add --format, one of ${RESULT_FORMATS.join(", ")}, or end the name with .csv, .json, .jsonl or .parquet.`,
  });
}
