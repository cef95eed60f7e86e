/** The source and the lake table that a command names, by its options and by the tables of the settings. */
import { DynalakeError } from "../../core/error.ts";
import type { CommandLake } from "../../library/folder-lake.ts";
import type { CommandContext } from "./command.ts";

export interface TableOptions {
  readonly source?: string;
  readonly table?: string;
  /** What `--table` was called for the lake table. */
  readonly name?: string;
  readonly schema?: string;
  readonly fromExport?: string;
}

export interface NamedTables {
  /** The DynamoDB table. */
  readonly source: string | undefined;
  /** The lake table. */
  readonly name: string | undefined;
  /** Its schema file. */
  readonly schema: string | undefined;
  /** Whether --table was taken for the source, as it was before 1.0. */
  readonly isOld: boolean;
}

/** Throws USAGE where options contradict each other, or the settings name several tables. */
export function namedTables(
  { settings, terminal }: Pick<CommandContext, "settings" | "terminal">,
  { source, table, name, schema, fromExport }: TableOptions,
): NamedTables {
  const isKnown = table !== undefined && settings.tables[table] !== undefined;
  const isOld = table !== undefined && source === undefined && fromExport === undefined && !isKnown;
  if (isOld) {
    terminal.note(
      `--table names the lake table from version 1.0 on; for the DynamoDB table write --source ${table}`,
    );
    return withSettings(settings, { source: table, name, schema, isOld });
  }
  return withSettings(settings, { source, name: lakeTableName({ table, name }), schema, isOld });
}

/** The lake table, where `--table` means nothing else. Throws USAGE if it has both its names. */
export function lakeTableName({
  table,
  name,
}: {
  readonly table?: string | undefined;
  readonly name?: string | undefined;
}): string | undefined {
  if (table !== undefined && name !== undefined)
    throw new DynalakeError("USAGE", "--table and --name both name the lake table", {
      next: "Leave --name out.",
    });
  return table ?? name;
}

function withSettings({ tables }: CommandContext["settings"], named: NamedTables): NamedTables {
  const name = named.name ?? nameBySource(tables, named.source);
  const known = name === undefined ? undefined : tables[name];
  if (known === undefined) return named;
  return { ...named, name, source: named.source ?? known.source, schema: named.schema ?? known.schema };
}

function nameBySource(
  tables: CommandContext["settings"]["tables"],
  source: string | undefined,
): string | undefined {
  if (source === undefined) return undefined;
  const names = Object.keys(tables).filter((name) => tables[name]?.source === source);
  if (names.length < 2) return names[0];
  throw new DynalakeError("USAGE", `the settings name several tables of ${source}: ${names.join(", ")}`, {
    next: "Choose one with --table.",
  });
}

/** Throws USAGE if `--table` may mean the lake table of this name, which has another source. */
export async function requireMeant(lake: CommandLake, { source, isOld }: NamedTables): Promise<void> {
  if (!isOld || source === undefined) return;
  const known = (await lake.sources()).get(source);
  // breakage: old-table-option-is-not-ambiguous
  if (known === undefined || known === source) return;
  throw new DynalakeError("USAGE", `"${source}" is a table of the lake, filled from ${known}`, {
    next: `Give --source ${known} for it, or --source ${source} for a DynamoDB table of that name.`,
  });
}
