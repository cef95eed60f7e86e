/** A replay into a deployed lake table, with what the terminal shows of it. */
import { counted } from "../../core/counted.ts";
import type { ReplayReport } from "../../index.ts";
import type { OpenedStack } from "../../stack/open-stack.ts";
import type { DeployedReplay } from "../../stack/replay.ts";
import type { CommandContext } from "./command.ts";
import type { Terminal } from "./terminal.ts";

export async function replayDeployed(
  { terminal, settings: { maskKey } }: CommandContext,
  stack: OpenedStack,
  deployment: OpenedStack["deployments"][number],
  replay: Omit<DeployedReplay, "maskKey" | "onProgress">,
): Promise<ReplayReport> {
  const { replayIntoDeployment } = await import("../../stack/replay.ts");
  const { totals, hasLateChanges } = await replayIntoDeployment(stack, deployment, {
    ...replay,
    maskKey,
    onProgress: (progress) => showReplayed(terminal, progress),
  });
  if (hasLateChanges)
    terminal.note(
      `Some of the changes are older than what was compacted last: the next compaction shows them, once Firehose has written them. It comes by its schedule, or by \`dynalake compact --stack ${stack.stack}\``,
    );
  const { oldestChangeSeconds: _, ...counts } = totals;
  return { table: deployment.table, ...counts };
}

export function showReplayed(
  terminal: Terminal,
  { recording, done, total }: { readonly recording: string; readonly done: number; readonly total: number },
): void {
  if (done > 0) terminal.progress(`${recording}: ${done} of ${counted(total, "record")}`);
}
