// One emulator of AWS for all test files of a run: it is started before them, while they are loaded, and ended after them.
// Jest loads this as it is; tsx reads the TypeScript beside it.
import { copyFileSync } from "node:fs";
import { tsImport } from "tsx/esm/api";

export default async function setUp() {
  // Without the tools all tests are skipped: see scripts/test-aws.mjs.
  if (process.env.DYNALAKE_AWS_PYTHON === undefined) return undefined;
  const { startProcess } = await tsImport("./emulator-process.ts", import.meta.url);
  const { stop, ...place } = await startProcess({ iam: true });
  process.env.DYNALAKE_AWS_SHARED = JSON.stringify(place);
  globalThis.endSharedEmulator = async () => {
    // For whoever looks for the reason of a failure.
    const wanted = process.env.DYNALAKE_AWS_LOG;
    if (wanted !== undefined) copyFileSync(place.logFile, wanted);
    await stop();
  };
}
