/** The commands that show what is in a lake, and their options. */
import { type Command, Option } from "commander";
import {
  jsonOption,
  lakeOption,
  lakeTableOption,
  regionOption,
  stackOption,
} from "./options/common-options.ts";
import { positive, whole } from "./options/option-values.ts";
import { RESULT_FORMATS } from "./options/result-formats.ts";
import type { Runs } from "./runs.ts";

export function query(program: Command, runs: Runs): void {
  program
    .command("query")
    .description("run one SQL statement over the lake's tables")
    .argument("<sql>", "a statement that reads")
    .addOption(lakeOption())
    .addOption(stackOption())
    .addOption(regionOption())
    .addOption(
      new Option("--format <format>", "how to print the rows").choices(RESULT_FORMATS).default("table"),
    )
    .option("--as-of <time>", "the tables as they were at a time, such as 2026-11-23T05:00:00Z")
    .action(
      runs(async (context, sql, options) =>
        (await import("./commands/query.ts")).queryCommand(context, sql, options),
      ),
    );
}

export function ui(program: Command, runs: Runs): void {
  program
    .command("ui")
    .description("show the lake on a page of this machine, with a SQL console")
    .addOption(lakeOption())
    .option("--port <n>", "the port of the page on this machine", whole, 4747)
    .option("--no-open", "do not open a browser")
    .option(
      "--allowed-host <name...>",
      "other names by which a tunnel or a proxy reaches the page; localhost and 127.0.0.1 always work",
    )
    .action(runs(async (context, options) => (await import("./commands/ui.ts")).uiCommand(context, options)));
}

export function status(program: Command, runs: Runs): void {
  program
    .command("status")
    .description("show rows, lag, segments, quarantine and gaps")
    .addOption(lakeOption())
    .addOption(stackOption("followedWithin"))
    .addOption(regionOption())
    .addOption(lakeTableOption())
    .option("--followed-within <seconds>", "no run for so long is a state of health: unfollowed", positive)
    .option("--watch", "show it again every two seconds, until an interrupt")
    .addOption(jsonOption())
    .action(
      runs(async (context, options) =>
        (await import("./commands/status.ts")).statusCommand(context, options),
      ),
    );
}

export function items(program: Command, runs: Runs): void {
  program
    .command("items")
    .description("print the current items as DynamoDB JSON lines")
    .addOption(lakeOption())
    .addOption(stackOption())
    .addOption(regionOption())
    .addOption(lakeTableOption())
    .option("--as-of <time>", "the items as they were at a time")
    .action(
      runs(async (context, options) => (await import("./commands/items.ts")).itemsCommand(context, options)),
    );
}
