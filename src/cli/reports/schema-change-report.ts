/** What a schema file changes of a table, for people. */
import type { SchemaChangeReport } from "../../index.ts";

/** `planned`: nothing has been done. */
export type ChangeOutcome = "planned" | "applied";

export function schemaChangeText(
  { table, added, widened, retyped, renamed, hidden, shown }: SchemaChangeReport,
  file: string,
  outcome: ChangeOutcome,
): string {
  const lines = [
    ...added.map(
      ({ name, type }) => `  adds ${name}, ${type}: existing rows get their values from _unmapped`,
    ),
    ...widened.map(({ name, from, to }) => `  makes ${name} ${to}; it was ${from}${arithmeticOf(from, to)}`),
    ...retyped.flatMap(({ name, from, to, text, drift }) => [
      `  makes ${name} ${to}; it was ${from}${text === undefined ? "" : `. Values that do not fit are in ${text}`}`,
      ...(drift === undefined ? [] : [`    ${drift.sentence}`]),
    ]),
    ...renamed.map(
      ({ from, to }) => `  renames ${from} to ${to}: statements that say ${from} fail from then on`,
    ),
    ...hidden.map((name) => `  hides ${name}: it is written as before, and no view shows it`),
    ...shown.map((name) => `  shows ${name} again, with all its values`),
  ];
  if (lines.length === 0) return `${file} is the schema of "${table}" already\n`;
  const end =
    outcome === "planned"
      ? "Nothing was changed: `schema apply`, without --dry-run, does it"
      : "Applied. No data was rewritten";
  return [`${file} changes "${table}":`, ...lines, end, ""].join("\n");
}

/** What people meet first when whole numbers become decimals. */
function arithmeticOf(from: string, to: string): string {
  const isWhole = from === "int" || from === "bigint";
  return isWhole && to.startsWith("decimal")
    ? `. On DuckDB, 7 // 2 is 3 for ${from} and 3.5 for a decimal`
    : "";
}
