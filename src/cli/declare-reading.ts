/** The commands that read a lake: what they take, and what carries them out. */
import { type Command, Option } from "commander";
import {
  anyLakeOptions,
  confirmAboveOption,
  jsonOption,
  lakeOption,
  lakeTableOption,
  oneTableOption,
  oneTableOptions,
  regionOption,
  stackOption,
  workGroupOption,
} from "./options/common-options.ts";
import { listOf, notNegative, port, positive, share } from "./options/option-values.ts";
import { EXPORT_FORMATS, RESULT_FORMATS } from "./options/result-formats.ts";
import type { Declare, Runs } from "./runs.ts";

/** $0.05 by the price of us-east-1. */
const CONFIRM_ABOVE_GB = 10;

export const readingCommands: readonly Declare[] = [
  query,
  sql,
  ui,
  exportTable,
  status,
  schema,
  items,
  verify,
  restore,
];

function query(program: Command, runs: Runs): void {
  program
    .command("query")
    .description("run SQL over the lake's tables")
    .argument("[sql]", "a statement that reads; - for statements from standard input")
    .option("-f, --file <file>", "statements from a file, in place of an argument")
    .addOption(lakeOption())
    .addOption(stackOption())
    .addOption(regionOption())
    .addOption(workGroupOption())
    .addOption(
      new Option(
        "--format <format>",
        "how to print the rows; a table by default, and with --out as the file is named",
      ).choices(RESULT_FORMATS),
    )
    .option("--out <file>", "write the rows to a file")
    .option("--overwrite", "replace that file")
    .option(
      "--as-of <time>",
      "the tables as they were at a time, such as 2026-11-23T05:00:00Z, yesterday or 2h",
    )
    .option("--execution <id>", "of a stack: the rows of a statement that Athena has run, by its id")
    .action(
      runs(async (context, sql, options) =>
        (await import("./commands/query.ts")).queryCommand(context, sql, options),
      ),
    );
}

function sql(program: Command, runs: Runs): void {
  program
    .command("sql")
    .description("a prompt for SQL over the lake's tables")
    .addOption(lakeOption())
    .option(
      "--as-of <time>",
      "the tables as they were at a time, such as 2026-11-23T05:00:00Z, yesterday or 2h",
    )
    .action(
      runs(async (context, options) => (await import("./commands/sql.ts")).sqlCommand(context, options)),
    );
}

function ui(program: Command, runs: Runs): void {
  program
    .command("ui")
    .description("show the lake on a page of this machine, with a SQL console")
    .addOption(lakeOption())
    .addOption(stackOption())
    .addOption(workGroupOption())
    .addOption(regionOption())
    .option(
      "--confirm-above <gigabytes>",
      "of a stack: ask before a statement that may read more",
      notNegative,
      CONFIRM_ABOVE_GB,
    )
    .option("--port <n>", "the port of the page on this machine", port, 4747)
    .option("--no-open", "do not open a browser")
    .option(
      "--allowed-host <name...>",
      "other names by which a tunnel or a proxy reaches the page; localhost and 127.0.0.1 always work",
    )
    .action(runs(async (context, options) => (await import("./commands/ui.ts")).uiCommand(context, options)));
}

function exportTable(program: Command, runs: Runs): void {
  program
    .command("export")
    .description("write a table as plain files that other tools open")
    .requiredOption("--out <dir>", "the folder, which is made")
    .addOption(lakeOption())
    .addOption(stackOption())
    .addOption(workGroupOption())
    .addOption(regionOption())
    .addOption(oneTableOption())
    .addOption(
      new Option("--format <format>", "the form of the files").choices(EXPORT_FORMATS).default("parquet"),
    )
    .option("--as-of <time>", "the table as it was at a time")
    .option("--history", "every change, in place of the current state")
    .option("--metadata", "add the columns of dynalake: _op, _version, _changed_at, _expired, _unmapped")
    .option("--partition-by <columns>", "folders by the values of these columns, such as country,day", listOf)
    .option("--excel", "with csv: so that Excel opens it as it is")
    .option("--overwrite", "replace a folder that an export has made")
    .option("--dry-run", "say what would be written, and do nothing")
    .addOption(confirmAboveOption())
    .addOption(jsonOption())
    .action(
      runs(async (context, options) =>
        (await import("./commands/export.ts")).exportCommand(context, options),
      ),
    );
}

function items(program: Command, runs: Runs): void {
  oneTableOptions(program.command("items").description("print the current items as DynamoDB JSON lines"))
    .addOption(workGroupOption())
    .option("--as-of <time>", "the items as they were at a time")
    .action(
      runs(async (context, options) => (await import("./commands/items.ts")).itemsCommand(context, options)),
    );
}

