// Runs the tests of test/local against Amazon's DynamoDB Local, which needs Java 17 or newer. The emulator is downloaded once,
// as a package of the npm registry, into a cache outside the repository. If that fails, the tests are skipped, and this script
// prints why.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { argv, env, execPath, exit } from "node:process";
import { fileURLToPath } from "node:url";

const packageSpec = "amplify-dynamodb-simulator@2.9.30";
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const cache = join(
  env.XDG_CACHE_HOME ?? join(homedir(), ".cache"),
  "dynalake",
  packageSpec.replace("@", "-"),
);
const jar = join(cache, "package", "emulator", "DynamoDBLocal.jar");

const missing = javaIsMissing() ?? emulatorIsMissing();
if (missing !== undefined) console.log(`The tests against DynamoDB Local are skipped: ${missing}`);

const jest = [
  "--experimental-vm-modules",
  "--disable-warning=ExperimentalWarning",
  "node_modules/jest/bin/jest.js",
];
const run = spawnSync(execPath, [...jest, "--config", "jest.local.config.mjs", ...argv.slice(2)], {
  cwd: root,
  stdio: "inherit",
  env: { ...env, ...(missing === undefined ? { DYNAMODB_LOCAL_JAR: jar } : {}) },
});
exit(run.status ?? 1);

function javaIsMissing() {
  const java = spawnSync("java", ["-version"], { encoding: "utf8" });
  if (java.error) return "java is not on PATH";
  const version = Number(/version "(\d+)/.exec(java.stderr)?.[1] ?? 0);
  return version >= 17 ? undefined : `they need Java 17 or newer, and this is Java ${version}`;
}

/** Names the folder only after a complete download, so that an interrupted one leaves nothing that looks complete. */
function emulatorIsMissing() {
  if (existsSync(jar)) return undefined;
  mkdirSync(dirname(cache), { recursive: true });
  const folder = mkdtempSync(`${cache}-`);
  try {
    console.log("Downloading DynamoDB Local (55 MB, once)...");
    const npm = spawnSync("npm", ["pack", packageSpec, "--silent"], {
      cwd: folder,
      encoding: "utf8",
      shell: process.platform === "win32",
    });
    if (npm.status !== 0) return `npm could not download ${packageSpec}`;
    const tar = spawnSync("tar", ["-xzf", npm.stdout.trim().split("\n").at(-1)], { cwd: folder });
    if (tar.status !== 0) return "tar could not unpack the emulator";
    rmSync(cache, { recursive: true, force: true });
    renameSync(folder, cache);
    return existsSync(jar) ? undefined : `${packageSpec} does not contain DynamoDBLocal.jar`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
