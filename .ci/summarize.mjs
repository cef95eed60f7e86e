// Sums jest's reports for .ci/run and prints the line that CI reads. Exits 1 when anything failed, or did not run.
//
//   node .ci/summarize.mjs REPORTS TESTS SUITES-THAT-MAY-BE-SKIPPED (suite|check):NAME:STATUS...
import { existsSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { join, resolve } from "node:path";
import { argv } from "node:process";

const [reportsFolder, testsFolder, optionalSuites, ...outcomes] = argv.slice(2);
const mayBeSkipped = new Set(optionalSuites.split(","));
const faults = [];
const total = { passed: 0, failed: 0, skipped: 0 };
const filesRun = new Set();

for (const outcome of outcomes) {
  const [kind, name, status] = outcome.split(":");
  if (kind === "suite") addSuite(name, Number(status));
  else if (status !== "0") faults.push(`${name} failed`);
}
if (filesRun.size === 0) faults.push("no test file was run");
for (const file of testFiles()) if (!filesRun.has(file)) faults.push(`${file} was not run`);

for (const fault of faults) console.log(`failed: ${fault}`);
const failed = total.failed + faults.length;
console.log(
  `${total.passed} passed, ${failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ""}`,
);
process.exitCode = failed > 0 ? 1 : 0;

function addSuite(name, status) {
  const path = join(reportsFolder, `${name}.json`);
  const report = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : undefined;
  if (report === undefined) {
    faults.push(`${name}: jest wrote no report (exit ${status})`);
    return;
  }
  const faultsBefore = faults.length;
  total.passed += report.numPassedTests;
  total.failed += report.numFailedTests;
  total.skipped += report.numPendingTests + report.numTodoTests;
  for (const file of report.testResults) addFile(file);
  if (report.numPassedTests + report.numFailedTests === 0 && !mayBeSkipped.has(name))
    faults.push(`${name}: no test was run`);
  const explained = faults.length > faultsBefore || report.numFailedTests > 0;
  if ((status !== 0 || report.success !== true) && !explained)
    faults.push(`${name}: jest failed (exit ${status})`);
}

/** A file that failed without a failed test did not load, or failed outside of its tests. */
function addFile({ name, status, message, assertionResults }) {
  filesRun.add(resolve(name));
  const hasFailedTest = assertionResults.some((test) => test.status === "failed");
  if (status === "failed" && !hasFailedTest)
    faults.push(`${name} failed outside of its tests: ${firstLine(message)}`);
  if (status !== "failed" && assertionResults.length === 0) faults.push(`${name} has no tests`);
}

function testFiles() {
  return readdirSync(testsFolder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => join(realpathSync(testsFolder), name))
    .sort();
}

function firstLine(text) {
  const lines = String(text ?? "")
    .split("\n")
    .map((line) => line.trim());
  return lines.find((line) => line !== "" && !line.startsWith("●")) ?? "no message";
}
