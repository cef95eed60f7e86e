/** The commands and their options. A command's work is loaded only when it is asked for. */
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { Command, Option } from "commander";
import type { CliIo } from "./context/cli-io.ts";
import type { CommandContext, ExitCode } from "./context/command.ts";
import { notNegative, positive, share, whole } from "./options/option-values.ts";
import { RESULT_FORMATS } from "./options/result-formats.ts";

/** The commands that end cleanly at an interrupt. */
const ENDS_CLEANLY: ReadonlySet<string> = new Set(["run", "snapshot"]);
/** The commands that do so on a deployment, where their statements would otherwise go on, and cost. */
const END_CLEANLY_ON_STACKS: ReadonlySet<string> = new Set([
  "snapshot",
  "compact",
  "query",
  "status",
  "items",
  "replay",
  "verify",
]);

/** What happens as a command line is carried out. */
export interface ProgramEvents {
  /** Before the command begins. `endsCleanly`: it watches for an interrupt and ends by itself. */
  readonly onCommand: (command: { readonly endsCleanly: boolean }) => void;
  readonly onExit: (code: ExitCode) => void;
}

/** A command's work, given what every command gets. */
type Work = (context: CommandContext, ...args: never[]) => Promise<ExitCode>;
/** Makes it what commander calls. */
type Runs = (work: Work) => (...args: unknown[]) => Promise<void>;

/** The program, which throws CommanderError in place of exiting. */
export function program(io: CliIo, context: CommandContext, { onCommand, onExit }: ProgramEvents): Command {
  const runs: Runs =
    (work) =>
    async (...args) =>
      onExit(await (work as (...all: unknown[]) => Promise<ExitCode>)(context, ...args));
  const dynalake = new Command("dynalake")
    .description("Keeps DynamoDB tables queryable with SQL, as a copy that can be proved right.")
    .version(version())
    .showHelpAfterError("  -> Add --help for all options.")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      outputError: (text, write) => write(text.replace(/^error: /, "error USAGE: ")),
      getOutHelpWidth: () => helpWidth(io.stdout),
      getErrHelpWidth: () => helpWidth(io.stderr),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .hook("preAction", (_, command) => {
      const onStack = command.opts().stack !== undefined;
      const endCleanly = onStack ? END_CLEANLY_ON_STACKS : ENDS_CLEANLY;
      onCommand({ endsCleanly: endCleanly.has(command.name()) });
    });
  // In the order of the help.
  const declarations = [demo, infer, snapshot, run, compact, query, status, items, verify, replay, vacuum];
  for (const declare of declarations) declare(dynalake, runs);
  return dynalake;
}

/** Without a terminal commander takes 80 characters. */
function helpWidth({ isTTY, columns }: CliIo["stdout"]): number {
  return (isTTY === true ? columns : undefined) ?? 80;
}

const lakeOption = (): Option => new Option("--lake <dir>", "the lake's folder").default("lake");
/** Where a command works on a deployed lake as well; `others` are its options that mean nothing there. */
const stackOption = (...others: readonly string[]): Option =>
  new Option(
    "--stack <name>",
    "a deployed stack that has the lake table in it, in place of a folder",
  ).conflicts(["lake", ...others]); // breakage: stack-options-conflict
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

function demo(program: Command, runs: Runs): void {
  program
    .command("demo")
    .description("watch a DynamoDB table become a lake that follows every write")
    .option("--lake <dir>", "the lake's folder; made anew", "lake/demo")
    .option("--endpoint <url>", "a DynamoDB endpoint, where no emulator can be started here")
    .action(
      runs(async (context, options) => (await import("./commands/demo.ts")).demoCommand(context, options)),
    );
}

function infer(program: Command, runs: Runs): void {
  sourceOptions(program.command("infer").description("write a schema file from a sample of items"))
    .option("--from-export <dir>", "an export on this machine")
    .addOption(keyOption())
    .addOption(nameOption())
    .option("--out <file>", "where to write it; standard output by default")
    .action(
      runs(async (context, options) => (await import("./commands/infer.ts")).inferCommand(context, options)),
    );
}

function snapshot(program: Command, runs: Runs): void {
  sourceOptions(program.command("snapshot").alias("backfill").description("take a full snapshot"))
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
      runs(async (context, options) =>
        (await import("./commands/snapshot.ts")).snapshotCommand(context, options),
      ),
    );
}

function run(program: Command, runs: Runs): void {
  sourceOptions(program.command("run").description("follow the stream, deliver, and compact on a schedule"))
    .addOption(lakeOption())
    .addOption(nameOption())
    .option("--schema <file>", "the schema file of a first snapshot, or one that adds columns")
    .option("--compact-every <seconds>", "seconds between compactions", positive, 60)
    .option("--no-compact", "never compact")
    .option("--once", "end when the stream was read to its end")
    .addOption(threadsOption())
    .action(
      runs(async (context, options) => (await import("./commands/run.ts")).runCommand(context, options)),
    );
}

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
      "leave the changes of so many last seconds in the change log (0; 300 with --stack)",
      whole,
    )
    .addOption(jsonOption())
    .action(
      runs(async (context, options) =>
        (await import("./commands/compact.ts")).compactCommand(context, options),
      ),
    );
}

function query(program: Command, runs: Runs): void {
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

function status(program: Command, runs: Runs): void {
  program
    .command("status")
    .description("tell rows, lag, segments, quarantine and gaps")
    .addOption(lakeOption())
    .addOption(stackOption())
    .addOption(regionOption())
    .addOption(lakeTableOption())
    .addOption(jsonOption())
    .action(
      runs(async (context, options) =>
        (await import("./commands/status.ts")).statusCommand(context, options),
      ),
    );
}

function items(program: Command, runs: Runs): void {
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

function verify(program: Command, runs: Runs): void {
  program
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
    .action(
      runs(async (context, options) =>
        (await import("./commands/verify.ts")).verifyCommand(context, options),
      ),
    );
}

function replay(program: Command, runs: Runs): void {
  program
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
      runs(async (context, files, options) =>
        (await import("./commands/replay.ts")).replayCommand(context, files, options),
      ),
    );
}

function vacuum(program: Command, runs: Runs): void {
  program
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
    .action(
      runs(async (context, options) =>
        (await import("./commands/vacuum.ts")).vacuumCommand(context, options),
      ),
    );
}

function version(): string {
  const file = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(file) as { readonly version: string }).version;
}
