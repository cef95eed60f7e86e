/** The package as its users import it: dist/ with the types, built here if a source is newer. */
import { execFileSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

export const root: string = join(import.meta.dirname, "..", "..");

const SOURCES = ["src", "infra", "handlers", "build.mjs", "scripts/build-types.mjs"];
/** What `exports` of package.json names. */
const BUILT = [
  "dist/index.js",
  "dist/infra/index.js",
  "dist/types/src/index.d.ts",
  "dist/types/infra/index.d.ts",
];

export function buildPackage(): void {
  const sourcesModifiedMs = Math.max(...SOURCES.map((source) => newestMs(join(root, source))));
  const builtMs = Math.min(...BUILT.map((file) => modifiedMs(join(root, file))));
  if (sourcesModifiedMs > builtMs) execFileSync(process.execPath, ["build.mjs"], { cwd: root });
}

/** When the file, or the newest file or folder below the folder, was modified. */
function newestMs(path: string): number {
  if (!statSync(path).isDirectory()) return modifiedMs(path);
  const below = readdirSync(path, { recursive: true, encoding: "utf8" });
  return Math.max(modifiedMs(path), ...below.map((name) => modifiedMs(join(path, name))));
}

function modifiedMs(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? -1;
}
