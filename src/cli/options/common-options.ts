/** Options that several commands share, each with one wording. */
import { availableParallelism } from "node:os";
import { type Command, Option } from "commander";
import { positive, snapshotsKept } from "./option-values.ts";

export const lakeOption = (): Option => new Option("--lake <dir>", "the lake's folder").default("lake");
/** For commands that also work on a deployed lake; `others` are the options that mean nothing there. */
export function stackOption(...others: readonly string[]): Option {
  const stack = new Option("--stack <name>", "a deployed stack with the lake table, in place of a folder");
  return stack.conflicts(["lake", ...others]); // breakage: stack-options-conflict
}
export const regionOption = (): Option => new Option("--region <region>", "the stack's AWS region");
/** For commands that read a whole table on a stack. */
export const confirmAboveOption = (): Option =>
  new Option(
    "--confirm-above <gigabytes>",
    "with --stack: refuse to let Athena read more than this; a terabyte costs about $5",
  )
    .argParser(positive)
    .default(100);
export const workGroupOption = (): Option =>
  new Option(
    "--work-group <name>",
    "with --stack: the Athena work group that statements run in; the lake's by default",
  );
export const jsonOption = (): Option => new Option("--json", "print JSON for programs");
export const threadsOption = (): Option =>
  new Option("--threads <n>", "threads to work with")
    .argParser(positive)
    .default(Math.min(8, availableParallelism()));
export const lakeTableOption = (): Option =>
  new Option("--table <name>", "one table of the lake; all or the only one by default");
/** For commands on exactly one table. */
export const oneTableOption = (): Option =>
  new Option("--table <name>", "one table of the lake; the only one by default");
export const keyOption = (): Option =>
  new Option("--key <hash[,range]>", "the key's attributes, if the source does not name them");
/** The lake table that is filled. `--name` was its name. */
export function filledTableOptions(command: Command): Command {
  return command
    .option("--table <name>", "the lake table's name; the source's by default")
    .addOption(new Option("--name <name>").hideHelp());
}

/** For commands on tables of a lake, in a folder or deployed; `others` are the options that mean nothing on a stack. */
export function anyLakeOptions(command: Command, ...others: readonly string[]): Command {
  return placeOptions(command, ...others).addOption(lakeTableOption());
}

/** For commands on one table of a lake, in a folder or deployed. */
export function oneTableOptions(command: Command): Command {
  return placeOptions(command).addOption(oneTableOption());
}

function placeOptions(command: Command, ...others: readonly string[]): Command {
  return command
    .addOption(lakeOption())
    .addOption(stackOption(...others))
    .addOption(regionOption());
}

/** Where settings come from. */
export const configOption = (): Option =>
  new Option("--config <file>", "settings; dynalake.json in this folder by default");
export const profileOption = (): Option =>
  new Option("--profile <name>", "the profile of the AWS CLI, in place of AWS_PROFILE");

export const keepOption = (): Option =>
  new Option(
    "--keep <snapshots>",
    "how many snapshots to keep from now on: a number, an age such as 30d, or all; by default as before, at first 1",
  ).argParser(snapshotsKept);

export const partialOption = (): Option =>
  new Option("--partial", "deliver changes although newer ones of their items stay in quarantine");

/** For commands that read a source table. */
export function sourceOptions(command: Command): Command {
  return filledTableOptions(command.option("--source <name>", "the DynamoDB table"))
    .option("--endpoint <url>", "a DynamoDB endpoint other than AWS")
    .option("--region <region>", "the AWS region");
}
