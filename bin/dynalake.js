#!/usr/bin/env node
// Starts the command line. In a clone, it first rebuilds dist/ if src/ has changed. An installed package has only dist/.
import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

// The AWS SDK's own switch for its notice on stderr about future versions of Node. Other warnings are still shown.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const main = join(root, "dist", "cli", "main.js");

const sourcesModifiedAt = newestBelow(join(root, "src"));

try {
  if (sourcesModifiedAt > modifiedAt(main)) {
    const { build } = await import("../build.mjs");
    await build();
  }
  await import("../dist/cli/main.js");
} catch (error) {
  const isUninstalledClone = sourcesModifiedAt >= 0 && !existsSync(join(root, "node_modules"));
  if (error?.code !== "ERR_MODULE_NOT_FOUND" || !isUninstalledClone) throw error;
  console.error("dynalake is not installed in this folder yet. Run `npm ci` here, then try again.");
  process.exitCode = 1;
}

/** The latest modification time of `folder` and of anything in it, in milliseconds; -1 if the folder does not exist. */
function newestBelow(folder) {
  const own = modifiedAt(folder);
  if (own < 0) return own;
  const below = readdirSync(folder, { recursive: true }).map((name) => modifiedAt(join(folder, name)));
  return below.reduce((newest, time) => Math.max(newest, time), own);
}

function modifiedAt(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? -1;
}
