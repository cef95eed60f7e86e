/** Runs the consoles of a document in an empty folder, in their order, on a DynamoDB emulator, as its readers would. */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { env, execPath } from "node:process";
import { fileURLToPath } from "node:url";
import { startEmulator } from "../../src/emulator/emulator.ts";
import { connectSource } from "../../src/source/source-connection.ts";
import { consoleBlocksOf, withOutputs } from "./console-blocks.ts";
import { EVENTS } from "./world.ts";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const CREDENTIALS = { accessKeyId: "local", secretAccessKey: "local" };

/** The document with what its commands printed. Fails for a command that fails, unless the document shows its error. */
export async function runConsoles(markdown: string): Promise<string> {
  const temporary = mkdtempSync(join(tmpdir(), "dynalake-docs-"));
  const emulator = await startEmulator({ kinds: ["dynoxide"] });
  const source = connectSource({
    endpoint: emulator.endpoint,
    region: "us-east-1",
    credentials: CREDENTIALS,
  });
  try {
    const [folder, programs] = [join(temporary, "work"), join(temporary, "programs")];
    mkdirSync(folder);
    writeNpx(programs);
    const environment = {
      ...env,
      PATH: `${programs}${delimiter}${env.PATH}`,
      AWS_ENDPOINT_URL: emulator.endpoint,
      AWS_REGION: "us-east-1",
      AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    };
    const outputs: string[] = [];
    for (const { before, commands } of consoleBlocksOf(markdown)) {
      if (before !== undefined) await eventOf(before)(source.client);
      for (const { command, output } of commands) {
        const ended = await shell(command, folder, environment);
        if (ended.failed && !/^error [A-Z_]+: /m.test(output))
          throw new Error(`this command of the document failed:\n$ ${command}\n${ended.output}`);
        outputs.push(ended.output);
      }
    }
    return withOutputs(markdown, outputs);
  } finally {
    source.close();
    await emulator.stop();
    rmSync(temporary, { recursive: true, force: true });
  }
}

function eventOf(name: string): (typeof EVENTS)[string] {
  const event = EVENTS[name];
  if (event === undefined) throw new Error(`there is no event "${name}" in world.ts`);
  return event;
}

/** A folder for the PATH in which `npx dynalake` is the one of this checkout. */
function writeNpx(folder: string): void {
  mkdirSync(folder);
  const text = `#!/bin/sh\nshift\nexec "${execPath}" "${join(root, "bin", "dynalake.js")}" "$@"\n`;
  writeFileSync(join(folder, "npx"), text, { mode: 0o755 });
}

interface Ended {
  readonly failed: boolean;
  /** Of both streams, as a terminal shows them. */
  readonly output: string;
}

function shell(command: string, cwd: string, environment: NodeJS.ProcessEnv): Promise<Ended> {
  const options = { cwd, env: environment, timeout: 120_000, maxBuffer: 1 << 24 };
  return new Promise((resolve) => {
    execFile("bash", ["-c", `exec 2>&1\n${command}`], options, (error, stdout) => {
      const output = stdout === "" || stdout.endsWith("\n") ? stdout : `${stdout}\n`;
      resolve({ failed: error !== null, output });
    });
  });
}
