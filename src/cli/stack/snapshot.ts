/** `dynalake snapshot --stack`: the deployment exports the table and takes the export in. */
import { SKIPPED, snapshotResult } from "../../aws/contracts/machines.ts";
import { chosenDeployment } from "../../aws/deployment.ts";
import { quarantineFolder } from "../../core/format/lake-path.ts";
import { type CommandContext, EXIT, type ExitCode } from "../command.ts";
import type { SnapshotOptions } from "../commands/snapshot.ts";
import type { StackTarget } from "../lake-target.ts";
import { openStack } from "../opened-stack.ts";
import { reportSnapshot } from "../snapshot-report.ts";
import { runMachine } from "./machine-run.ts";

export async function snapshotOnStack(
  context: CommandContext,
  target: StackTarget,
  options: SnapshotOptions,
): Promise<ExitCode> {
  const stack = await openStack(context, target);
  try {
    const { bucket, table, snapshotMachineArn, sourceTableArn } = chosenDeployment(
      stack.deployments,
      options.table,
    );
    const output = await runMachine(context, stack, {
      kind: "snapshot",
      table,
      machineArn: snapshotMachineArn,
      input: {},
      output: snapshotResult,
    });
    if (output.outcome === SKIPPED.outcome) {
      context.terminal.note(`The snapshot of "${table}" was skipped: there is one, or another is under way`);
      return EXIT.done;
    }
    const { items, skipped, quarantined, commit } = output;
    const source = sourceTableArn.slice(sourceTableArn.lastIndexOf("/") + 1);
    const quarantine = `s3://${bucket}/${quarantineFolder(table)}`;
    const facts = { source, table, items, skipped, quarantined, manifest: commit.manifest, quarantine };
    return await reportSnapshot(context, facts, options);
  } finally {
    await stack.close();
  }
}
