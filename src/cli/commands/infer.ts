/** `dynalake infer`: writes a schema file from items, or one for each kind of them, and says what it could not decide. */
import { join } from "node:path";
import { counted } from "../../core/counted.ts";
import { defined } from "../../core/defined.ts";
import { DynalakeError } from "../../core/error.ts";
import type { Inference, Origin } from "../../index.ts";
import type { CommandLake } from "../../library/folder-lake.ts";
import { type CommandContext, EXIT, type ExitCode } from "../context/command.ts";
import { type NamedTables, namedTables } from "../context/named-tables.ts";
import { withFolder } from "../context/opened.ts";
import { writeSchemaFiles } from "../context/schema-files.ts";
import { parseKeyOption } from "../options/key-option.ts";
import { splitText } from "../reports/split-report.ts";

export interface InferOptions {
  readonly source?: string;
  readonly table?: string;
  readonly endpoint?: string;
  readonly region?: string;
  readonly fromExport?: string;
  readonly key?: string;
  readonly name?: string;
  readonly sample?: number;
  readonly splitBy?: string;
  readonly out?: string;
  readonly force?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export async function inferCommand(context: CommandContext, options: InferOptions): Promise<ExitCode> {
  const named = namedTables(context, options);
  const from = originOf(named, options);
  const { endpoint, region, sample, splitBy } = options;
  const wish = defined({ name: named.name, sample, key: parseKeyOption(options.key) });
  // Schemas are inferred from their source alone: the lake's folder is not touched.
  const infer = async (lake: CommandLake): Promise<() => Promise<void>> => {
    if (splitBy === undefined) {
      const inferred = await lake.infer(from, wish);
      return () => reportSchema(context, inferred, options);
    }
    const split = await lake.inferSplit(from, { ...wish, splitBy });
    return () => reportSplit(context, split, { ...options, splitBy });
  };
  const report = await withFolder(context, ".", infer, defined({ endpoint, region }));
  await report();
  return EXIT.done;
}

function originOf({ source }: NamedTables, { source: given, fromExport }: InferOptions): Origin {
  if (fromExport !== undefined && given === undefined) return { export: fromExport };
  if (source !== undefined && fromExport === undefined) return { source };
  throw new DynalakeError("USAGE", "a schema is inferred either from a table or from an export", {
    next: "Give --source NAME (with --endpoint URL if it is not on AWS), or --from-export PATH.",
  });
}

async function reportSchema(
  context: CommandContext,
  inferred: Inference,
  { out, force = false, dryRun = false, json }: InferOptions,
): Promise<void> {
  const { terminal } = context;
  const { schema } = inferred;
  const isWritten = out !== undefined && !dryRun;
  if (isWritten) await writeSchemaFiles(context, [{ file: out, schema }], force);
  if (json) await terminal.print(`${JSON.stringify({ ...inferred, file: isWritten ? out : undefined })}\n`);
  else if (!isWritten) await terminal.print(`${JSON.stringify(schema, null, 2)}\n`);
  terminal.note(`Inferred from ${counted(inferred.items, "item")}${isWritten ? `, written to ${out}` : ""}`);
  for (const { attribute, why } of inferred.undecided) terminal.note(`  undecided  ${attribute}: ${why}`);
  for (const sentence of inferred.notes) terminal.note(`  ${sentence}`);
}

async function reportSplit(
  context: CommandContext,
  { tables, notes }: Awaited<ReturnType<CommandLake["inferSplit"]>>,
  { out = ".", splitBy, force = false, dryRun = false, json }: InferOptions & { readonly splitBy: string },
): Promise<void> {
  const { terminal } = context;
  const files = tables.map((table) => ({ ...table, file: join(out, `${table.schema.table}.json`) }));
  await writeSchemaFiles(context, files, force, dryRun);
  const outcome = dryRun ? "planned" : "written";
  await terminal.print(
    json
      ? `${JSON.stringify({ outcome, splitBy, tables: files, notes })}\n`
      : splitText(files, splitBy, outcome),
  );
  if (json) return;
  for (const { schema, undecided } of files)
    for (const { attribute, why } of undecided)
      terminal.note(`  undecided  ${schema.table}.${attribute}: ${why}`);
  for (const sentence of [...files.flatMap((file) => file.notes), ...notes]) terminal.note(`  ${sentence}`);
}
