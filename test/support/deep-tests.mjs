// The test files that `npm run test:deep` runs: those named .deep.test.ts, and those that import effort.ts, directly or not.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const EFFORT = join(root, "test", "support", "effort.ts");
/** Always run with full effort, by scripts of their own. */
const SUITES_OF_THEIR_OWN = /^test\/(aws|local|ui)\//;

/** Paths from the root of the repository, with slashes. */
export function deepTests() {
  const leads = new Map();
  return readdirSync(join(root, "test"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => join(root, "test", name))
    .filter((file) => file.endsWith(".deep.test.ts") || leadsToEffort(file, leads))
    .map((file) => relative(root, file).replaceAll("\\", "/"))
    .filter((path) => !SUITES_OF_THEIR_OWN.test(path))
    .sort();
}

function leadsToEffort(file, known) {
  if (file === EFFORT) return true;
  if (!file.startsWith(join(root, "test"))) return false;
  if (!known.has(file)) {
    // Ends cycles of imports.
    known.set(file, false);
    known.set(
      file,
      importsOf(file).some((imported) => leadsToEffort(imported, known)),
    );
  }
  return known.get(file);
}

function importsOf(file) {
  const text = readFileSync(file, "utf8");
  return [...text.matchAll(/^(?:import|export)\b[^;]*?"(\.[^"]+\.ts)";$/gm)].map(([, path]) =>
    join(dirname(file), path),
  );
}
