// The packages that most test files load, each as one file. Jest loads the modules of a package anew for every test file: zod has 90, and
// DuckDB's client 180, which took a fifth of the time of many files. test/cli/bundle.test.ts runs what npm installs.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const folder = join(root, ".cache", "test-packages");

const accessors = "@duckdb/node-api/lib/vectors/dataAccessors.js";
// Both are one file, so that they share their classes.
const duckdb = {
  file: "duckdb.cjs",
  text: `module.exports = { ...require("@duckdb/node-api"), ...require("${accessors}") };`,
};
const zod = (name) => ({ file: `zod-${name}.mjs`, text: `export * from "zod/${name}";` });
const bundles = {
  "@duckdb/node-api": duckdb,
  [accessors]: duckdb,
  "zod/mini": zod("mini"),
  "zod/locales": zod("locales"),
};

/** Where jest finds each of these packages, as its option `moduleNameMapper` has it. The files are there when it returns. */
export function bundledPackages() {
  mkdirSync(folder, { recursive: true });
  for (const bundle of new Set(Object.values(bundles))) write(bundle);
  return Object.fromEntries(
    Object.entries(bundles).map(([name, { file }]) => [
      `^${name.replaceAll(".", "\\.")}$`,
      join(folder, file),
    ]),
  );
}

function write({ file, text }) {
  const { outputFiles } = buildSync({
    stdin: { contents: text, resolveDir: root },
    bundle: true,
    format: file.endsWith(".cjs") ? "cjs" : "esm",
    platform: "node",
    // It finds its binary beside itself.
    external: ["@duckdb/node-bindings"],
    write: false,
  });
  const path = join(folder, file);
  const [{ contents }] = outputFiles;
  if (isFile(path, contents)) return;
  // Another run may be reading it.
  const unfinished = join(folder, `${file}.${process.pid}`);
  writeFileSync(unfinished, contents);
  renameSync(unfinished, path);
}

function isFile(path, contents) {
  try {
    return readFileSync(path).equals(contents);
  } catch {
    return false;
  }
}
