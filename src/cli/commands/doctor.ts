/** `dynalake doctor`: what a deployment has shown of all that dynalake relies on. */
import { defined } from "../../core/defined.ts";
import { DynalakeError } from "../../core/error.ts";
import { regionOfArn } from "../../core/values/region-of-arn.ts";
import { type CommandContext, EXIT, type ExitCode } from "../context/command.ts";
import { withStack } from "../context/opened.ts";
import { doctorJson, doctorText, type Examined } from "../reports/doctor-report.ts";

export interface DoctorOptions {
  readonly stack?: string;
  readonly region?: string;
  readonly table?: string;
  readonly write?: boolean;
  readonly json?: boolean;
}

export async function doctorCommand(context: CommandContext, options: DoctorOptions): Promise<ExitCode> {
  const { region, stack } = options;
  if (stack === undefined)
    throw new DynalakeError("USAGE", "doctor examines a deployed stack, and none is given", {
      next: "Give --stack NAME.",
    });
  return withStack(context, { kind: "stack", stack, region }, async (opened) => {
    const { examineStack } = await import("../../stack/doctor/examine-stack.ts");
    const deployments = opened.tables(options.table);
    const { trialsOf } = await import("../../stack/doctor/try-deployment.ts");
    const trials =
      options.write === true ? deployments.flatMap((deployment) => trialsOf(opened, deployment)) : [];
    const [first] = deployments;
    const examined: Examined = {
      version: context.version,
      stack,
      ...defined({ region: first && regionOfArn(first.sourceTableArn) }),
      tables: deployments.map(({ table }) => table),
      answers: await examineStack(opened, deployments, trials),
    };
    await context.terminal.print(options.json === true ? doctorJson(examined) : doctorText(examined));
    return exitCodeOf(examined);
  });
}

function exitCodeOf({ answers }: Examined): ExitCode {
  if (answers.some(({ verdict }) => verdict === "contradicted")) return EXIT.different; // breakage: contradiction-exits
  return answers.some(({ isUnread }) => isUnread === true) ? EXIT.incomplete : EXIT.done;
}
