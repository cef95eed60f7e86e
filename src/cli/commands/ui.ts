/** `dynalake ui`: a page about the lake, on this machine, that only reads. */
import type { RunningConsole } from "../../console/start-console.ts";
import { type CommandContext, EXIT, type ExitCode } from "../context/command.ts";
import { withFolder } from "../context/opened.ts";

export interface UiOptions {
  readonly lake: string;
  readonly port: number;
  readonly open: boolean;
  readonly allowedHost?: readonly string[];
}

export async function uiCommand(context: CommandContext, options: UiOptions): Promise<ExitCode> {
  const { terminal, timing, interrupted } = context;
  const { openFolderConsole } = await import("../../console/open-folder-console.ts");
  return withFolder(context, options.lake, async (lake) => {
    await lake.opened(); // An empty folder is refused here, not on the page.
    const console = await openFolderConsole(lake, options.lake, {
      port: options.port,
      allowedHosts: options.allowedHost ?? [],
      nowMs: timing.nowMs,
      onLink: (url) => terminal.note(`A page asked without a session. To open it: ${url}`),
    });
    try {
      await showLink(context, console, options);
      await untilAborted(interrupted);
    } finally {
      await console.close();
    }
    return EXIT.done;
  });
}

async function showLink(
  { terminal }: CommandContext,
  { url }: RunningConsole,
  { lake, open }: UiOptions,
): Promise<void> {
  await terminal.print(`${url}\n`);
  terminal.note(
    `The link works once, for a minute. The page reads ${lake} and changes nothing. Ctrl-C stops it.`,
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
