/** The console's server: on this machine alone, until it is closed. */
import { listening } from "../serving/listening.ts";
import { ConsoleAccess } from "./console-access.ts";
import { type ConsoleParts, consoleApp } from "./console-app.ts";
import type { PageFile } from "./page-files.ts";

export interface ConsoleOptions {
  /** 0: any free one. */
  readonly port: number;
  /** Names besides those of this machine by which a tunnel or a proxy reaches it, without ports. */
  readonly allowedHosts: readonly string[];
  readonly page: ReadonlyMap<string, PageFile>;
  /** A page without a session asks, and no link that works is shown: `url` is a new one. */
  readonly onLink: (url: string) => void;
  readonly nowMs: () => number;
}

/** What the console shows. */
export type ConsoleSources = Pick<ConsoleParts, "lake" | "statements" | "files">;

export interface RunningConsole {
  /** With a token for one use, good for a minute. */
  readonly url: string;
  close(): Promise<void>;
}

/** Rejects with USAGE if the port is taken. */
export async function startConsole(
  { lake, statements, files }: ConsoleSources,
  options: ConsoleOptions,
): Promise<RunningConsole> {
  const access = new ConsoleAccess(options.allowedHosts, options.nowMs);
  let port = options.port;
  const link = (): string => `http://127.0.0.1:${port}/#token=${access.newToken()}`;
  const app = consoleApp({
    lake,
    statements,
    files,
    access,
    page: options.page,
    onStranger: () => {
      if (!access.hasToken) options.onLink(link());
    },
  });
  const server = await listening(app.fetch, { hostname: "127.0.0.1", port, option: "--port" });
  port = server.port;
  return { url: link(), close: () => server.close() };
}
