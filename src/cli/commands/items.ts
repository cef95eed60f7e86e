/** `dynalake items`: the current items as DynamoDB JSON lines, the format that DynamoDB's own import reads. */
import { itemLines } from "../../embedded/items.ts";
import { openLake } from "../../embedded/lake.ts";
import { type CommandContext, EXIT, type ExitCode } from "../command.ts";
import { oneSchema } from "../lake-choice.ts";
import { parseTime } from "../time-option.ts";

export interface ItemsOptions {
  readonly lake: string;
  readonly table?: string;
  readonly asOf?: string;
}

export async function itemsCommand(context: CommandContext, options: ItemsOptions): Promise<ExitCode> {
  const lake = await openLake(options.lake);
  try {
    const schema = await oneSchema(lake.store, options.lake, options.table);
    const masked = schema.columns.filter((column) => column.masked).map((column) => column.attribute);
    const hidden = [...masked, ...schema.dropped];
    if (hidden.length > 0) context.terminal.note(`Masked attributes are left out: ${hidden.join(", ")}`);
    const asOfSeconds = options.asOf === undefined ? undefined : parseTime(options.asOf);
    for await (const lines of itemLines(lake, schema, asOfSeconds)) await context.terminal.print(lines);
    return EXIT.done;
  } finally {
    await lake.close();
  }
}
