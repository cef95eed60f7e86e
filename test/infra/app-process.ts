/** infra/app.ts as the CDK command runs it: a process of its own, told by its environment. */
import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { execPath } from "node:process";
import { expect } from "@jest/globals";
import { BUNDLES_CONTEXT } from "../../infra/bundle.ts";
import { bundlesFolder, root } from "./support.ts";

const cdkJson = JSON.parse(readFileSync(join(root, "cdk.json"), "utf8"));

/** Where nothing listens. No credentials, no region: whoever asks AWS fails. */
const nowhere = { AWS_ENDPOINT_URL: "http://127.0.0.1:9", AWS_EC2_METADATA_DISABLED: "true" };

export interface RunApp extends SpawnSyncReturns<string> {
  readonly outdir: string;
}

export function runApp(
  context: Readonly<Record<string, unknown>>,
  environment: Readonly<Record<string, string>> = {},
): RunApp {
  const outdir = mkdtempSync(join(dirname(bundlesFolder()), "out-"));
  const [command = "", file = ""] = (cdkJson.app as string).split(" ");
  expect(command).toBe("node_modules/.bin/tsx");
  const run = spawnSync(execPath, ["--import", "tsx", file], {
    cwd: root,
    encoding: "utf8",
    env: {
      PATH: process.env.PATH ?? "",
      HOME: outdir,
      TMPDIR: tmpdir(),
      CDK_OUTDIR: outdir,
      CDK_CONTEXT_JSON: JSON.stringify({
        ...cdkJson.context,
        [BUNDLES_CONTEXT]: bundlesFolder(),
        ...context,
      }),
      ...nowhere,
      ...environment,
    },
  });
  return { ...run, outdir };
}
