/** `dynalake ui`: a page about the lake, on this machine, that only reads. */
import type { RunningConsole } from "../../console/start-console.ts";
import { type CommandContext, EXIT, type ExitCode } from "../context/command.ts";
import { withFolder, withStack } from "../context/opened.ts";
import { type LakeOptions, lakeTarget } from "../options/lake-target.ts";

export interface UiOptions extends LakeOptions {
  readonly port: number;
  readonly open: boolean;
  readonly allowedHost?: readonly string[];
  /** Of a stack. */
  readonly confirmAbove: number;
}

const GIGABYTE = 1e9;

export async function uiCommand(context: CommandContext, options: UiOptions): Promise<ExitCode> {
  const { terminal, timing } = context;
  const target = lakeTarget(options);
  const serving = {
    port: options.port,
    allowedHosts: options.allowedHost ?? [],
    nowMs: timing.nowMs,
    onLink: (url: string) => terminal.note(`A page asked without a session. To open it: ${url}`),
  };
  if (target.kind === "stack") {
    const { openStackConsole } = await import("../../console/open-stack-console.ts");
    return withStack(context, target, async (stack) => {
      const askAboveBytes = options.confirmAbove * GIGABYTE;
      return show(
        context,
        await openStackConsole(stack, { ...serving, askAboveBytes }),
        options,
        stack.stack,
      );
    });
  }
  const { openFolderConsole } = await import("../../console/open-folder-console.ts");
  return withFolder(context, options.lake, async (lake) => {
    await lake.opened(); // An empty folder is refused here, not on the page.
    return show(context, await openFolderConsole(lake, options.lake, serving), options, options.lake);
  });
}

/** Until an interrupt. */
async function show(
  context: CommandContext,
  console: RunningConsole,
  { open }: UiOptions,
  name: string,
): Promise<ExitCode> {
  try {
    await showLink(context, console, open, name);
    await untilAborted(context.interrupted);
  } finally {
    await console.close();
  }
  return EXIT.done;
}

async function showLink(
  { terminal }: CommandContext,
  { url }: RunningConsole,
  open: boolean,
  name: string,
): Promise<void> {
  await terminal.print(`${url}\n`);
  terminal.note(
    `The link works once, for a minute. The page reads ${name} and changes nothing. Ctrl-C stops it.`,
  );
  // A script that reads the link opens no browser.
  if (!open || terminal.width === undefined) return;
  const { default: openUrl } = await import("open");
  // Where there is no browser, the link is in the terminal.
  const browser = await openUrl(url).catch(() => undefined);
  browser?.on("error", () => undefined);
}

function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
