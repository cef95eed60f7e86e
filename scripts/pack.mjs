// Packs the package as it is published: node scripts/pack.mjs FOLDER.
//
// What an installation never uses is left out of package.json: npm warns of every script that it could run at an installation.
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { argv, execPath, platform } from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const UNUSED = ["scripts", "devDependencies", "allowScripts"];

/** Builds the package with its reference, and writes its archive into `folder`. Gives the archive's path. */
export function pack(folder) {
  for (const script of ["build.mjs", "scripts/api-docs.mjs"])
    execFileSync(execPath, [script], { cwd: root, stdio: "ignore" });
  const staged = mkdtempSync(join(tmpdir(), "dynalake-pack-"));
  try {
    const [{ files }] = npmPack(root, "--dry-run");
    for (const { path } of files) cpSync(join(root, path), join(staged, path));
    writeFileSync(join(staged, "package.json"), `${JSON.stringify(publishedManifest(), undefined, 2)}\n`);
    const [{ filename }] = npmPack(staged, "--pack-destination", resolve(folder));
    return join(folder, filename);
  } finally {
    rmSync(staged, { recursive: true, force: true });
  }
}

function publishedManifest() {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return Object.fromEntries(Object.entries(manifest).filter(([name]) => !UNUSED.includes(name)));
}

function npmPack(cwd, ...args) {
  const options = { cwd, encoding: "utf8", shell: platform === "win32", maxBuffer: 1 << 24 };
  return JSON.parse(execFileSync("npm", ["pack", "--json", "--ignore-scripts", ...args], options));
}

if (argv[1] !== undefined && import.meta.url === pathToFileURL(argv[1]).href) {
  const [folder] = argv.slice(2);
  if (folder === undefined) throw new Error("give the folder for the archive: node scripts/pack.mjs FOLDER");
  console.log(pack(folder));
}
