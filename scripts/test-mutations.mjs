// Breaks the sources on purpose, one place at a time, in a copy of the repository, and checks that tests fail: npm run test:mutations.
// A breakage that no test notices means that a test is missing, and this exits with 1. Arguments choose breakages by a part of their
// name.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { argv, env, execPath, exit } from "node:process";
import { fileURLToPath } from "node:url";
import { breakages } from "../test/mutations/breakages.ts";
import { brokenSource, fileOf, isSource } from "../test/mutations/marked-source.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** A breakage can make a test wait for ever, which counts as noticed. */
const secondsMax = 300;
/** All test files together, as they are. */
const wholeSecondsMax = 3600;

const names = argv.slice(2);
const chosen = breakages.filter(
  ({ name }) => names.length === 0 || names.some((part) => name.includes(part)),
);
const files = repositoryFiles();
const sources = files
  .filter(isSource)
  .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
const copy = copied();
const begun = Date.now();
let faults = 0;
try {
  const tests = [...new Set(chosen.flatMap((breakage) => breakage.tests))].sort();
  const whole = run(tests, wholeSecondsMax);
  if (whole.outcome !== "passed") {
    console.log(`the tests fail without any breakage: ${whole.detail}`);
    exit(1);
  }
  console.log(`${tests.length} test files pass as they are; ${chosen.length} breakages`);
  for (const breakage of chosen) {
    const { outcome, detail } = broken(breakage);
    if (outcome !== "failed") faults++;
    const verdict = outcome === "failed" ? "caught " : "MISSED ";
    console.log(`${verdict} ${breakage.name}\n          ${detail}`);
  }
} finally {
  rmSync(copy, { recursive: true, force: true });
}
const seconds = Math.round((Date.now() - begun) / 1000);
console.log(`${chosen.length - faults} of ${chosen.length} breakages were caught, in ${seconds} s`);
exit(faults > 0 || chosen.length === 0 ? 1 : 0);

/** The files that git knows or would add. */
function repositoryFiles() {
  const listed = spawnSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: root,
  });
  const names = listed.stdout.toString("utf8").split("\0");
  return names.filter((name) => name !== "" && existsSync(join(root, name)));
}

/** A copy of these files, with a link to the installed packages. */
function copied() {
  const folder = mkdtempSync(join(tmpdir(), "dynalake-mutations-"));
  for (const name of files) cpSync(join(root, name), join(folder, name));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  return folder;
}

function broken(breakage) {
  let file;
  let text;
  try {
    file = fileOf(sources, breakage);
    text = brokenSource(file.text, breakage);
  } catch (error) {
    return { outcome: "stale", detail: error.message };
  }
  const path = join(copy, file.path);
  writeFileSync(path, text);
  try {
    return run(breakage.tests, secondsMax);
  } finally {
    writeFileSync(path, file.text);
  }
}

/** Runs test files and returns the name of the first test that fails. A file that does not even load proves nothing. */
function run(tests, timeoutSeconds) {
  const report = join(copy, "report.json");
  rmSync(report, { force: true });
  const options = [
    "--silent",
    "--json",
    `--outputFile=${report}`,
    `--cacheDirectory=${join(root, ".cache", "jest")}`,
    // Also those that only `npm run test:deep` runs.
    "--testPathIgnorePatterns=/node_modules/",
  ];
  const jest = [
    "--experimental-vm-modules",
    "--disable-warning=ExperimentalWarning",
    "node_modules/jest/bin/jest.js",
  ];
  const { error } = spawnSync(execPath, [...jest, ...options, "--runTestsByPath", ...tests], {
    cwd: copy,
    stdio: "ignore",
    // A breakage has to be found by all effort: with less it would be found most of the time.
    env: { ...env, DYNALAKE_TEST_EFFORT: "1" },
    timeout: timeoutSeconds * 1000,
    killSignal: "SIGKILL",
  });
  if (error?.code === "ETIMEDOUT")
    return { outcome: "failed", detail: `the tests did not end in ${timeoutSeconds} s` };
  if (!existsSync(report)) return { outcome: "unknown", detail: "jest wrote no report" };
  const { numFailedTests, numPassedTests, success, testResults } = JSON.parse(readFileSync(report, "utf8"));
  const failed = testResults
    .flatMap((file) => file.assertionResults)
    .find((test) => test.status === "failed");
  if (numFailedTests > 0) return { outcome: "failed", detail: failed.fullName };
  if (success) return { outcome: "passed", detail: `${numPassedTests} tests passed` };
  return {
    outcome: "unknown",
    detail: testResults.find((file) => file.message !== "")?.message.slice(0, 300),
  };
}
