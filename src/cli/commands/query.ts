/** `dynalake query "SELECT ..."`. */

import { chosenSchemas } from "../../core/table/chosen-schemas.ts";
import { folderStore } from "../../files/folder-store.ts";
import { type CommandContext, EXIT, type ExitCode } from "../command.ts";
import { type LakeOptions, lakeTarget } from "../lake-target.ts";
import { type ResultFormat, resultWriter } from "../result-format.ts";
import { runQuery } from "../run-query.ts";
import { parseTime } from "../time-option.ts";

export interface QueryOptions extends LakeOptions {
  readonly format: ResultFormat;
  readonly asOf?: string;
}

export async function queryCommand(
  context: CommandContext,
  sql: string,
  options: QueryOptions,
): Promise<ExitCode> {
  const target = lakeTarget(options);
  if (target.kind === "stack")
    return (await import("../stack/query.ts")).queryOnStack(context, target, sql, options);
  const folder = context.absolute(options.lake);
  const schemas = await chosenSchemas(folderStore(folder), options.lake, undefined);
  const writer = resultWriter(options.format);
  const { terminal } = context;
  const asOf = options.asOf === undefined ? {} : { asOfSeconds: parseTime(options.asOf) };
  await runQuery(
    folder,
    { schemas, sql, ...asOf },
    {
      begin: (columns) => terminal.print(writer.begin(columns)),
      rows: (rows) => terminal.print(writer.rows(rows)),
    },
  );
  await terminal.print(writer.end());
  return EXIT.done;
}
