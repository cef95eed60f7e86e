/** `dynalake infer`: writes a schema file from items, and says what it could not decide. */
import { open } from "node:fs/promises";
import { counted } from "../../core/counted.ts";
import { defined } from "../../core/defined.ts";
import { DynalakeError } from "../../core/error.ts";
import { fileError, systemCode } from "../../files/file-error.ts";
import type { Origin } from "../../index.ts";
import { type CommandContext, EXIT, type ExitCode } from "../context/command.ts";
import { type NamedTables, namedTables } from "../context/named-tables.ts";
import { withFolder } from "../context/opened.ts";
import { parseKeyOption } from "../options/key-option.ts";

export interface InferOptions {
  readonly source?: string;
  readonly table?: string;
  readonly endpoint?: string;
  readonly region?: string;
  readonly fromExport?: string;
  readonly key?: string;
  readonly name?: string;
  readonly sample?: number;
  readonly out?: string;
}

export async function inferCommand(context: CommandContext, options: InferOptions): Promise<ExitCode> {
  const named = namedTables(context, options);
  const from = originOf(named, options);
  const { name } = named;
  const { endpoint, region, sample, out } = options;
  const wish = defined({ name, sample, key: parseKeyOption(options.key) });
  // A schema is inferred from its source alone: the lake's folder is not touched.
  const inferred = await withFolder(
    context,
    ".",
    (lake) => lake.infer(from, wish),
    defined({ endpoint, region }),
  );
  const text = `${JSON.stringify(inferred.schema, null, 2)}\n`;
  const { terminal } = context;
  if (out === undefined) await terminal.print(text);
  else await writeNew(out, context.absolute(out), text);
  const written = out === undefined ? "" : `, written to ${out}`;
  terminal.note(`Inferred from ${counted(inferred.items, "item")}${written}`);
  for (const { attribute, why } of inferred.undecided) terminal.note(`  undecided  ${attribute}: ${why}`);
  for (const sentence of inferred.notes) terminal.note(`  ${sentence}`);
  return EXIT.done;
}

function originOf({ source }: NamedTables, { source: given, fromExport }: InferOptions): Origin {
  if (fromExport !== undefined && given === undefined) return { export: fromExport };
  if (source !== undefined && fromExport === undefined) return { source };
  throw new DynalakeError("USAGE", "a schema is inferred either from a table or from an export", {
    next: "Give --source NAME (with --endpoint URL if it is not on AWS), or --from-export DIR.",
  });
}

/** Never replaces a file: a schema may have been edited by hand. */
async function writeNew(name: string, path: string, text: string): Promise<void> {
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
