/** The commands that keep a lake small: what they take, and what carries them out. */
import type { Command } from "commander";
import {
  jsonOption,
  lakeOption,
  lakeTableOption,
  regionOption,
  stackOption,
} from "./options/common-options.ts";
import { notNegative, whole } from "./options/option-values.ts";
import type { Declare, Runs } from "./runs.ts";

export const upkeepCommands: readonly Declare[] = [compact, vacuum];

function compact(program: Command, runs: Runs): void {
  program
    .command("compact")
    .description("fold the change log now")
    .addOption(lakeOption())
    .addOption(stackOption())
    .addOption(regionOption())
    .addOption(lakeTableOption())
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
  program
    .command("vacuum")
    .description("delete files that no commit of the retention time uses")
    .addOption(lakeOption())
    .addOption(stackOption())
    .addOption(regionOption())
    .addOption(lakeTableOption())
    .option(
      "--retention-hours <n>",
      "keep manifests, and with them --as-of, for this long (168; with --stack the deployment's own)",
      notNegative,
    )
    .option("--grace-hours <n>", "leave younger files and manifests alone (24)", notNegative)
    .addOption(jsonOption())
    .action(
      runs(async (context, options) =>
        (await import("./commands/vacuum.ts")).vacuumCommand(context, options),
      ),
    );
}
