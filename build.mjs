// Bundles the sources into dist/. The command line, the library and the constructs for CDK apps import packages from
// node_modules. Each Lambda function of the deployment is a single file that contains everything it needs. As a script, it writes
// the types of the package too.
import {
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { argv } from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build as bundle } from "esbuild";

const root = dirname(fileURLToPath(import.meta.url));
const dist = join(root, "dist");
/** The first entry point is written last: bin/dynalake.js compares its time with that of the sources. */
const entryPoints = {
  "cli/main": "src/cli/main.ts",
  "staging-worker": "src/embedded/snapshot/staging-worker.ts",
  index: "src/index.ts",
  "infra/index": "infra/index.ts",
};
/** The entries of the functions: every file in handlers/, which is src/aws/contracts/handlers.ts once more. */
export const handlers = existsSync(join(root, "handlers"))
  ? readdirSync(join(root, "handlers")).map((name) => basename(name, ".ts"))
  : [];

/** Writes dist/. Its files carry the time at which the build began, so that a source saved during the build counts as newer. */
export async function build() {
  const begun = new Date();
  await buildHandlers(begun);
  await buildModules(begun);
}

async function buildModules(begun) {
  const present = Object.fromEntries(
    Object.entries(entryPoints).filter(([, entry]) => existsSync(join(root, entry))),
  );
  if (Object.keys(present).length === 0) return;
  const { outputFiles } = await bundle({
    absWorkingDir: root,
    entryPoints: present,
    outdir: "dist",
    bundle: true,
    packages: "external",
    platform: "node",
    target: "node20",
    format: "esm",
    splitting: true,
    chunkNames: "chunks/[name]-[hash]",
    sourcemap: true,
    write: false,
    logLevel: "warning",
  });
  const main = join(dist, "cli", "main.js");
  const files = outputFiles.toSorted((a, b) => Number(a.path === main) - Number(b.path === main));
  for (const file of files) replaceFile(file.path, file.contents, begun);
  removeOthers(dist, /\.js(\.map)?$/, new Set(files.map((file) => file.path)));
}

async function buildHandlers(begun) {
  if (handlers.length === 0) return;
  const { outputFiles } = await bundleHandlers();
  for (const file of outputFiles) replaceFile(file.path, file.contents, begun);
  removeOthers(join(dist, "handlers"), /\.(mjs|map|txt)$/, new Set(outputFiles.map((file) => file.path)));
}

/**
 * The functions' code, as esbuild gives it, unwritten. They run on Node 24 on AWS, and on Node 20 in emulators that have no newer one.
 */
export function bundleHandlers() {
  return bundle({
    absWorkingDir: root,
    entryPoints: Object.fromEntries(handlers.map((name) => [`${name}/index`, `handlers/${name}.ts`])),
    outdir: "dist/handlers",
    outExtension: { ".js": ".mjs" },
    bundle: true,
    minify: true,
    // Errors are distinguished by their names.
    keepNames: true,
    platform: "node",
    target: "node20",
    format: "esm",
    mainFields: ["module", "main"],
    // Bundled CommonJS packages call require for the modules of Node.
    banner: { js: 'import{createRequire}from"node:module";const require=createRequire(import.meta.url);' },
    // No source maps: they are four times as large as the code, and names are kept.
    legalComments: "external",
    metafile: true,
    write: false,
    logLevel: "warning",
  });
}

/** Renames a finished file into place: a process that starts meanwhile reads either the old file or the new one, whole. */
function replaceFile(path, contents, modified) {
  mkdirSync(dirname(path), { recursive: true });
  const unfinished = `${path}.${process.pid}`;
  writeFileSync(unfinished, contents);
  utimesSync(unfinished, modified, modified);
  renameSync(unfinished, path);
}

function removeOthers(folder, name, kept) {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && name.test(entry.name) && !kept.has(path)) rmSync(path, { force: true });
  }
}

function printSizes() {
  console.log(existsSync(dist) ? `built ${relative(root, dist)}/` : "nothing to build yet");
  for (const name of handlers) {
    const file = join(dist, "handlers", name, "index.mjs");
    if (!existsSync(file)) continue;
    const kibibytes = Math.ceil(statSync(file).size / 1024);
    console.log(`  ${`handlers/${name}/${basename(file)}`.padEnd(36)}${String(kibibytes).padStart(6)} KiB`);
  }
}

if (argv[1] !== undefined && import.meta.url === pathToFileURL(argv[1]).href) {
  await build();
  // Loaded here alone: bin/dynalake.js, which imports this file too, needs no types.
  const { buildTypes } = await import("./scripts/build-types.mjs");
  buildTypes();
  printSizes();
}
