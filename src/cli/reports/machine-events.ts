/** Progress of a deployment's executions, for people. */
import type { MachineEvents } from "../../stack/machine-execution.ts";
import type { Terminal } from "../context/terminal.ts";

export function machineEvents(terminal: Terminal): MachineEvents {
  return {
    onStarted: ({ kind, table }, executionArn) =>
      terminal.note(`Started the ${kind} of "${table}": ${executionArn}`),
    onProgress: (execution, progress) => terminal.progress(progressText(execution, progress)),
  };
}

/** What the states do, in the words of commands on a folder. */
const STATES: Readonly<Record<string, string>> = {
  Begin: "starting the export",
  WaitForExport: "waiting for the export of the table",
  DescribeExport: "waiting for the export of the table",
  "Exported?": "waiting for the export of the table",
  WaitForForeignExport: "waiting for the export of the table",
  DescribeForeignExport: "waiting for the export of the table",
  "ForeignExported?": "waiting for the export of the table",
  Parts: "reading the export",
  PlanSeed: "planning",
  Plan: "planning",
  Stage: "writing",
  Commit: "committing",
  Publish: "publishing the views",
  Clean: "cleaning up",
};

function progressText(
  { kind, table }: Parameters<MachineEvents["onProgress"]>[0],
  progress: Parameters<MachineEvents["onProgress"]>[1],
): string {
  const { state, parts, runningSeconds } = progress;
  const doing = state === undefined ? "running" : (STATES[state] ?? state);
  const share = parts === undefined ? "" : `, ${parts.done} of ${parts.all} parts`;
  return `${kind} of ${table}: ${doing}${share} (${runningSeconds} s)`;
}
