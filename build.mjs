// Bundles the sources into dist/, with all packages but those that npm installs with dynalake: the engine, and an app's own CDK.
// Each Lambda function of the deployment is a single file that contains everything it needs, and dist/ui is the page of the
// console. As a script, it writes the types of the package too, and the licenses of what it contains.
import {
  mkdirSync,
  readdirSync,
  readFileSync,
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
const { dependencies, peerDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
/** Bundled CommonJS packages call require for the modules of Node. */
const REQUIRE =
  'import{createRequire as bundledRequire}from"node:module";const require=bundledRequire(import.meta.url);';
/** The first entry point is written last: bin/dynalake.js compares its time with that of the sources. */
const entryPoints = {
  "cli/main": "src/cli/main.ts",
  "staging-worker": "src/embedded/snapshot/staging-worker.ts",
  "statement-worker": "src/library/statement-worker.ts",
  index: "src/index.ts",
  "infra/index": "infra/index.ts",
};
/** The entries of the functions: every file in handlers/, which is src/aws/contracts/handlers.ts once more. */
export const handlers = readdirSync(join(root, "handlers")).map((name) => basename(name, ".ts"));

/**
 * Writes dist/. Its files carry the time at which the build began, so that a source saved during the build counts as newer. Gives the
 * files that the bundles consist of, relative to the root.
 */
export async function build() {
  const begun = new Date();
  const page = await buildPage(begun);
  return [...(await buildHandlers(begun)), ...(await buildModules(begun, page.paths)), ...page.inputs];
}

/** Leaves the files of the page alone. */
async function buildModules(begun, pagePaths) {
  const { metafile, outputFiles } = await bundleModules();
  const main = join(dist, "cli", "main.js");
  const files = outputFiles.toSorted((a, b) => Number(a.path === main) - Number(b.path === main));
  for (const file of files) replaceFile(file.path, file.contents, begun);
  removeOthers(dist, /\.js(\.map)?$/, new Set([...files.map((file) => file.path), ...pagePaths]));
  return Object.keys(metafile.inputs);
}

function bundleModules() {
  return bundle({
    absWorkingDir: root,
    entryPoints,
    outdir: "dist",
    bundle: true,
    // Found in node_modules.
    external: [...Object.keys(dependencies), ...Object.keys(peerDependencies)],
    platform: "node",
    target: "node20",
    format: "esm",
    mainFields: ["module", "main"],
    banner: { js: REQUIRE },
    splitting: true,
    chunkNames: "chunks/[name]-[hash]",
    sourcemap: true,
    sourcesContent: false,
    metafile: true,
    write: false,
    logLevel: "warning",
  });
}

/** The page: its script, with the SQL console as a part that is loaded when it is needed, styles and fonts. */
async function buildPage(begun) {
  const { metafile, outputFiles } = await bundle({
    absWorkingDir: root,
    entryPoints: ["src/page/main.tsx", "src/page/style.css"],
    outdir: "dist/ui",
    bundle: true,
    minify: true,
    splitting: true,
    format: "esm",
    // The first with light-dark(), which the styles need.
    target: ["chrome123", "firefox121", "safari17.5"],
    jsx: "automatic",
    jsxImportSource: "preact",
    loader: { ".woff2": "file" },
    assetNames: "[name]",
    chunkNames: "[name]-[hash]",
    legalComments: "none",
    metafile: true,
    write: false,
    logLevel: "warning",
  });
  const copies = ["index.html", "icon.svg"].map((name) => ({
    path: join(dist, "ui", name),
    contents: readFileSync(join(root, "src", "page", name)),
  }));
  const files = [...outputFiles, ...copies];
  for (const file of files) replaceFile(file.path, file.contents, begun);
  const paths = files.map(({ path }) => path);
  removeOthers(join(dist, "ui"), /./, new Set(paths));
  return { paths, inputs: Object.keys(metafile.inputs) };
}

async function buildHandlers(begun) {
  const { metafile, outputFiles } = await bundleHandlers();
  for (const file of outputFiles) replaceFile(file.path, file.contents, begun);
  removeOthers(join(dist, "handlers"), /\.(mjs|map|txt)$/, new Set(outputFiles.map((file) => file.path)));
  return Object.keys(metafile.inputs);
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
    banner: { js: REQUIRE },
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
  console.log(`built ${relative(root, dist)}/`);
  for (const name of handlers) {
    const file = join(dist, "handlers", name, "index.mjs");
    const kibibytes = Math.ceil(statSync(file).size / 1024);
    console.log(`  ${`handlers/${name}/${basename(file)}`.padEnd(36)}${String(kibibytes).padStart(6)} KiB`);
  }
}

if (argv[1] !== undefined && import.meta.url === pathToFileURL(argv[1]).href) {
  const inputs = await build();
  // Loaded here alone: bin/dynalake.js, which imports this file too, needs neither types nor licenses.
  const { buildTypes } = await import("./scripts/build-types.mjs");
  const { bundledLicenses } = await import("./scripts/bundled-licenses.mjs");
  buildTypes();
  writeFileSync(join(dist, "LICENSES.txt"), bundledLicenses(root, inputs));
  printSizes();
}
