/** `dynalake run`: follows the streams of a lake's tables, seconds behind, and compacts on a schedule. */
import { defined } from "../../core/defined.ts";
import { DynalakeError } from "../../core/error.ts";
import type { FollowReport, SnapshotsKept } from "../../index.ts";
import { findingsCommand } from "../../monitor/findings-command.ts";
import type { FindingsReceiver } from "../../monitor/findings-sender.ts";
import { monitoredRun } from "../../monitor/monitored-run.ts";
import { webhook } from "../../monitor/webhook.ts";
import { type CommandContext, EXIT, type ExitCode } from "../context/command.ts";
import { namedTables, requireMeant } from "../context/named-tables.ts";
import { withFolder } from "../context/opened.ts";
import { type RunLog, runLog } from "../reports/run-log.ts";

export interface RunOptions {
  readonly lake: string;
  readonly source?: string;
  readonly table?: string;
  readonly endpoint?: string;
  readonly region?: string;
  readonly name?: string;
  readonly schema?: string;
  readonly compactEvery: number;
  readonly compact: boolean;
  /** Seconds. */
  readonly snapshotEvery?: number;
  readonly keep?: SnapshotsKept;
  readonly once?: boolean;
  readonly metricsPort?: number;
  readonly metricsHost: string;
  readonly logFormat: "text" | "json";
  readonly verbose?: boolean;
  readonly threads: number;
}

export async function runCommand(context: CommandContext, options: RunOptions): Promise<ExitCode> {
  const { endpoint, region, once, threads, keep } = options;
  const { terminal, timing, interrupted: signal } = context;
  const log = runLog(options.logFormat, {
    terminal,
    lake: options.lake,
    verbose: options.verbose === true,
    nowMs: () => timing.nowMs(),
  });
  const named = namedTables(
    { ...context, terminal: { ...terminal, note: (text) => log.note("warn", "note", text) } },
    options,
  );
  const { source, name, schema } = named;
  const receivers = receiversOf(context.settings);
  const report = await withFolder(
    context,
    options.lake,
    async (lake) => {
      await requireMeant(lake, named);
      const monitored = await monitoredRun(lake, options.lake, {
        ...defined({ port: options.metricsPort }),
        hostname: options.metricsHost,
        receivers,
        timing,
        onListening: (url) => log.note("info", "listening", `Metrics at ${url}`),
        onFailure: (why) => log.note("warn", "findings-not-sent", `Findings were not sent to ${why}`),
      });
      try {
        const followed = await lake.follow({
          ...defined({ source, name, schema, once, keep, snapshotEverySeconds: options.snapshotEvery }),
          compactEverySeconds: options.compact && options.compactEvery,
          signal,
          onEvent: (event) => {
            monitored.take(event);
            log.take(event);
          },
        });
        if (!signal.aborted) await monitored.sendFindings();
        return followed;
      } catch (error) {
        // breakage: failed-run-sends-findings
        if (!signal.aborted && !isLocked(error)) await monitored.sendFindings(error);
        throw error;
      } finally {
        await monitored.close();
      }
    },
    { ...defined({ endpoint, region }), threads },
  );
  await log.end();
  return ended(log, report);
}

/** Another run follows the lake, and sends its findings. */
function isLocked(error: unknown): boolean {
  return error instanceof DynalakeError && error.code === "LAKE_LOCKED";
}

function receiversOf({ webhookUrl, onFinding, environment }: CommandContext["settings"]): FindingsReceiver[] {
  return [
    ...(webhookUrl === undefined ? [] : [webhook(webhookUrl)]),
    ...(onFinding === undefined
      ? []
      : [findingsCommand(onFinding.words, { cwd: onFinding.cwd, environment })]),
  ];
}

function ended(log: RunLog, { changes, notFollowed, quarantined, gaps }: FollowReport): ExitCode {
  log.stopped(changes);
  if (notFollowed.length > 0) return EXIT.failed;
  return quarantined > 0 || gaps > 0 ? EXIT.incomplete : EXIT.done;
}
