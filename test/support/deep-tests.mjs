// Which test files `npm run test:deep` runs: those that are only for it, and those whose imports lead to effort.ts.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const EFFORT = join(root, "test", "support", "effort.ts");
/** They have all effort in any case. */
const SUITES_OF_THEIR_OWN = /^test\/(aws|local)\//;

/** Paths from the repository's root, with slashes. */
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
    // An import that comes back here leads nowhere new.
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
