// A test sequencer for jest. The slowest files start first, because one that started last would run alone.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
/** Seconds by file, of its last run. */
const remembered = join(root, ".cache", "test-seconds.json");
/** Seconds of a run on two cores, for a clone without a run of its own. */
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
    // There has been no run yet, or one ended while writing.
    return {};
  }
}
