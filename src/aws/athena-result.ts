/** The rows of a finished statement, page by page, with values typed by their columns. */
import {
  type AthenaClient,
  type ColumnInfo,
  GetQueryResultsCommand,
  type GetQueryResultsCommandOutput,
  type Row,
} from "@aws-sdk/client-athena";
import { athenaError } from "./athena-error.ts";

export interface AthenaColumn {
  readonly name: string;
  /** Athena's name of the type: varchar, bigint, double, timestamp, array and so on. */
  readonly type: string;
}

/**
 * An integer is a number if that is exact, otherwise a bigint; booleans and doubles keep their types. Everything else is text as
 * Athena prints it, which is ambiguous for nested and binary values.
 */
export type ResultValue = string | number | bigint | boolean | null;

export interface ResultPage {
  readonly columns: readonly AthenaColumn[];
  readonly rows: readonly (readonly ResultValue[])[];
}

/** AWS: Athena API reference, GetQueryResults. */
const PAGE_ROWS_MAX = 1000;

export async function* resultPages(
  client: AthenaClient,
  statement: { readonly id: string; readonly type: string },
): AsyncGenerator<ResultPage> {
  let token: string | undefined;
  do {
    const input = { QueryExecutionId: statement.id, MaxResults: PAGE_ROWS_MAX };
    const command = new GetQueryResultsCommand({ ...input, ...(token && { NextToken: token }) });
    const page: GetQueryResultsCommandOutput = await client.send(command).catch((error: unknown) => {
      throw athenaError(error, "read the rows of a statement");
    });
    const infos = page.ResultSet?.ResultSetMetadata?.ColumnInfo ?? [];
    const columns = infos.map(({ Name = "", Type = "varchar" }) => ({ name: Name, type: Type }));
    const all = page.ResultSet?.Rows ?? [];
    const rows = token === undefined && hasHeader(statement.type, infos, all[0]) ? all.slice(1) : all;
    yield { columns, rows: rows.map((row) => valuesOf(columns, row)) };
    token = page.NextToken;
  } while (token !== undefined);
}

/** The first row of a SELECT contains the column names; for other statements, it sometimes does. */
function hasHeader(type: string, columns: readonly ColumnInfo[], first: Row | undefined): boolean {
  if (first === undefined) return false;
  if (type === "DML") return true;
  return columns.every((column, i) => column.Name === first.Data?.[i]?.VarCharValue);
}

function valuesOf(columns: readonly AthenaColumn[], row: Row): readonly ResultValue[] {
  return columns.map(({ type }, i) => {
    // Only NULL has no VarCharValue.
    const text = row.Data?.[i]?.VarCharValue;
    return text === undefined ? null : resultValue(type, text);
  });
}

function resultValue(type: string, text: string): ResultValue {
  switch (type) {
    case "boolean":
      return text === "true";
    case "tinyint":
    case "smallint":
    case "integer":
    case "int":
    case "bigint": {
      const number = Number(text);
      return Number.isSafeInteger(number) ? number : BigInt(text);
    }
    case "double":
    case "float":
    case "real":
      return Number(text);
    default:
      return text;
  }
}
