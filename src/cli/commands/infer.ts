/** `dynalake infer`: writes a schema file from a sample, and says what it could not decide. */
import { open } from "node:fs/promises";
import { DynalakeError } from "../../core/error.ts";
import { exportedTable } from "../../core/exports/export-manifest.ts";
import { inferenceOf, inferredSchema, observe } from "../../core/infer/infer.ts";
import { parseSchema, tableName } from "../../core/schema/schema.ts";
import type { Item } from "../../core/values/attribute-value.ts";
import type { KeySchema } from "../../core/values/key.ts";
import { openExport } from "../../embedded/exports/export-folder.ts";
import { sampleExport } from "../../embedded/exports/sample-export.ts";
import { parseKeyOption } from "../../embedded/schemas/schema-choice.ts";
import { fileError, systemCode } from "../../files/file-error.ts";
import { describeSource } from "../../source/describe-source.ts";
import { sampleTable } from "../../source/sample-table.ts";
import { connectSource } from "../../source/source-connection.ts";
import { type CommandContext, EXIT, type ExitCode, type GivenFile, givenFile } from "../command.ts";
import { keySchemaOf } from "./snapshot.ts";

export interface InferOptions {
  readonly table?: string;
  readonly endpoint?: string;
  readonly region?: string;
  readonly fromExport?: string;
  readonly key?: string;
  readonly name?: string;
  readonly out?: string;
}

export async function inferCommand(context: CommandContext, options: InferOptions): Promise<ExitCode> {
  if ((options.table === undefined) === (options.fromExport === undefined)) {
    throw new DynalakeError("USAGE", "a schema is inferred either from a table or from an export", {
      next: "Give --table NAME (with --endpoint URL where it is not on AWS), or --from-export DIR.",
    });
  }
  const sample =
    options.table === undefined
      ? await exportSample(context, options, options.fromExport as string)
      : await tableSample(context, options, options.table);
  const inference = inferenceOf();
  for (const item of sample.items) observe(inference, item);
  const table = tableName(options.name ?? sample.source);
  const { file, undecided, notes } = inferredSchema(inference, {
    table,
    source: sample.source,
    key: sample.key,
  });
  parseSchema(file, "the inferred schema");
  const text = `${JSON.stringify(file, null, 2)}\n`;
  if (options.out === undefined) await context.terminal.print(text);
  else await writeNew(givenFile(context, options.out), text);
  context.terminal.note(
    `Inferred from ${sample.items.length.toLocaleString("en-US")} items${options.out === undefined ? "" : `, written to ${options.out}`}`,
  );
  for (const { attribute, why } of undecided) context.terminal.note(`  undecided  ${attribute}: ${why}`);
  for (const sentence of notes) context.terminal.note(`  ${sentence}`);
  return EXIT.done;
}

interface Sample {
  readonly items: readonly Item[];
  readonly key: KeySchema;
  readonly source: string;
}

async function exportSample(
  context: CommandContext,
  options: InferOptions,
  exported: string,
): Promise<Sample> {
  const folder = await openExport(context.absolute(exported));
  const key = parseKeyOption(options.key);
  if (key === undefined) {
    throw new DynalakeError("USAGE", "an export does not say which attributes are its key", {
      next: "Give --key HASH or --key HASH,RANGE.",
    });
  }
  const source = exportedTable(folder.summary) ?? options.name;
  if (source === undefined)
    throw new DynalakeError("USAGE", "the export does not tell its table's name: give --name");
  return { items: await sampleExport(folder), key, source };
}

async function tableSample(context: CommandContext, options: InferOptions, table: string): Promise<Sample> {
  const connection = connectSource({
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
    ...(options.region === undefined ? {} : { region: options.region }),
    environment: context.settings.environment,
  });
  try {
    const key = keySchemaOf(await describeSource(connection, table));
    return { items: await sampleTable(connection, table), key, source: table };
  } finally {
    connection.close();
  }
}

/** Never replaces a file: a schema may have been edited by hand. */
async function writeNew({ name, path }: GivenFile, text: string): Promise<void> {
  try {
    const handle = await open(path, "wx");
    await handle.writeFile(text);
    await handle.close();
  } catch (error) {
    if (systemCode(error) === "EEXIST") {
      throw new DynalakeError("USAGE", `${name} exists already`, {
        next: "Give another --out, or remove the file first.",
      });
    }
    throw fileError(error, name);
  }
}
