/** The command line. Options are declared here, work is done by the commands, each loaded only where it is asked for. */

import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { DynalakeError } from "../core/error.ts";
import { type CommandContext, EXIT, type ExitCode } from "./command.ts";
import { RESULT_FORMATS } from "./result-format.ts";
import { settingsFrom } from "./settings.ts";
import { processTerminal } from "./terminal.ts";

const terminal = processTerminal();
const interruption = new AbortController();
const context: CommandContext = {
  terminal,
  settings: settingsFrom(process.env),
  interrupted: interruption.signal,
};

/** Commands that watch `interrupted`, and end cleanly at the first interrupt. */
const ENDS_CLEANLY: ReadonlySet<string> = new Set(["run", "snapshot"]);
/** Commands that do so where they work on a deployment: statements there would go on without them, and cost. */
const END_CLEANLY_ON_STACKS: ReadonlySet<string> = new Set([
  "snapshot",
  "compact",
  "query",
  "status",
  "items",
  "replay",
  "verify",
]);
let endsCleanly = false;

/** An interrupt asks for a clean end where there is one, and the second one ends at once: nothing is lost either way. */
function onInterrupt(signal: NodeJS.Signals): void {
  if (interruption.signal.aborted || !endsCleanly) process.exit(signal === "SIGINT" ? 130 : 143);
  interruption.abort();
}

function positive(text: string): number {
  const number = Number(text);
  if (!(number > 0) || !Number.isFinite(number))
    throw new InvalidArgumentError("It must be a number above 0.");
  return number;
}

function notNegative(text: string): number {
  const number = Number(text);
  if (!(number >= 0) || !Number.isFinite(number) || text.trim() === "") {
    throw new InvalidArgumentError("It must be a number of 0 or more.");
  }
  return number;
}

function whole(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("It must be a whole number of 0 or more.");
  return Number(text);
}

function share(text: string): number {
  const number = Number(text);
  if (!(number > 0 && number <= 1)) throw new InvalidArgumentError("It must be above 0 and at most 1.");
  return number;
}

const lakeOption = (): Option => new Option("--lake <dir>", "the lake's folder").default("lake");
/** Where a command works on a deployed lake as well; `others` are its options that mean nothing there. */
const stackOption = (...others: readonly string[]): Option =>
  new Option(
    "--stack <name>",
    "a deployed stack that has the lake table in it, in place of a folder",
  ).conflicts(["lake", ...others]);
const regionOption = (): Option => new Option("--region <region>", "the stack's AWS region");
const jsonOption = (): Option => new Option("--json", "print JSON for programs");
const threadsOption = (): Option =>
  new Option("--threads <n>", "threads to work with")
    .argParser(positive)
    .default(Math.min(8, availableParallelism()));
const lakeTableOption = (): Option =>
  new Option("--table <name>", "one table of the lake; all or the only one by default");
const keyOption = (): Option =>
  new Option("--key <hash[,range]>", "the key's attributes, where the source does not tell them");
const nameOption = (): Option =>
  new Option("--name <name>", "the lake table's name; the source's by default");

function sourceOptions(command: Command): Command {
  return command
    .option("--table <name>", "the DynamoDB table")
    .option("--endpoint <url>", "an endpoint other than that of AWS")
    .option("--region <region>", "the AWS region");
}

type Action = (...args: never[]) => Promise<ExitCode>;

/** Runs a command's action and keeps its exit code. */
function ends(action: Action): (...args: unknown[]) => Promise<void> {
  return async (...args) => {
    process.exitCode = await (action as (...args: unknown[]) => Promise<ExitCode>)(...args);
  };
}

