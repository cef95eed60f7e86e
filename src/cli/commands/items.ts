/** `dynalake items`: the current items as DynamoDB JSON lines, the format that DynamoDB's own import reads. */
import { linesOfItems } from "../../core/overlay/items.ts";
import { type CommandContext, EXIT, type ExitCode } from "../command.ts";
import { type LakeOptions, lakeTarget } from "../lake-target.ts";
import { oneTable, openTarget } from "../opened-lake.ts";
import { parseTime } from "../time-option.ts";

export interface ItemsOptions extends LakeOptions {
  readonly table?: string;
  readonly asOf?: string;
}

export async function itemsCommand(context: CommandContext, options: ItemsOptions): Promise<ExitCode> {
  const asOfSeconds = options.asOf === undefined ? undefined : parseTime(options.asOf);
  const lake = await openTarget(context, lakeTarget(options));
  try {
    const table = await oneTable(lake, options.table);
    const { columns, dropped } = table.schema;
    const masked = columns.filter((column) => column.masked).map((column) => column.attribute);
    const hidden = [...masked, ...dropped];
    if (hidden.length > 0) context.terminal.note(`Masked attributes are left out: ${hidden.join(", ")}`);
    for await (const items of table.items(asOfSeconds)) await context.terminal.print(linesOfItems(items));
    return EXIT.done;
  } finally {
    await lake.close();
  }
}
