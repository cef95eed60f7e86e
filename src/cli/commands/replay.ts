/** `dynalake replay FILE...`: feeds recorded events through the same path as the stream. */
import { counted } from "../../core/counted.ts";
import { defined } from "../../core/defined.ts";
import type { CommandContext, ExitCode } from "../context/command.ts";
import { lakeTableName } from "../context/named-tables.ts";
import { withFolder, withStack } from "../context/opened.ts";
import type { Terminal } from "../context/terminal.ts";
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
        showProgress(terminal, { recording, done, total });
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
  const { terminal, settings } = context;
  return withStack(context, target, async (stack) => {
    const { replayIntoDeployment } = await import("../../stack/replay.ts");
    const deployment = onlyTable(stack.tables(lakeTableName(options)), ({ table }) => table);
    const { bucket, table } = deployment;
    const { totals, hasLateChanges } = await replayIntoDeployment(stack, deployment, {
      files: names.map((name) => ({ name, path: context.absolute(name) })),
      maskKey: settings.maskKey,
      anySource: options.anySource === true,
      onProgress: (progress) => showProgress(terminal, progress),
    });
    if (hasLateChanges)
      terminal.note(
        `Some of the changes are older than what was compacted last: the next compaction shows them, once Firehose has written them. It comes by its schedule, or by \`dynalake compact --stack ${target.stack}\``,
      );
    const quarantine = `s3://${bucket}/${table}/quarantine/`;
    return reportReplay(context, { table, ...totals }, { json: options.json === true, quarantine });
  });
}

function showProgress(
  terminal: Terminal,
  { recording, done, total }: { readonly recording: string; readonly done: number; readonly total: number },
): void {
  if (done > 0) terminal.progress(`${recording}: ${done} of ${counted(total, "record")}`);
}
