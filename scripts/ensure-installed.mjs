// Runs before `npm test` and `npm run demo`: installs the packages of package-lock.json if node_modules does not match it.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

if (!isInstalled()) {
  console.log("Installing the packages of package-lock.json (once, about half a minute)...");
  const startedAt = Date.now();
  const status = runNpm("ci", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error");
  if (status !== 0) {
    console.error("The installation failed, as npm reports above. Run `npm ci` to try again.");
    process.exit(status);
  }
  console.log(`Installed in ${Math.round((Date.now() - startedAt) / 1000)} s.`);
}

/** npm lists what it installed in node_modules/.package-lock.json. Optional packages for other platforms may be missing. */
function isInstalled() {
  const installed = packagesOf(join("node_modules", ".package-lock.json"));
  if (installed === undefined) return false;
  const wanted = packagesOf("package-lock.json");
  const { "": _root, ...named } = wanted;
  return (
    Object.entries(named).every(([path, entry]) =>
      installed[path] === undefined
        ? entry.optional === true || entry.devOptional === true
        : installed[path].version === entry.version,
    ) && Object.keys(installed).every((path) => named[path] !== undefined)
  );
}

function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(join(root, file), "utf8")).packages;
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}

/** Runs the npm that runs this script, by its path, which works on every platform and is never another npm. */
function runNpm(...args) {
  const npm = process.env.npm_execpath;
  const options = { cwd: root, stdio: "inherit" };
  const run =
    npm !== undefined && basename(npm) === "npm-cli.js"
      ? spawnSync(process.execPath, [npm, ...args], options)
      : spawnSync("npm", args, { ...options, shell: process.platform === "win32" });
  if (run.error) throw run.error;
  return run.status ?? 1;
}
