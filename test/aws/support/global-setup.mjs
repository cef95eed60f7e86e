// One AWS emulator for all test files of a run: started before them, while they load, and stopped after them.
// Jest loads this file without transforming it; tsx handles the TypeScript that it imports.
import { copyFileSync } from "node:fs";
import { tsImport } from "tsx/esm/api";

export default async function setUp() {
  // Without the tools, all tests are skipped: see scripts/test-aws.mjs.
  if (process.env.DYNALAKE_AWS_PYTHON === undefined) return undefined;
  const { startProcess } = await tsImport("./emulator-process.ts", import.meta.url);
  const { stop, ...place } = await startProcess({ iam: true });
  process.env.DYNALAKE_AWS_SHARED = JSON.stringify(place);
  globalThis.endSharedEmulator = async () => {
    // To find the cause of a failure.
    const wanted = process.env.DYNALAKE_AWS_LOG;
    if (wanted !== undefined) copyFileSync(place.logFile, wanted);
    await stop();
  };
}
