/** Opens the console of a lake in a folder: its reading, its statements' processes, its page and its server. */
import type { CommandLake } from "../library/folder-lake.ts";
import { StatementProcesses } from "../library/statement-processes.ts";
import { shellWord } from "./command-line.ts";
import { folderConsole } from "./folder-console.ts";
import { readPageFiles } from "./page-files.ts";
import { ResultFiles } from "./result-files.ts";
import { type ConsoleOptions, type RunningConsole, startConsole } from "./start-console.ts";
import { STATEMENT_LIMITS, Statements } from "./statements.ts";

/** `name`: the folder as the user gave it. `lake` stays the caller's, who closes it. */
export async function openFolderConsole(
  lake: CommandLake,
  name: string,
  options: Omit<ConsoleOptions, "page">,
): Promise<RunningConsole> {
  const { nowMs } = options;
  const page = readPageFiles();
  const processes = new StatementProcesses();
  try {
    const files = new ResultFiles(lake.folder);
    const reading = folderConsole(lake, { kind: "folder", name, option: `--lake ${shellWord(name)}` }, nowMs);
    const statements = new Statements(processes, lake.folder, STATEMENT_LIMITS, nowMs);
    const console = await startConsole({ lake: reading, statements, files }, { ...options, page });
    const close = async (): Promise<void> => {
      await console.close();
      await processes.close();
    };
    return { url: console.url, close };
  } catch (error) {
    await processes.close();
    throw error;
  }
}
