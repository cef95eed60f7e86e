// Bundles the sources into dist/, one file per entry point. Packages stay outside: node finds them in node_modules.
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { argv } from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build as bundle } from "esbuild";

const root = dirname(fileURLToPath(import.meta.url));
const dist = join(root, "dist");
const entryPoints = ["src/cli/main.ts", "src/embedded/transcode-worker.ts"];

/** Writes dist/. What is written last, the first entry point, is what bin/dynalake.js compares with the sources. */
export async function build() {
  const present = entryPoints.filter((entry) => existsSync(join(root, entry)));
  if (present.length === 0) return;
  // The files carry the moment the build began, so that a source saved during the build counts as newer.
  const begun = new Date();
  const { outputFiles } = await bundle({
    absWorkingDir: root,
    entryPoints: present,
    outbase: "src",
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
  removeOthers(new Set(files.map((file) => file.path)));
}

/** Renames a finished file into place: a process that starts meanwhile reads the old file or the new one, whole. */
function replaceFile(path, contents, modified) {
  mkdirSync(dirname(path), { recursive: true });
  const unfinished = `${path}.${process.pid}`;
  writeFileSync(unfinished, contents);
  utimesSync(unfinished, modified, modified);
  renameSync(unfinished, path);
}

function removeOthers(kept) {
  for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && /\.js(\.map)?$/.test(entry.name) && !kept.has(path)) rmSync(path);
  }
}

if (argv[1] !== undefined && import.meta.url === pathToFileURL(argv[1]).href) {
  await build();
  console.log(existsSync(dist) ? `built ${relative(root, dist)}/` : "nothing to build yet");
}
