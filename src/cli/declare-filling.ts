/** The commands that fill a lake: what they take, and what carries them out. */
import { type Command, Option } from "commander";
import {
  filledTableOptions,
  jsonOption,
  keepOption,
  keyOption,
  lakeOption,
  partialOption,
  regionOption,
  sourceOptions,
  stackOption,
  threadsOption,
} from "./options/common-options.ts";
import { duration, port, positive, share, whole } from "./options/option-values.ts";
import type { Declare, Runs } from "./runs.ts";

export const fillingCommands: readonly Declare[] = [demo, infer, snapshot, run, replay];

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
    .option(
      "--from-export <path>",
      "an export on this machine; also one of Data Pipeline or EMR, or a file of items",
    )
    .addOption(keyOption())
    .option("--sample <items>", "read only about this many items; all by default", whole)
    .option(
      "--split-by <attribute>",
      "write a schema file for each kind of items that this attribute tells apart, such as a type or a key like ORDER#17",
    )
    .option("--out <path>", "the file to write; standard output by default; with --split-by a folder")
    .option("--force", "replace files that are there")
    .option("--dry-run", "write no file")
    .addOption(jsonOption())
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
        "source",
        "schema",
        "readShare",
        "readUnits",
        "timeLimit",
        "keep",
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
    .option(
      "--schema <path>",
      "the schema file, which may add columns, or a folder of schema files, for a table each; inferred by default",
    )
    .option("--read-share <share>", "share of the table's provisioned read capacity to use", share)
    .option("--read-units <n>", "read units per second to use at most", positive)
    .option("--time-limit <seconds>", "stop after this many seconds", positive)
    .addOption(keepOption())
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
    .option("--schema <file>", "the schema file of a first snapshot, or one that adds columns")
    .option("--compact-every <seconds>", "seconds between compactions", positive, 60)
    .option("--no-compact", "never compact")
    .option(
      "--snapshot-every <time>",
      "take a snapshot once the last one is older than this, such as 1d",
      duration,
    )
    .addOption(keepOption())
    .option("--once", "end once the stream is read to its end")
    .option("--metrics-port <n>", "answer /metrics (Prometheus), /livez and /readyz at this port", port)
    .option(
      "--metrics-host <address>",
      "the address of that port; this machine alone by default",
      "127.0.0.1",
    )
    .addOption(
      new Option("--log-format <format>", "lines for people, or JSON for programs")
        .choices(["text", "json"])
        .default("text"),
    )
    .option("--verbose", "a line for each delivery")
    .addOption(threadsOption())
    .action(
      runs(async (context, options) => (await import("./commands/run.ts")).runCommand(context, options)),
    );
}

function replay(program: Command, runs: Runs): void {
  filledTableOptions(
    program.command("replay").description("feed recorded events through the same path as the stream"),
  )
    .argument(
      "<file...>",
      "Lambda events, on-failure objects, quarantine files, error files of Firehose, JSON lines of records; with --stack also s3://BUCKET/KEY or s3://BUCKET/FOLDER/ in the lake's bucket",
    )
    .addOption(lakeOption())
    .addOption(stackOption("key", "schema"))
    .addOption(regionOption())
    .addOption(keyOption())
    .option("--schema <file>", "the schema file of a new table, or one that adds columns")
    .addOption(partialOption())
    .option("--any-source", "take records as the table's own, whatever source table they name")
    .addOption(jsonOption())
    .action(
      runs(async (context, files, options) =>
        (await import("./commands/replay.ts")).replayCommand(context, files, options),
      ),
    );
}
