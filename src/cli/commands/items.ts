/** `dynalake items`: the current items as DynamoDB JSON lines, the format that DynamoDB's own import reads. */
import type { TableSchema } from "../../index.ts";
import { type CommandContext, EXIT, type ExitCode } from "../context/command.ts";
import { asOfOption, givenTime } from "../context/given-time.ts";
import { withFolder, withStack } from "../context/opened.ts";
import type { Terminal } from "../context/terminal.ts";
import { type LakeOptions, lakeTarget, onlyTable } from "../options/lake-target.ts";

export interface ItemsOptions extends LakeOptions {
  readonly table?: string;
  readonly asOf?: string;
}

export async function itemsCommand(context: CommandContext, options: ItemsOptions): Promise<ExitCode> {
  const asOfSeconds = options.asOf === undefined ? undefined : givenTime(context, options.asOf);
  const target = lakeTarget(options);
  const { terminal } = context;
  if (target.kind === "stack") {
    return withStack(context, target, async (stack) => {
      const { deployedItems } = await import("../../stack/items.ts");
      const deployment = onlyTable(stack.tables(options.table), ({ table }) => table);
      const { schema, lines } = await deployedItems(stack, deployment, asOfSeconds);
      return printItems(terminal, schema, lines);
    });
  }
  return withFolder(context, options.lake, async (lake) => {
    const table = onlyTable(await lake.opened(options.table), ({ name }) => name);
    return printItems(terminal, await table.schema(), table.items(asOfOption(asOfSeconds)).lines());
  });
}

async function printItems(
  terminal: Terminal,
  schema: TableSchema,
  lines: AsyncIterable<string>,
): Promise<ExitCode> {
  const hidden = hiddenAttributes(schema);
  if (hidden.length > 0) terminal.note(`Masked attributes are left out: ${hidden.join(", ")}`);
  for await (const text of lines) await terminal.print(text);
  return EXIT.done;
}

/** Hashed ones first, since there is a column of them. */
function hiddenAttributes({ attributes }: TableSchema): readonly string[] {
  const masked = (mask: "sha256" | "drop"): readonly string[] =>
    Object.keys(attributes).filter((name) => attributes[name]?.mask === mask);
  return [...masked("sha256"), ...masked("drop")];
}
