// Runs the tests of test/ui: the console's page in a headless Chromium, with pictures of it in .cache/ui. What drives the browser is
// installed once from the npm registry into a cache outside the repository; the browser has to be on this machine. If either is
// missing, the tests are skipped, and this script prints why.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { argv, env, execPath, exit, platform } from "node:process";
import { fileURLToPath } from "node:url";

const packages = ["playwright-core@1.65.1", "axe-core@4.14.1"];
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const cache = join(
  env.XDG_CACHE_HOME ?? join(homedir(), ".cache"),
  "dynalake",
  packages.join("-").replaceAll("@", "-"),
);

const browser = foundBrowser();
const missing = browser === undefined ? "no Chromium was found; CHROMIUM can name one" : toolsAreMissing();
if (missing !== undefined) console.log(`The tests of the page are skipped: ${missing}`);

const jest = [
  "--experimental-vm-modules",
  "--disable-warning=ExperimentalWarning",
  "node_modules/jest/bin/jest.js",
];
const run = spawnSync(execPath, [...jest, "--config", "jest.ui.config.mjs", ...argv.slice(2)], {
  cwd: root,
  stdio: "inherit",
  env: {
    ...env,
    ...(missing === undefined ? { DYNALAKE_UI_BROWSER: browser, DYNALAKE_UI_TOOLS: cache } : {}),
  },
});
exit(run.status ?? 1);

/** The browser's program. */
function foundBrowser() {
  const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge"];
  const onPath = (env.PATH ?? "")
    .split(delimiter)
    .flatMap((folder) => names.map((name) => join(folder, name)));
  const installed =
    platform === "darwin"
      ? [
          "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
          "/Applications/Chromium.app/Contents/MacOS/Chromium",
        ]
      : platform === "win32"
        ? [join(env.PROGRAMFILES ?? "C:\\Program Files", "Google", "Chrome", "Application", "chrome.exe")]
        : [];
  return [env.CHROMIUM ?? "", ...onPath, ...installed].find((path) => path !== "" && existsSync(path));
}

/** Names the folder only after a complete installation, so that an interrupted one leaves nothing that looks complete. */
function toolsAreMissing() {
  if (existsSync(cache)) return undefined;
  mkdirSync(dirname(cache), { recursive: true });
  const folder = mkdtempSync(`${cache}-`);
  try {
    console.log("Installing what drives the browser (12 MB, once)...");
    const options = ["install", "--prefix", folder, "--no-audit", "--no-fund", "--silent", ...packages];
    const npm = spawnSync("npm", options, { cwd: folder, encoding: "utf8", shell: platform === "win32" });
    if (npm.status !== 0) return `npm could not install ${packages.join(" and ")}`;
    rmSync(cache, { recursive: true, force: true });
    renameSync(folder, cache);
    return undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
