import type { Table } from "@aws-sdk/client-glue";

/** What a view in Glue asks for. */
export function statementOf(table: Pick<Table, "ViewOriginalText"> | undefined): string {
  const [, base64 = ""] = /Presto View: (\S+) /.exec(table?.ViewOriginalText ?? "") ?? [];
  return JSON.parse(Buffer.from(base64, "base64").toString() || "{}").originalSql ?? "";
}
