/** Opens the lake that a command works on. What only one kind of lake needs is loaded only for that kind. */
import { defined } from "../../core/defined.ts";
import type { OpenOptions } from "../../index.ts";
import type { CommandLake } from "../../library/folder-lake.ts";
import type { OpenedStack } from "../../stack/open-stack.ts";
import type { StackTarget } from "../options/lake-target.ts";
import type { CommandContext } from "./command.ts";

/** Where a source table is, as options give it. */
export interface SourceAt {
  readonly endpoint?: string;
  readonly region?: string;
}

/** Opens a lake in a folder for `use`, and closes it. */
export async function withFolder<T>(
  context: CommandContext,
  folder: string,
  use: (lake: CommandLake) => Promise<T>,
  { threads, ...source }: SourceAt & Pick<OpenOptions, "threads"> = {},
): Promise<T> {
  const { openFolderLake } = await import("../../library/folder-lake.ts");
  const { maskKey, environment } = context.settings;
  const options = { cwd: context.cwd, source: { ...source, environment }, ...defined({ maskKey, threads }) };
  const lake = await openFolderLake(folder, options, context.timing);
  try {
    return await use(lake);
  } finally {
    await lake.close();
  }
}

/** Opens a deployed stack for `use`, and closes it. An interrupt ends what runs there. */
export async function withStack<T>(
  { interrupted }: Pick<CommandContext, "interrupted">,
  { stack, region, workGroup }: StackTarget,
  use: (stack: OpenedStack) => Promise<T>,
): Promise<T> {
  const { openStack } = await import("../../stack/open-stack.ts");
  const opened = await openStack({ stack, region, workGroup }, interrupted);
  try {
    return await use(opened);
  } finally {
    opened.close();
  }
}