function program(): Command {
  const dynalake = new Command("dynalake")
    .description("Keeps DynamoDB tables queryable with SQL, as a copy that can be proved right.")
    .version(version())
    .showHelpAfterError("  -> Add --help for all options.")
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, "error USAGE: ")) })
    .hook("preAction", (_, command) => {
      const onStack = command.opts().stack !== undefined;
      const ends = onStack ? END_CLEANLY_ON_STACKS : ENDS_CLEANLY;
      endsCleanly = ends.has(command.name());
    });

  dynalake
    .command("demo")
    .description("watch a DynamoDB table become a lake that follows every write")
    .option("--lake <dir>", "the lake's folder; made anew", "lake/demo")
    .option("--endpoint <url>", "a DynamoDB endpoint, where no emulator can be started here")
    .action(ends(async (options) => (await import("./commands/demo.ts")).demoCommand(context, options)));

  sourceOptions(dynalake.command("infer").description("write a schema file from a sample of items"))
    .option("--from-export <dir>", "an export on this machine")
    .addOption(keyOption())
    .addOption(nameOption())
    .option("--out <file>", "where to write it; standard output by default")
    .action(ends(async (options) => (await import("./commands/infer.ts")).inferCommand(context, options)));

  sourceOptions(dynalake.command("snapshot").alias("backfill").description("take a full snapshot"))
    .addOption(lakeOption())
    .addOption(
      stackOption(
        "endpoint",
        "fromExport",
        "key",
        "name",
        "schema",
        "readShare",
        "readUnits",
        "timeLimit",
        "threads",
      ),
    )
    .option("--from-export <dir>", "an export on this machine, in place of a scan of the table")
    .addOption(keyOption())
    .addOption(nameOption())
    .option("--schema <file>", "the schema file, which may add columns; inferred by default")
    .option("--read-share <share>", "share of the table's provisioned read capacity to use", share)
    .option("--read-units <n>", "read units per second to use at most", positive)
    .option("--time-limit <seconds>", "give up after so long", positive)
    .addOption(threadsOption())
    .addOption(jsonOption())
    .action(
      ends(async (options) => (await import("./commands/snapshot.ts")).snapshotCommand(context, options)),
    );

  sourceOptions(dynalake.command("run").description("follow the stream, deliver, and compact on a schedule"))
    .addOption(lakeOption())
    .addOption(nameOption())
    .option("--schema <file>", "the schema file of a first snapshot, or one that adds columns")
    .option("--compact-every <seconds>", "seconds between compactions", positive, 60)
    .option("--no-compact", "never compact")
    .option("--once", "end when the stream was read to its end")
    .addOption(threadsOption())
    .action(ends(async (options) => (await import("./commands/run.ts")).runCommand(context, options)));

  dynalake
    .command("compact")
    .description("fold the change log now")
    .addOption(lakeOption())
    .addOption(stackOption())
    .addOption(regionOption())
    .addOption(lakeTableOption())
    .option("--all", "rewrite every part of the base that has deltas or lacks a new column")
    .option(
      "--settle-seconds <n>",
      "leave the changes of so many last seconds in the change log (0; 300 with --stack)",
      whole,
    )
    .addOption(jsonOption())
    .action(
      ends(async (options) => (await import("./commands/compact.ts")).compactCommand(context, options)),
    );

  dynalake
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
      ends(async (sql, options) => (await import("./commands/query.ts")).queryCommand(context, sql, options)),
    );

  dynalake
    .command("status")
    .description("tell rows, lag, segments, quarantine and gaps")
    .addOption(lakeOption())
    .addOption(stackOption())
    .addOption(regionOption())
    .addOption(lakeTableOption())
    .addOption(jsonOption())
    .action(ends(async (options) => (await import("./commands/status.ts")).statusCommand(context, options)));

  dynalake
    .command("items")
    .description("print the current items as DynamoDB JSON lines")
    .addOption(lakeOption())
    .addOption(stackOption())
    .addOption(regionOption())
    .addOption(lakeTableOption())
    .option("--as-of <time>", "the items as they were at a time")
    .action(ends(async (options) => (await import("./commands/items.ts")).itemsCommand(context, options)));

  dynalake
    .command("verify")
    .description("prove the lake against its source, and name every difference")
    .addOption(lakeOption())
    .addOption(stackOption("fromExport"))
    .addOption(lakeTableOption())
    .option("--from-export <dir>", "an export on this machine, in place of the table")
    .option("--endpoint <url>", "where the source is; remembered from the snapshot by default")
    .option("--region <region>", "the AWS region of the source")
    .option("--read-share <share>", "share of the table's provisioned read capacity to use", share)
    .option("--read-units <n>", "read units per second to use at most", positive)
    .option("--settle <seconds>", "how long a difference gets to settle (60; 180 with --stack)", notNegative)
    .option("--max <n>", "name so many differences at most; all are counted", notNegative, 100)
    .addOption(jsonOption())
    .action(ends(async (options) => (await import("./commands/verify.ts")).verifyCommand(context, options)));

  dynalake
    .command("replay")
    .description("feed recorded events through the same path as the stream")
    .argument(
      "<file...>",
      "Lambda events, on-failure objects, quarantine files, error files of Firehose, JSON lines of records; with --stack also s3://BUCKET/KEY or s3://BUCKET/FOLDER/ in the lake's bucket",
    )
    .addOption(lakeOption())
    .addOption(stackOption("key", "schema"))
    .addOption(regionOption())
    .addOption(keyOption())
    .addOption(nameOption())
    .option("--schema <file>", "the schema file of a new table, or one that adds columns")
    .addOption(jsonOption())
    .action(
      ends(async (files, options) =>
        (await import("./commands/replay.ts")).replayCommand(context, files, options),
      ),
    );

  dynalake
    .command("vacuum")
    .description("remove what no manifest of the retention window names")
    .addOption(lakeOption())
    .addOption(stackOption())
    .addOption(regionOption())
    .addOption(lakeTableOption())
    .option(
      "--retention-hours <n>",
      "keep manifests, and with them --as-of, for so long (168; with --stack the deployment's own)",
      notNegative,
    )
    .option("--grace-hours <n>", "leave younger files and manifests alone (24)", notNegative)
    .addOption(jsonOption())
    .action(ends(async (options) => (await import("./commands/vacuum.ts")).vacuumCommand(context, options)));

  return dynalake;
}

function version(): string {
  const file = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(file) as { readonly version: string }).version;
}

function report(error: unknown): ExitCode {
  terminal.settle();
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  if (error instanceof DynalakeError) {
    terminal.note(`error ${error.code}: ${error.message}\n  -> ${error.next}`);
    return error.code === "USAGE" ? EXIT.usage : EXIT.failed;
  }
  terminal.note(`error INTERNAL: ${error instanceof Error ? error.stack : String(error)}`);
  return EXIT.failed;
}

process.on("SIGINT", onInterrupt);
process.on("SIGTERM", onInterrupt);
// A reader that has seen enough (`dynalake items | head`) is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  process.exit(error.code === "EPIPE" ? EXIT.done : EXIT.failed);
});

// Whoever reads the notes may go away; the work goes on.
process.stderr.on("error", () => undefined);

try {
  await program().parseAsync();
} catch (error) {
  process.exitCode = report(error);
}
