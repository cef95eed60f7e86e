/** Deploys stacks to the emulator with the real CDK command line. */
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { AwsEmulator } from "./emulator.ts";
import { once } from "./once.ts";

export interface Deployment {
  /** The command that synthesizes the app. */
  readonly app: string;
  /** Names of stacks; empty for all of the app. */
  readonly stacks?: readonly string[];
  readonly context?: Readonly<Record<string, string>>;
  /** The command's working directory. Default: the repository root. */
  readonly folder?: string;
  /** The file for the outputs, as `cdk deploy --outputs-file` writes them. */
  readonly outputsFile?: string;
  readonly timeoutSeconds?: number;
}

/** Outputs by stack name. */
export type StackOutputs = Readonly<Record<string, Readonly<Record<string, string>>>>;

const root = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));
const cdk = join(root, "node_modules", "aws-cdk", "bin", "cdk");
const secondsMax = 360;
const tailLines = 40;
let deployments = 0;

/** Bootstraps the emulator once and deploys the stacks. Fails with the end of the command's output. */
export async function deployStacks(emulator: AwsEmulator, deployment: Deployment): Promise<StackOutputs> {
  const { app, stacks = [], context = {}, folder = root, timeoutSeconds = secondsMax } = deployment;
  const run = (args: readonly string[], cwd: string) => runCdk(emulator, args, cwd, timeoutSeconds);
  await once(emulator.folder, "bootstrap", async () => {
    await run(["bootstrap", "aws://000000000000/us-east-1"], emulator.folder);
    return true;
  });
  // Several test files deploy concurrently, and each locks its output folder.
  const own = `${process.pid}-${deployments++}`;
  const outputsFile = deployment.outputsFile ?? join(emulator.folder, `outputs-${own}.json`);
  const values = Object.entries(context).flatMap(([name, value]) => ["--context", `${name}=${value}`]);
  const output = join(emulator.folder, `cdk.out-${own}`);
  await run(
    [
      "deploy",
      ...(stacks.length === 0 ? ["--all"] : stacks),
      ...["--app", app, "--output", output, "--outputs-file", outputsFile],
      ...["--require-approval", "never", "--concurrency", "2"],
      ...values,
    ],
    folder,
  );
  return JSON.parse(await readFile(outputsFile, "utf8")) as StackOutputs;
}

/**
 * Runs the program in its own process group, and kills the whole group when standard input closes, which happens however this
 * process ends. So the app that the CDK runs ends with it.
 */
const guardScript = `
exec 3<&0
{ cat >/dev/null; kill -9 -$$; } <&3 >/dev/null 2>&1 &
exec 3<&-
"$@" </dev/null
`;

async function runCdk(
  emulator: AwsEmulator,
  args: readonly string[],
  cwd: string,
  timeoutSeconds: number,
): Promise<void> {
  const command = [process.execPath, cdk, ...args, "--no-notices", "--no-color"];
  const child = spawn("/bin/sh", ["-c", guardScript, "sh", ...command], {
    cwd,
    env: emulator.environment,
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    child.stdin.destroy();
  }, timeoutSeconds * 1000);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  }).finally(() => {
    clearTimeout(timer);
    child.stdin.destroy();
  });
  if (code === 0) return;
  const why = isLate ? `took longer than ${timeoutSeconds} seconds` : `ended with ${code}`;
  const tail = said.trimEnd().split("\n").slice(-tailLines).join("\n");
  throw new Error(`cdk ${args[0]} ${why}:\n${tail}\n\nThe emulator said:\n${emulator.log(tailLines)}`);
}
