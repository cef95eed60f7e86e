/** `dynalake ui`: a page about the lake, on this machine, that only reads. */

import type { LakePlace } from "../../console/api.ts";
import type { ConsoleLake } from "../../console/console-lake.ts";
import { type CommandContext, EXIT, type ExitCode } from "../context/command.ts";
import { withFolder } from "../context/opened.ts";

export interface UiOptions {
  readonly lake: string;
  readonly port: number;
  readonly open: boolean;
  readonly allowedHost?: readonly string[];
}

export async function uiCommand(context: CommandContext, options: UiOptions): Promise<ExitCode> {
  const { folderConsole } = await import("../../console/folder-console.ts");
  const { shellWord } = await import("../../console/command-line.ts");
  const place: LakePlace = {
    kind: "folder",
    name: options.lake,
    option: `--lake ${shellWord(options.lake)}`,
  };
  return withFolder(context, options.lake, async (lake) => {
    const console = folderConsole(lake, place, context.timing.nowMs);
    // Says at once that there is no lake.
    await lake.opened();
    return serveUntilInterrupt(context, console, options);
  });
}

async function serveUntilInterrupt(
  { terminal, timing, interrupted }: CommandContext,
  lake: ConsoleLake,
  { port, open, allowedHost = [] }: UiOptions,
): Promise<ExitCode> {
  const { startConsole } = await import("../../console/start-console.ts");
  const { readPageFiles } = await import("../../console/page-files.ts");
  const console = await startConsole(lake, {
    port,
    allowedHosts: allowedHost,
    page: readPageFiles(),
    nowMs: timing.nowMs,
    onLink: (url) => terminal.note(`A page asked without a session. To open it: ${url}`),
  });
  try {
    await terminal.print(`${console.url}\n`);
    terminal.note(
      `The link works once, for a minute. The page reads ${lake.place.name} and changes nothing.`,
    );
    terminal.note("Ctrl-C stops it.");
    // A script that reads the link opens no browser.
    if (open && terminal.width !== undefined) await openInBrowser(console.url);
    if (!interrupted.aborted)
      await new Promise<void>((resolve) =>
        interrupted.addEventListener("abort", () => resolve(), { once: true }),
      );
  } finally {
    await console.close();
  }
  return EXIT.done;
}

/** Where there is no browser, the link is in the terminal. */
async function openInBrowser(url: string): Promise<void> {
  const { default: openUrl } = await import("open");
  const browser = await openUrl(url).catch(() => undefined);
  browser?.on("error", () => undefined);
}
