/** `dynalake restore`: the items of a lake table, put into a table of DynamoDB. */
import { counted, grouped } from "../../core/counted.ts";
import { defined } from "../../core/defined.ts";
import type { ProgressEvent, Restored } from "../../index.ts";
import { type CommandContext, EXIT, type ExitCode } from "../context/command.ts";
import { asOfOption, givenTime } from "../context/given-time.ts";
import { withFolder } from "../context/opened.ts";
import { onlyTable } from "../options/lake-target.ts";
import { plannedText, restoredText, restoreJson } from "../reports/restore-report.ts";

export interface RestoreCommandOptions {
  readonly to: string;
  readonly lake: string;
  readonly table?: string;
  readonly asOf?: string;
  readonly like?: string;
  readonly overwrite?: boolean;
  readonly incomplete?: boolean;
  readonly intoSource?: boolean;
  readonly writeUnits?: number;
  readonly ttl?: string;
  readonly endpoint?: string;
  readonly region?: string;
  readonly max: number;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

const EXITS: Readonly<Record<Restored["result"], ExitCode>> = {
  identical: EXIT.done,
  incomplete: EXIT.incomplete,
  different: EXIT.different,
};

export async function restoreCommand(
  { terminal, ...context }: CommandContext,
  options: RestoreCommandOptions,
): Promise<ExitCode> {
  const { to, like, overwrite, incomplete, intoSource, endpoint, region, json = false } = options;
  const wish = {
    to,
    namedMax: options.max,
    ...defined({ like, overwrite, incomplete, intoSource, timeToLive: options.ttl }),
    ...defined({ writeUnitsPerSecond: options.writeUnits }),
    ...asOfOption(options.asOf === undefined ? undefined : givenTime({ terminal, ...context }, options.asOf)),
  };
  return withFolder(
    { terminal, ...context },
    options.lake,
    async (lake) => {
      const table = onlyTable(await lake.opened(options.table), ({ name }) => name);
      if (options.dryRun === true) {
        const planned = await table.planRestore(wish);
        await terminal.print(json ? restoreJson(planned) : plannedText(planned));
        return EXIT.done;
      }
      const restored = await table.restore({
        ...wish,
        onEvent: (event) => {
          if (event.kind === "progress") terminal.progress(progressText(event));
        },
      });
      terminal.settle();
      await terminal.print(json ? restoreJson(restored) : restoredText(restored));
      return EXITS[restored.result];
    },
    defined({ endpoint, region }),
  );
}

function progressText({ table, step, done, total = 0 }: ProgressEvent): string {
  switch (step) {
    case "pinning":
      return `${table}: ${counted(done, "item")} of the lake written down`;
    case "restoring":
      return `${table}: ${grouped(done)} of ${counted(total, "item")} put`;
    default:
      return `${table}: ${counted(done, "item")} of the table compared`;
  }
}
