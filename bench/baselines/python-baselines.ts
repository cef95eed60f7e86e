/** Baselines that need Python, or Java too: their packages are installed into the cache folder when they are first used. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { cachedFolder } from "../cache-folder.ts";
import { type Cost, timedProgram } from "../measuring/timed-process.ts";

interface PythonBaseline {
  readonly packages: readonly string[];
  readonly script: string;
  readonly needsJava: boolean;
}

export type PythonBaselineName = "polars" | "Spark inferred";

const BASELINES: Readonly<Record<PythonBaselineName, PythonBaseline>> = {
  polars: { packages: ["polars==2.1.0"], script: "polars_job.py", needsJava: false },
  "Spark inferred": { packages: ["pyspark==4.3.0"], script: "spark_job.py", needsJava: true },
};

export const PYTHON_BASELINES: readonly PythonBaselineName[] = ["polars", "Spark inferred"];

export type Baseline =
  | { readonly job: (exported: string, target: string) => Promise<Cost> }
  | { readonly skippedBecause: string };

const JAVA_MIN = 17;
const INSTALL_MS_MAX = 900_000;
const run = promisify(execFile);

/** Its job, which has been tried on a small export, or why this machine does not have it. */
export async function pythonBaseline(
  name: PythonBaselineName,
  trial: { readonly exported: string; readonly target: string },
): Promise<Baseline> {
  const { packages, script, needsJava } = BASELINES[name];
  try {
    if (needsJava) await requireJava();
    const python = await pythonWith(packages);
    const path = fileURLToPath(new URL(script, import.meta.url));
    const job = (exported: string, target: string): Promise<Cost> =>
      timedProgram(python, [path, exported, target]);
    await job(trial.exported, trial.target);
    return { job };
  } catch (error) {
    return { skippedBecause: reasonOf(error) };
  }
}

/** The path of a Python that has these packages. */
async function pythonWith(packages: readonly string[]): Promise<string> {
  const folder = await cachedFolder({ name: packages.join("+"), madeBy: [] }, async (unfinished) => {
    await run("python3", ["-m", "venv", unfinished]);
    const install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...packages];
    await run(join(unfinished, "bin", "python"), install, { timeout: INSTALL_MS_MAX });
  });
  return join(folder, "bin", "python");
}

async function requireJava(): Promise<void> {
  const { JAVA_HOME } = process.env;
  const { stderr } = await run(JAVA_HOME === undefined ? "java" : join(JAVA_HOME, "bin", "java"), [
    "-version",
  ]);
  const major = Number(/version "(\d+)/.exec(stderr)?.[1] ?? 0);
  if (major < JAVA_MIN) throw new Error(`Java ${JAVA_MIN} or newer is needed, and found was ${major}`);
}

/** The last line of what the failed program wrote. */
function reasonOf(error: unknown): string {
  const { message, stderr, code, path } = error as {
    readonly message: string;
    readonly stderr?: string;
    readonly code?: unknown;
    readonly path?: string;
  };
  if (code === "ENOENT") return `${path ?? "a program"} was not found`;
  return (stderr?.trim() || message).split("\n").at(-1) ?? message;
}
