/** Opens the console of a lake in a folder: its reading, its statements' processes, its page and its server. */
import type { CommandLake } from "../library/folder-lake.ts";
import { StatementProcesses } from "../library/statement-processes.ts";
import { shellWord } from "./command-line.ts";
import { folderSource } from "./folder-source.ts";
import { lakeConsole } from "./lake-console.ts";
import { readPageFiles } from "./page-files.ts";
import { ResultFiles } from "./result-files.ts";
import { type ConsoleOptions, type RunningConsole, startConsole } from "./start-console.ts";
import { STATEMENT_LIMITS, type StatementEngine, Statements } from "./statements.ts";

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
    const { folder } = lake;
    const files = new ResultFiles({ words: ["--lake", folder] });
    const place = { kind: "folder", name, option: `--lake ${shellWord(name)}` } as const;
    const reading = lakeConsole(folderSource(lake, name), place, nowMs);
    const engine: StatementEngine = {
      start: (asked, signal) => processes.start({ folder, ...asked, numbers: "safe" }, signal),
    };
    const statements = new Statements(engine, STATEMENT_LIMITS, nowMs);
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
