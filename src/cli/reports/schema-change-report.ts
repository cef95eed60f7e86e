/** What a schema file changes of a table, for people. */
import { counted } from "../../core/counted.ts";
import type { SchemaChangeReport } from "../../index.ts";
import type { DeployedSchemaChange } from "../../stack/schema-diff.ts";

/** `planned`: nothing has been done. */
export type ChangeOutcome = "planned" | "applied";

export function schemaChangeText(report: SchemaChangeReport, file: string, outcome: ChangeOutcome): string {
  const lines = changeLines(report, onDuckdb);
  if (lines.length === 0) return unchangedText(report, file);
  const end =
    outcome === "planned"
      ? "Nothing was changed: `schema apply`, without --dry-run, does it"
      : "Applied. No data was rewritten";
  return [`${file} changes "${report.table}":`, ...lines, end, ""].join("\n");
}

/** What its deployment would change. */
export function deployedChangeText(report: DeployedSchemaChange, file: string): string {
  const { isDeployed, replaces, table } = report;
  const lines = changeLines(report, onAthena);
  const place =
    replaces.length === 0
      ? []
      : [`${file} takes the place of the deployed schema, which waits and ${replaces.join(" and ")}`];
  if (lines.length === 0) return [unchangedText(report, file).trimEnd(), ...place, ""].join("\n");
  const head = isDeployed ? "is deployed, and will change" : "changes, once it is deployed,";
  const end = isDeployed ? "Nothing was changed" : "Nothing was changed: deploy the file with its app";
  return [`${file} ${head} "${table}":`, ...lines, whenText(report), ...place, end, ""].join("\n");
}

function unchangedText({ table }: SchemaChangeReport, file: string): string {
  return `${file} is the schema of "${table}" already\n`;
}

function whenText({ newColumns, settleSeconds }: DeployedSchemaChange): string {
  if (newColumns.length === 0) return "The first compaction after the deployment brings it";
  const span = settleSeconds % 60 === 0 ? `${settleSeconds / 60} min` : counted(settleSeconds, "second");
  const columns = newColumns.map((name) => `"${name}"`).join(", ");
  return `All of it comes with the first compaction after Glue has had ${columns} for ${span}; rows are written as before until then`;
}

type Division = (from: string, to: string) => string;

function changeLines(
  { added, widened, retyped, renamed, hidden, shown, evolve }: SchemaChangeReport,
  division: Division,
): readonly string[] {
  return [
    ...added.map(
      ({ name, type }) => `  adds ${name}, ${type}: existing rows get their values from _unmapped`,
    ),
    ...widened.map(
      ({ name, from, to }) => `  makes ${name} ${to}; it was ${from}${arithmeticOf(from, to, division)}`,
    ),
    ...retyped.flatMap(({ name, from, to, text, drift }) => [
      `  makes ${name} ${to}; it was ${from}${text === undefined ? "" : `. Values that do not fit are in ${text}`}`,
      ...(drift === undefined ? [] : [`    ${drift.sentence}`]),
    ]),
    ...renamed.map(
      ({ from, to }) => `  renames ${from} to ${to}: statements that say ${from} fail from then on`,
    ),
    ...hidden.map((name) => `  hides ${name}: it is written as before, and no view shows it`),
    ...shown.map((name) => `  shows ${name} again, with all its values`),
    ...(evolve === undefined ? [] : [`  sets "evolve" to "${evolve.to}"; it was "${evolve.from}"`]),
  ];
}

/** What people meet first when whole numbers become decimals. */
function arithmeticOf(from: string, to: string, division: Division): string {
  const isWhole = from === "int" || from === "bigint";
  return isWhole && to.startsWith("decimal") ? `. ${division(from, to)}` : "";
}

function onDuckdb(from: string): string {
  return `On DuckDB, 7 // 2 is 3 for ${from} and 3.5 for a decimal`;
}

/** A quotient of decimals has as many digits behind the point as they have, rounded. */
function onAthena(from: string, to: string): string {
  const scale = Number(/,(\d+)\)$/.exec(to)?.[1] ?? 0);
  return `In Athena, 7 / 2 is 3 for ${from} and ${(3.5).toFixed(scale)} for ${to}`;
}
