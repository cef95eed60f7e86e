/** The commands that keep a lake small, cheap and whole: what they take, and what carries them out. */
import { Argument, type Command, Option } from "commander";
import {
  anyLakeOptions,
  jsonOption,
  lakeTableOption,
  oneTableOptions,
  partialOption,
  regionOption,
} from "./options/common-options.ts";
import type { KnownSetting } from "./options/known-settings.ts";
import { notNegative, positive, whole } from "./options/option-values.ts";
import { SHELLS } from "./reports/completion-script.ts";
import type { Declare, Runs } from "./runs.ts";

export const upkeepCommands: readonly Declare[] = [
  compact,
  vacuum,
  quarantine,
  cost,
  doctor,
  config,
  completion,
];

function compact(program: Command, runs: Runs): void {
  anyLakeOptions(program.command("compact").description("fold the change log now"))
    .option("--all", "rewrite every part of the base that has deltas or lacks a new column")
    .option(
      "--settle-seconds <n>",
      "leave changes from the last n seconds in the change log (0; 300 with --stack)",
      whole,
    )
    .addOption(jsonOption())
    .action(
      runs(async (context, options) =>
        (await import("./commands/compact.ts")).compactCommand(context, options),
      ),
    );
}

function vacuum(program: Command, runs: Runs): void {
  anyLakeOptions(
    program.command("vacuum").description("delete files that no commit of the retention time uses"),
  )
    .option(
      "--retention-hours <n>",
      "keep manifests, and with them --as-of, for this long (168; with --stack the deployment's own)",
      notNegative,
    )
    .option("--grace-hours <n>", "leave younger files and manifests alone (24)", notNegative)
    .option("--dry-run", "say what would be deleted, and do nothing")
    .addOption(jsonOption())
    .action(
      runs(async (context, options) =>
        (await import("./commands/vacuum.ts")).vacuumCommand(context, options),
      ),
    );
}

function cost(program: Command, runs: Runs): void {
  program
    .command("cost")
    .description("estimate what a table costs on AWS in a month, per resource")
    .option("--source <name>", "take the size and the write rate from this DynamoDB table")
    .option("--endpoint <url>", "a DynamoDB endpoint other than AWS, which has no write rate")
    .addOption(regionOption())
    .option("--writes-per-second <n>", "writes of items, averaged over a month (0)", notNegative)
    .option("--table-gb <n>", "the size of the source table in GB (0)", notNegative)
    .option("--item-bytes <n>", "the mean size of an item (1000)", positive)
    .option("--lake-tables <n>", "lake tables of the source (1)", positive)
    .option("--buckets <n>", "parts of the base; by default as many as a snapshot makes", positive)
    .option("--compact-every <minutes>", "minutes between compactions (15); 0: never", notNegative)
    .option("--snapshot-every <days>", "days between snapshots (0); 0: never", notNegative)
    .option(
      "--snapshots-kept <n>",
      "how many snapshots stay (1); those of the first month are counted",
      positive,
    )
    .option("--buffer-time <seconds>", "Firehose's buffer (60)", positive)
    .option("--batch-window <seconds>", "the window of a batch of the stream (5)", positive)
    .option("--retention-hours <n>", "how long past states are kept (168)", notNegative)
    .option("--undelete-days <n>", "how long deleted objects can be recovered (7)", notNegative)
    .option("--own-key", "the lake has a key of its own")
    .option("--no-alarms", "without alarms")
    .option("--no-dashboard", "without the dashboard")
    .addOption(jsonOption())
    .action(
      runs(async (context, options) => (await import("./commands/cost.ts")).costCommand(context, options)),
    );
}

function quarantine(program: Command, runs: Runs): void {
  const quarantined = program.command("quarantine").description("records that could not be delivered");
  const reason = (): Option => new Option("--reason <reason>", "only those with this reason");
  anyLakeOptions(quarantined.command("list").description("count them by table and reason"))
    .addOption(reason())
    .addOption(jsonOption())
    .action(
      runs(async (context, options) =>
        (await import("./commands/quarantine.ts")).listCommand(context, options),
      ),
    );
  anyLakeOptions(
    quarantined.command("show").description("show the records, the newest first, without their values"),
  )
    .addOption(reason())
    .option("--values", "show the values too, also those that the schema masks")
    .option("--limit <n>", "show at most n records", whole, 20)
    .addOption(jsonOption())
    .action(
      runs(async (context, options) =>
        (await import("./commands/quarantine.ts")).showCommand(context, options),
      ),
    );
  oneTableOptions(
    quarantined
      .command("replay")
      .alias("repair")
      .description("deliver those whose cause is repaired; the others stay"),
  )
    .addOption(reason())
    .addOption(partialOption())
    .option("--dry-run", "say what would be delivered, and do nothing")
    .addOption(jsonOption())
    .action(
      runs(async (context, options) =>
        (await import("./commands/quarantine.ts")).replayQuarantineCommand(context, options),
      ),
    );
  oneTableOptions(
    quarantined
      .command("drop")
      .description("delete them for good: their changes are a gap, until a later snapshot"),
  )
    .addOption(reason())
    .option("--dry-run", "say what would be deleted, and do nothing")
    .addOption(jsonOption())
    .action(
      runs(async (context, options) =>
        (await import("./commands/quarantine.ts")).dropCommand(context, options),
      ),
    );
}

function doctor(program: Command, runs: Runs): void {
  program
    .command("doctor")
    .description("check on a deployment what dynalake relies on")
    .option("--stack <name>", "a deployed stack with the lake table")
    .option("--write", "also try it out, on a table of the doctor's own; otherwise it only reads")
    .addOption(regionOption())
    .addOption(lakeTableOption())
    .addOption(jsonOption())
    .action(
      runs(async (context, options) =>
        (await import("./commands/doctor.ts")).doctorCommand(context, options),
      ),
    );
}

function config(program: Command, runs: Runs): void {
  const defaultOf = ({ command, option }: KnownSetting): unknown =>
    program.commands
      .find((one) => one.name() === command)
      ?.options.find((one) => one.attributeName() === option)?.defaultValue;
  program
    .command("config")
    .description("show which settings hold, and what sets them")
    .addOption(jsonOption())
    .action(
      runs(async (context, options) =>
        (await import("./commands/config.ts")).configCommand(context, options, defaultOf),
      ),
    );
}

function completion(program: Command, runs: Runs): void {
  program
    .command("completion")
    .description("print a script that completes commands and options in a shell")
    .addArgument(new Argument(`<${SHELLS.join("|")}>`, "the shell").choices(SHELLS))
    .action(
      runs(async (context, shell, options, command) =>
        (await import("./commands/completion.ts")).completionCommand(context, shell, options, command),
      ),
    );
}
