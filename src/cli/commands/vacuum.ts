/** `dynalake vacuum`: removes what no manifest of the retention window names. */
import { DEFAULT_RETENTION, vacuum } from "../../core/vacuum.ts";
import { removeUnfinished } from "../../embedded/folder-store.ts";
import { nowSeconds, openLake } from "../../embedded/lake.ts";
import { type CommandContext, EXIT, type ExitCode } from "../command.ts";
import { chosenSchemas } from "../lake-choice.ts";

export interface VacuumOptions {
  readonly lake: string;
  readonly table?: string;
  readonly retentionHours?: number;
  readonly graceHours?: number;
  readonly json?: boolean;
}

export async function vacuumCommand(context: CommandContext, options: VacuumOptions): Promise<ExitCode> {
  const lake = await openLake(options.lake);
  const hours = (given: number | undefined, otherwise: number): number =>
    given === undefined ? otherwise : given * 3600;
  const policy = {
    retentionSeconds: hours(options.retentionHours, DEFAULT_RETENTION.retentionSeconds),
    graceSeconds: hours(options.graceHours, DEFAULT_RETENTION.graceSeconds),
  };
  try {
    for (const schema of await chosenSchemas(lake.store, options.lake, options.table)) {
      const { manifests, files, bytes } = await vacuum(lake.store, schema.table, policy, nowSeconds());
      const unfinished = await removeUnfinished(lake.root, schema.table, policy.graceSeconds);
      const facts = { table: schema.table, manifests, files: files + unfinished, bytes };
      const sentence = `${facts.table}: removed ${facts.files} files (${bytes} bytes) and ${manifests} manifests\n`;
      await context.terminal.print(options.json === true ? `${JSON.stringify(facts)}\n` : sentence);
    }
    return EXIT.done;
  } finally {
    await lake.close();
  }
}
