/** Says what a command reads in Athena at most before it does, and stops where that is more than its user may expect. */
import { counted, grouped } from "../../core/counted.ts";
import { DynalakeError } from "../../core/error.ts";
import type { OpenedStack } from "../../stack/open-stack.ts";
import type { ReadRows } from "../../stack/read-bound.ts";
import type { CommandContext } from "./command.ts";

const BYTES_OF_GIGABYTE = 1e9;

export interface BoundedRead extends ReadRows {
  /** Gigabytes. */
  readonly confirmAbove: number;
}

/** Throws USAGE above `confirmAbove`. */
export async function requireBounded(
  { terminal }: Pick<CommandContext, "terminal">,
  stack: OpenedStack,
  deployment: OpenedStack["deployments"][number],
  { confirmAbove, ...rows }: BoundedRead,
): Promise<void> {
  const { readBound } = await import("../../stack/read-bound.ts");
  const { bytes, dollars } = await readBound(stack, deployment, rows);
  const costs = dollars < 0.01 ? "less than $0.01" : `$${dollars.toFixed(2)}`;
  const { table } = deployment;
  const gigabytes = bytes / BYTES_OF_GIGABYTE;
  // breakage: large-reads-want-consent
  if (gigabytes <= confirmAbove) {
    terminal.note(`Athena reads at most ${counted(bytes, "byte")} of "${table}": ${costs}`);
    return;
  }
  const needed = Math.ceil(gigabytes);
  throw new DynalakeError(
    "USAGE",
    `Athena would read up to ${grouped(needed)} GB of "${table}", which costs ${costs}`,
    { next: `Add --confirm-above ${needed} to do it all the same.` },
  );
}
