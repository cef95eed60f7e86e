/** `dynalake verify`: proves the lake against its source, and names every difference. */
import { counted } from "../../core/counted.ts";
import { defined } from "../../core/defined.ts";
import type { ProgressEvent, Verification } from "../../index.ts";
import { type CommandContext, EXIT, type ExitCode } from "../context/command.ts";
import { withFolder, withStack } from "../context/opened.ts";
import { type LakeOptions, lakeTarget, type StackTarget } from "../options/lake-target.ts";
import { verifyJson, verifyText } from "../reports/verify-report.ts";

export interface VerifyOptions extends LakeOptions {
  readonly table?: string;
  /** An export in place of the table. */
  readonly fromExport?: string;
  readonly endpoint?: string;
  readonly readShare?: number;
  readonly readUnits?: number;
  /** How long a difference gets to settle. */
  readonly settle?: number;
  readonly max: number;
  readonly json?: boolean;
}

const EXITS: Readonly<Record<Verification["result"], ExitCode>> = {
  identical: EXIT.done,
  unsettled: EXIT.incomplete,
  different: EXIT.different, // breakage: differences-have-own-code
};

export async function verifyCommand(context: CommandContext, options: VerifyOptions): Promise<ExitCode> {
  const { stack, lake: folder, region, endpoint } = options;
  // A lake in a folder has no region: it is the source's.
  const ofStack = stack === undefined ? {} : defined({ stack, region });
  const target = lakeTarget({ lake: folder, ...ofStack, ...defined({ workGroup: options.workGroup }) });
  if (target.kind === "stack") return verifyStack(context, target, options);
  const wish = { ...limitsOf(options), ...defined({ export: options.fromExport }) };
  const report = new Reports(context, options);
  return withFolder(
    context,
    folder,
    async (lake) => {
      const verifications = lake.verifications(options.table, {
        ...wish,
        onEvent: (event) => {
          if (event.kind === "progress") report.progress(event.table, event);
        },
      });
      for await (const verification of verifications) await report.add(verification);
      return report.end(lake.folder);
    },
    defined({ endpoint, region }),
  );
}

function verifyStack(
  context: CommandContext,
  target: StackTarget,
  options: VerifyOptions,
): Promise<ExitCode> {
  const { endpoint, region } = options;
  const report = new Reports(context, options);
  return withStack(context, target, async (stack) => {
    const { verifyDeployments } = await import("../../stack/verify.ts");
    const verifications = verifyDeployments(stack, stack.tables(options.table), {
      ...limitsOf(options),
      timing: context.timing,
      config: { environment: context.settings.environment, ...defined({ endpoint, region }) },
      onProgress: (table, progress) => report.progress(table, progress),
    });
    for await (const verification of verifications) await report.add(verification);
    return report.end(stack.place);
  });
}

function limitsOf({ readShare, readUnits, settle, max }: VerifyOptions) {
  const limits = { readShare, readUnitsPerSecond: readUnits, settleSeconds: settle };
  return { ...defined(limits), namedMax: max };
}

/** Prints each table's result as it comes, or all of them as JSON. */
class Reports {
  readonly #context: CommandContext;
  readonly #json: boolean;
  readonly #tables: Verification[] = [];

  constructor(context: CommandContext, { json = false }: VerifyOptions) {
    this.#context = context;
    this.#json = json;
  }

  progress(table: string, { step, done }: Pick<ProgressEvent, "step" | "done">): void {
    this.#context.terminal.progress(progressText(table, step, done));
  }

  async add(verification: Verification): Promise<void> {
    this.#context.terminal.settle();
    const space = this.#tables.length === 0 ? "" : "\n";
    if (!this.#json) await this.#context.terminal.print(`${space}${verifyText(verification)}`);
    this.#tables.push(verification);
  }

  async end(place: string): Promise<ExitCode> {
    const tables = this.#tables;
    if (this.#json) {
      const report = { lake: place, tables: tables.map(verifyJson) };
      await this.#context.terminal.print(`${JSON.stringify(report, null, 2)}\n`);
    }
    return Math.max(...tables.map(({ result }) => EXITS[result])) as ExitCode;
  }
}

function progressText(table: string, step: ProgressEvent["step"], done: number): string {
  switch (step) {
    case "source":
      return `${table}: ${counted(done, "item")} of the source read`;
    case "lake":
      return `${table}: ${counted(done, "item")} of the lake read`;
    default:
      return `${table}: ${counted(done, "key")} asked again`;
  }
}
