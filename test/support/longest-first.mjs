// The files that take longest begin first: begun last, one of them would run alone. What jest asks of a sequencer is all here.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
/** Seconds by file, of the last run of each. */
const remembered = join(root, ".cache", "test-seconds.json");
/** Of a run on two cores, for a clone that has none of its own yet. */
const SECONDS = JSON.parse(readFileSync(join(import.meta.dirname, "seconds.json"), "utf8"));

export default class LongestFirst {
  sort(tests) {
    const known = { ...SECONDS, ...readRemembered() };
    const seconds = ({ path }) => known[pathFromRoot(path)] ?? 0;
    return [...tests].sort((a, b) => seconds(b) - seconds(a) || (a.path < b.path ? -1 : 1));
  }

  cacheResults(_tests, { testResults }) {
    const seconds = testResults.map(({ testFilePath, perfStats: { start, end } }) => [
      pathFromRoot(testFilePath),
      (end - start) / 1000,
    ]);
    mkdirSync(dirname(remembered), { recursive: true });
    writeFileSync(remembered, JSON.stringify({ ...readRemembered(), ...Object.fromEntries(seconds) }));
  }
}

function pathFromRoot(path) {
  return relative(root, path).replaceAll("\\", "/");
}

function readRemembered() {
  try {
    return JSON.parse(readFileSync(remembered, "utf8"));
  } catch {
    // There was no run yet, or it ended while it wrote.
    return {};
  }
}
