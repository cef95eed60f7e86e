/** `dynalake replay FILE...`: feeds recorded events through the same path as the stream. */
import { defined } from "../../core/defined.ts";
import type { CommandContext, ExitCode } from "../context/command.ts";
import { lakeTableName } from "../context/named-tables.ts";
import { withFolder, withStack } from "../context/opened.ts";
import { replayDeployed, showReplayed } from "../context/replay-deployed.ts";
import { parseKeyOption } from "../options/key-option.ts";
import { type LakeOptions, lakeTarget, onlyTable, type StackTarget } from "../options/lake-target.ts";
import { followedSentence } from "../reports/columns-report.ts";
import { reportReplay } from "../reports/replay-report.ts";

export interface ReplayOptions extends LakeOptions {
  readonly table?: string;
  /** What `--table` was called. */
  readonly name?: string;
  readonly key?: string;
  readonly schema?: string;
  readonly anySource?: boolean;
  readonly partial?: boolean;
  readonly json?: boolean;
}

export async function replayCommand(
  context: CommandContext,
  files: readonly string[],
  options: ReplayOptions,
): Promise<ExitCode> {
  const target = lakeTarget(options);
  if (target.kind === "stack") return replayStack(context, target, files, options);
  const { terminal } = context;
  const { lake: folder, anySource = false, partial = false, json = false } = options;
  const name = lakeTableName(options);
  const schema = options.schema ?? (name === undefined ? undefined : context.settings.tables[name]?.schema);
  const wish = defined({ name, schema, key: parseKeyOption(options.key) });
  return withFolder(context, folder, async (lake) => {
    const report = await lake.replay(files, {
      ...wish,
      anySource,
      partial,
      onEvent: (event) => {
        const followed = followedSentence(event);
        if (followed !== undefined) terminal.note(followed);
        if (event.kind !== "progress") return;
        const { recording = "", done, total = done } = event;
        showReplayed(terminal, { recording, done, total });
      },
    });
    return reportReplay(context, report, { json, quarantine: `${folder}/${report.table}/quarantine` });
  });
}

function replayStack(
  context: CommandContext,
  target: StackTarget,
  names: readonly string[],
  options: ReplayOptions,
): Promise<ExitCode> {
  return withStack(context, target, async (stack) => {
    const deployment = onlyTable(stack.tables(lakeTableName(options)), ({ table }) => table);
    const report = await replayDeployed(context, stack, deployment, {
      files: names.map((name) => ({ name, path: context.absolute(name) })),
      anySource: options.anySource === true,
      partial: options.partial === true,
      dryRun: false,
    });
    const quarantine = `s3://${deployment.bucket}/${deployment.table}/quarantine/`;
    return reportReplay(context, report, { json: options.json === true, quarantine });
  });
}
