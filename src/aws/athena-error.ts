/** What the failure of an Athena statement means. */
import type { QueryExecutionStatus } from "@aws-sdk/client-athena";
import { DynalakeError, type ErrorCode } from "../core/error.ts";
import { awsError, awsFailure } from "../sdk/aws-error.ts";

/** Trino's user errors by name: the statement is wrong. */
const SQL_FAULT =
  /^(SYNTAX_ERROR|TYPE_MISMATCH|\w*_NOT_FOUND|NOT_FOUND|AMBIGUOUS_\w+|EXPRESSION_NOT_\w+|MISSING_\w+|DUPLICATE_\w+|MISMATCHED_\w+|INVALID_\w+|NOT_SUPPORTED|DIVISION_BY_ZERO|NUMERIC_VALUE_OUT_OF_RANGE|TOO_MANY_ARGUMENTS|TOO_MANY_GROUPING_SETS|NESTED_\w+|SUBQUERY_MULTIPLE_ROWS|VIEW_IS_STALE|VIEW_IS_RECURSIVE|GENERIC_USER_ERROR|FUNCTION_\w+|FAILED: (Parse|Semantic)Exception)\b/;

/** Errors whose messages quote values of rows. */
const QUOTES_VALUES =
  /^(INVALID_CAST_ARGUMENT|INVALID_FUNCTION_ARGUMENT|NUMERIC_VALUE_OUT_OF_RANGE|HIVE_BAD_DATA|HIVE_CURSOR_ERROR|GENERIC_INTERNAL_ERROR|HIVE_INVALID_PARTITION_VALUE|GENERIC_USER_ERROR)\b/;

const ACCESS = /^PERMISSION_DENIED\b|Access ?Denied|not authorized to perform|Insufficient .*permission/i;
const RATE = /Rate exceeded|throttl|SlowDown|reduce your request rate|too many requests/i;

/** Athena's answer when it cannot parse a statement. */
const REFUSED_STATEMENT =
  /\bline \d+:\d+|mismatched input|Queries of this type are not supported|Only one sql statement/i;

const SAID_CHARACTERS_MAX = 2000;

/** The error for a statement that ended as FAILED, with Athena's message but without values of rows. */
export function statementError(status: QueryExecutionStatus | undefined): DynalakeError {
  const said = status?.StateChangeReason ?? status?.AthenaError?.ErrorMessage ?? "Athena gave no reason";
  return new DynalakeError(codeOf(said, status?.AthenaError?.ErrorType), withoutValues(said));
}

/** Decides by the error's name, otherwise by its number (AWS: Athena user guide, "Athena error catalog"). */
function codeOf(said: string, type: number | undefined): ErrorCode {
  if (ACCESS.test(said)) return "CREDENTIALS";
  if (SQL_FAULT.test(said)) return "SQL_FAILED";
  if (RATE.test(said)) return "THROTTLED";
  if (type === undefined) return "ENGINE_FAILED";
  if (type >= 1400 && type < 1500) return "THROTTLED";
  if (type >= 1500 && type < 1600) return "CREDENTIALS";
  return SQL_TYPES.has(type) ? "SQL_FAILED" : "ENGINE_FAILED";
}

/** Syntax errors, invalid arguments, unknown tables and functions, unsupported statements. */
const SQL_TYPES: ReadonlySet<number> = new Set([1006, 1100, 1106, 1107, 1110, 1200, 1202, 1303]);

/** Errors about data quote values. Other errors quote only names and parts of the statement. */
function withoutValues(said: string): string {
  const plain = QUOTES_VALUES.test(said)
    ? said.replace(/'(?!s3:)[^']*'|"(?!s3:)[^"]*"|(?<=\bfor input string:).*|(?<=\bvalue:).*/gis, "'...'")
    : said;
  return plain.trim().slice(0, SAID_CHARACTERS_MAX);
}

/** The error for a failed call of the Athena API. */
export function athenaError(error: unknown, attempt: string): DynalakeError {
  const failure = awsFailure(error);
  const isStatement =
    failure.name === "InvalidRequestException" && REFUSED_STATEMENT.test(failure.said ?? "");
  if (isStatement) {
    const said = (failure.said ?? "").slice(0, SAID_CHARACTERS_MAX);
    return new DynalakeError("SQL_FAILED", said, { cause: error });
  }
  return awsError(error, { service: "Athena", attempt, otherwise: "ENGINE_FAILED" });
}
