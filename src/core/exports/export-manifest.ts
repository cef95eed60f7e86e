/**
 * The manifests of an export. An export is read through its manifests, never by listing its files. Source: "DynamoDB table
 * export output format", docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html.
 */
import * as z from "zod/mini";
import { checkedShape } from "../checked-shape.ts";
import { counted, grouped } from "../counted.ts";
import { DynalakeError } from "../error.ts";

/** The data of an export may be up to about a minute older or newer than its export time. */
export const EXPORT_FUZZ_SECONDS = 60;

export interface ExportSummary {
  readonly tableArn: string | undefined;
  readonly exportTimeSeconds: number;
  /** The key of `manifest-files.json` in the export's bucket. */
  readonly manifestFilesKey: string;
  readonly itemCount: number;
}

export interface ExportFile {
  /** The key of the data file in the export's bucket. */
  readonly key: string;
  readonly itemCount: number;
  /** The MD5 of the stored file, in base64. */
  readonly md5: string;
}

/** The name of the exported table, if the export states it. */
export function exportedTable({ tableArn = "" }: Pick<ExportSummary, "tableArn">): string | undefined {
  return /:table\/([^/]+)$/.exec(tableArn)?.[1];
}

const count = z.int().check(z.minimum(0));

/** With a regular expression, because the length checks of zod also run on values that are not strings. */
const someText = z.string().check(z.regex(/^[\s\S]/, "expected text"));

/** What kind of export it is. An incremental one has other members than these. */
const kindOfExport = z.object({
  outputFormat: z.optional(z.string()),
  exportType: z.optional(z.string()),
});

const summaryFile = z.object({
  tableArn: z.optional(z.string()),
  exportTime: z.string(),
  manifestFilesS3Key: someText,
  itemCount: count,
});

const fileLine = z.object({
  itemCount: count,
  md5Checksum: someText,
  dataFileS3Key: someText,
});

/** Reads `manifest-summary.json`; throws EXPORT_INVALID. */
export function parseExportSummary(text: string): ExportSummary {
  const json = parsed(text, "manifest-summary.json");
  requireFullExport(json);
  const result = checkedShape(summaryFile, json);
  if (!result.success) throw invalid("manifest-summary.json", result.error.issues[0]);
  const summary = result.data;
  const exportTimeMs = new Date(summary.exportTime).getTime();
  if (!/^\d{4}-\d\d-\d\dT/.test(summary.exportTime) || !(exportTimeMs >= 0))
    throw new DynalakeError("EXPORT_INVALID", "manifest-summary.json: exportTime is not a valid time");
  return {
    tableArn: summary.tableArn,
    exportTimeSeconds: Math.floor(exportTimeMs / 1000),
    manifestFilesKey: summary.manifestFilesS3Key,
    itemCount: summary.itemCount,
  };
}

/** Throws EXPORT_INVALID where the kind of export is another one, whose summary then has another shape, too. */
function requireFullExport(json: unknown): void {
  const result = checkedShape(kindOfExport, json);
  if (!result.success) throw invalid("manifest-summary.json", result.error.issues[0]);
  const { outputFormat = "DYNAMODB_JSON", exportType = "FULL_EXPORT" } = result.data;
  if (exportType !== "FULL_EXPORT") {
    throw new DynalakeError("EXPORT_INVALID", `the export's type is ${exportType}, not FULL_EXPORT`, {
      next: "Export the whole table. An incremental export lacks the items that did not change.",
    });
  }
  if (outputFormat !== "DYNAMODB_JSON") {
    throw new DynalakeError("EXPORT_INVALID", `the export's format is ${outputFormat}, not DYNAMODB_JSON`, {
      next: "Export the table again in the format DYNAMODB_JSON.",
    });
  }
}

/** Reads `manifest-files.json`, which is JSON lines; throws EXPORT_INVALID, also if it contradicts the summary. */
export function parseExportFiles(text: string, summary: ExportSummary): readonly ExportFile[] {
  const files = text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line, i) => {
      const name = `manifest-files.json, line ${i + 1}`;
      const result = checkedShape(fileLine, parsed(line, name));
      if (!result.success) throw invalid(name, result.error.issues[0]);
      return {
        key: result.data.dataFileS3Key,
        itemCount: result.data.itemCount,
        md5: result.data.md5Checksum,
      };
    });
  const items = files.reduce((sum, file) => sum + file.itemCount, 0);
  if (items !== summary.itemCount) {
    throw new DynalakeError(
      "EXPORT_INVALID",
      `manifest-files.json lists ${counted(items, "item")}, but manifest-summary.json says ${grouped(summary.itemCount)}`,
    );
  }
  return files;
}

function parsed(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DynalakeError("EXPORT_INVALID", `${name} is not valid JSON`, { cause });
  }
}

function invalid(name: string, issue: z.core.$ZodIssue | undefined): DynalakeError {
  return new DynalakeError("EXPORT_INVALID", `${name}: ${issue?.path.join(".")}: ${issue?.message}`);
}
