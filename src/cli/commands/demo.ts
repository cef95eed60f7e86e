/** `dynalake demo`: a DynamoDB table becomes a lake that follows every write, before your eyes. */
import { playDemo } from "../../demo/demo.ts";
import { removeOldDemo } from "../../demo/old-demo.ts";
import { startEmulator } from "../../emulator/emulator.ts";
import { connectSource } from "../../source/source-connection.ts";
import { type CommandContext, EXIT, type ExitCode } from "../context/command.ts";
import { withFolder } from "../context/opened.ts";
import { resultWriter } from "../reports/result-format.ts";
import { reportFolderSnapshot } from "../reports/snapshot-report.ts";

export interface DemoOptions {
  readonly lake: string;
  readonly endpoint?: string;
}

const THREADS = 2;

export async function demoCommand(context: CommandContext, options: DemoOptions): Promise<ExitCode> {
  const { environment } = context.settings;
  await removeOldDemo({ name: options.lake, path: context.absolute(options.lake) });
  const emulator =
    options.endpoint === undefined ? await startEmulator({ searchPath: environment.PATH ?? "" }) : undefined;
  const endpoint = emulator?.endpoint ?? (options.endpoint as string);
  const connection = connectSource({ endpoint, environment });
  try {
    await withFolder(
      context,
      options.lake,
      async (lake) => {
        const setting = { lake, lakeName: options.lake, connection, endpoint };
        await playDemo({ ...setting, emulator: emulator?.kind ?? endpoint }, stageOf(context, options.lake));
      },
      { endpoint, threads: THREADS },
    );
    return EXIT.done;
  } finally {
    connection.close();
    await emulator?.stop();
  }
}

function stageOf(context: CommandContext, lake: string): Parameters<typeof playDemo>[1] {
  const { terminal } = context;
  let step = 0;
  return {
    title: (text) => {
      const title = `${++step}. ${text}`;
      return terminal.print(`\n${terminal.colors ? `\u001b[1m${title}\u001b[0m` : title}\n`);
    },
    say: (text) => terminal.print(`${text}\n`),
    rows: async (columns, rows) => {
      const sql = columns.map(({ name }) => name).join(" ");
      const writer = resultWriter("table", { sql, width: terminal.width });
      await terminal.print(`${writer.begin(columns)}${writer.rows(rows)}${writer.end()}`);
    },
    snapshot: async (report) => {
      await reportFolderSnapshot(context, report, { lake });
    },
  };
}
