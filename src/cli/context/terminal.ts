/** Where commands write: results to standard output, everything else to standard error. */
import { once } from "node:events";
import type { CliIo } from "./cli-io.ts";

export interface Terminal {
  /** Writes a result. Waits until the reader on the other side takes it. */
  print(text: string): Promise<void>;
  /** Tells what is going on. */
  note(line: string): void;
  /** Replaces the last progress line on a terminal; on a pipe only now and then, so that logs stay short. */
  progress(line: string): void;
  /** Ends the progress line. */
  settle(): void;
  readonly colors: boolean;
  /** Characters in a line of results; undefined where they do not go to a terminal. */
  readonly width: number | undefined;
}

/** On a pipe a progress line is written at most this often. */
const PIPE_PROGRESS_MS = 5_000;

/** What a file or an argument holds must not move a terminal's cursor; a note may have several lines. */
function printable(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]/gu, "\u00b7");
}

export function terminalOf({ stdout, stderr, environment, timing }: CliIo): Terminal {
  let open = false;
  let lastProgressMs = 0;
  const settle = (): void => {
    if (open) stderr.write("\n");
    open = false;
  };
  return {
    width: stdout.isTTY === true ? stdout.columns : undefined,
    colors: stdout.isTTY === true && environment.NO_COLOR === undefined,
    print: async (text) => {
      settle();
      if (!stdout.write(text)) await once(stdout, "drain");
    },
    note: (line) => {
      settle();
      stderr.write(`${printable(line)}\n`);
    },
    progress: (line) => {
      if (stderr.isTTY === true) {
        stderr.write(`\r\u001b[2K${printable(line)}`);
        open = true;
        return;
      }
      const nowMs = timing.nowMs();
      if (nowMs - lastProgressMs < PIPE_PROGRESS_MS) return;
      lastProgressMs = nowMs;
      stderr.write(`${printable(line)}\n`);
    },
    settle,
  };
}
