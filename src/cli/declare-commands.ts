/** The commands and their options. A command's work is loaded only when it is asked for. */
import type { Command } from "commander";
import { items, query, status, ui } from "./declare-reading.ts";
import {
  jsonOption,
  keyOption,
  lakeOption,
  lakeTableOption,
  nameOption,
  regionOption,
  sourceOptions,
  stackOption,
  threadsOption,
} from "./options/common-options.ts";
import { notNegative, positive, share, whole } from "./options/option-values.ts";
import type { Runs } from "./runs.ts";

/** Declares all commands, in the order of the help. */
export function declareCommands(program: Command, runs: Runs): void {
  const declarations = [
    demo,
    infer,
    snapshot,
    run,
    compact,
    query,
    ui,
    status,
    schema,
    items,
    verify,
    restore,
    replay,
    vacuum,
  ];
  for (const declare of declarations) declare(program, runs);
}

function demo(program: Command, runs: Runs): void {
  program
    .command("demo")
    .description("watch a DynamoDB table become a lake that follows every write")
    .option("--lake <dir>", "the lake's folder; recreated each time", "lake/demo")
    .option("--endpoint <url>", "a DynamoDB endpoint, if no emulator can be started here")
    .action(
      runs(async (context, options) => (await import("./commands/demo.ts")).demoCommand(context, options)),
    );
}

function infer(program: Command, runs: Runs): void {
  sourceOptions(program.command("infer").description("write a schema file that fits the items of a table"))
    .option("--from-export <dir>", "an export on this machine")
    .addOption(keyOption())
    .addOption(nameOption())
    .option("--sample <items>", "read only about this many items; all by default", whole)
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
        "exportedAt",
        "key",
        "name",
        "schema",
        "readShare",
        "readUnits",
        "timeLimit",
        "threads",
      ),
    )
    .option(
      "--from-export <path>",
      "an export on this machine, in place of a scan of the table; also one of Data Pipeline or EMR, or a file of items",
    )
    .option(
      "--exported-at <time>",
      "when the reading of such items began: only DynamoDB's own exports say so",
    )
    .addOption(keyOption())
    .addOption(nameOption())
    .option("--schema <file>", "the schema file, which may add columns; inferred by default")
    .option("--read-share <share>", "share of the table's provisioned read capacity to use", share)
    .option("--read-units <n>", "read units per second to use at most", positive)
    .option("--time-limit <seconds>", "stop after this many seconds", positive)
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
    .option("--once", "end once the stream is read to its end")
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

function schema(program: Command, runs: Runs): void {
  program
    .command("schema")
    .description("what a table's schema leaves out")
    .command("drift")
    .description("list the values that SQL does not show, with the line to add")
    .addOption(lakeOption())
    .addOption(lakeTableOption())
    .addOption(jsonOption())
    .action(
      runs(async (context, options) => (await import("./commands/schema.ts")).driftCommand(context, options)),
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
    .addOption(lakeTableOption())
    .option("--as-of <time>", "the items as they were at a time")
    .option("--like <file>", "the answer of `aws dynamodb describe-table`, to make the table like that")
    .option("--overwrite", "replace items whose keys are in the table; by default they stay")
    .option("--incomplete", "restore what there is of a lake table that may lack something")
    .option("--into-source", "fill the lake table's own source: each item comes back by its stream")
    .option("--write-units <n>", "write units per second to use at most", positive)
    .option("--ttl <attribute>", "let items expire by this attribute once all are there")
    .option("--endpoint <url>", "the endpoint; by default the source's")
    .option("--region <region>", "the AWS region; by default the source's")
    .option("--max <n>", "list at most n differences; all are counted", notNegative, 100)
    .option("--dry-run", "say what would be done, and do nothing")
    .addOption(jsonOption())
    .action(
      runs(async (context, options) =>
        (await import("./commands/restore.ts")).restoreCommand(context, options),
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
    .option("--any-source", "take records as the table's own, whatever source table they name")
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