function status(program: Command, runs: Runs): void {
  anyLakeOptions(
    program.command("status").description("show rows, lag, segments, quarantine and gaps"),
    "followedWithin",
  )
    .option("--followed-within <seconds>", "no run for so long is a state of health: unfollowed", positive)
    .option("--watch", "show it again every two seconds, until an interrupt")
    .addOption(jsonOption())
    .action(
      runs(async (context, options) =>
        (await import("./commands/status.ts")).statusCommand(context, options),
      ),
    );
}

function schema(program: Command, runs: Runs): void {
  const schemas = program
    .command("schema")
    .description("a table's schema: what it leaves out, and changes of it");
  schemas
    .command("drift")
    .description("list the values that SQL does not show, with the line for the schema file")
    .addOption(lakeOption())
    .addOption(stackOption())
    .addOption(workGroupOption())
    .addOption(regionOption())
    .addOption(lakeTableOption())
    .option("--exact", "count the table as it is now: on a stack by statements in Athena, in a folder always")
    .addOption(jsonOption())
    .action(
      runs(async (context, options) => (await import("./commands/schema.ts")).driftCommand(context, options)),
    );
  schemas
    .command("diff")
    .description("say what a schema file would change of its table")
    .argument("<file>", "a schema file")
    .addOption(lakeOption())
    .addOption(stackOption())
    .addOption(regionOption())
    .option("--table <name>", "the table of the lake; by default the one that the file describes")
    .addOption(jsonOption())
    .action(
      runs(async (context, file, options) =>
        (await import("./commands/schema.ts")).diffCommand(context, file, options),
      ),
    );
  schemas
    .command("apply")
    .description(
      "make a schema file the schema of its table: new columns, wider types, other names, hidden columns",
    )
    .argument("<file>", "a schema file")
    .addOption(lakeOption())
    // Refused there, with what to do instead.
    .addOption(stackOption().hideHelp())
    .addOption(regionOption().hideHelp())
    .option("--table <name>", "the table of the lake; by default the one that the file describes")
    .option("--dry-run", "say what would be done, and do nothing")
    .addOption(jsonOption())
    .action(
      runs(async (context, file, options) =>
        (await import("./commands/schema.ts")).applyCommand(context, file, options),
      ),
    );
}

function verify(program: Command, runs: Runs): void {
  program
    .command("verify")
    .description("compare the lake with its source, and list every difference")
    .addOption(lakeOption())
    .addOption(stackOption("fromExport"))
    .addOption(lakeTableOption())
    .option("--from-export <dir>", "an export on this machine, in place of the table")
    .option("--endpoint <url>", "the source's endpoint; by default the snapshot's")
    .option("--region <region>", "the AWS region of the source")
    .addOption(workGroupOption())
    .option("--read-share <share>", "share of the table's provisioned read capacity to use", share)
    .option("--read-units <n>", "read units per second to use at most", positive)
    .option("--settle <seconds>", "how long a difference gets to settle (60; 180 with --stack)", notNegative)
    .option("--max <n>", "list at most n differences; all are counted", notNegative, 100)
    .addOption(jsonOption())
    .action(
      runs(async (context, options) =>
        (await import("./commands/verify.ts")).verifyCommand(context, options),
      ),
    );
}

function restore(program: Command, runs: Runs): void {
  program
    .command("restore")
    .description("put the items of now, or of a time, into a table of DynamoDB, and compare them")
    .requiredOption("--to <name>", "the table that is filled; made like the source if there is none")
    .addOption(lakeOption())
    .addOption(stackOption())
    .addOption(workGroupOption())
    .addOption(oneTableOption())
    .addOption(
      new Option(
        "--to-s3 <address>",
        "write files to s3://bucket/prefix, from which DynamoDB's import makes the table",
      ).conflicts(["overwrite", "intoSource", "writeUnits", "ttl", "max"]),
    )
    .addOption(
      new Option("--verify", "compare the table of --to with the items, and write nothing").conflicts([
        ...["toS3", "like", "overwrite", "incomplete", "intoSource", "writeUnits", "ttl", "dryRun"],
      ]),
    )
    .option("--as-of <time>", "the items as they were at a time")
    .option("--like <file>", "the answer of `aws dynamodb describe-table`, to make the table like that")
    .option("--overwrite", "replace items whose keys are in the table; by default they stay")
    .option("--incomplete", "restore what there is of a lake table that may lack something")
    .option("--into-source", "fill the lake table's own source: each item comes back by its stream")
    .option("--write-units <n>", "write units per second to use at most", positive)
    .option("--ttl <attribute>", "let items expire by this attribute once all are there")
    .option("--endpoint <url>", "the endpoint; by default the source's")
    .option("--region <region>", "the AWS region, also of the stack; by default the source's")
    .option("--work-dir <dir>", "with --stack: where the items lie until they are restored", ".dynalake")
    .addOption(confirmAboveOption())
    .option("--max <n>", "list at most n differences; all are counted", notNegative, 100)
    .option("--dry-run", "say what would be done, and do nothing")
    .addOption(jsonOption())
    .action(
      runs(async (context, options) =>
        (await import("./commands/restore.ts")).restoreCommand(context, options),
      ),
    );
}
