// Makes a release of the version that package.json names: npm run release -- 0.2.0 [--dry-run]
//
// It checks that everything is committed, that the version is a new one and that CHANGELOG.md has a dated section for it, runs all checks,
// packs the package into .cache/release, tags the commit, and prints the section as release notes. It publishes and pushes nothing.
// With --dry-run it stops after the checks that take no time.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { argv, exit, platform } from "node:process";
import { fileURLToPath } from "node:url";
import { releaseNotes } from "./changelog.mjs";
import { pack } from "./pack.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const packages = join(".cache", "release");

try {
  release(argv.slice(2));
} catch (error) {
  console.error(`No release: ${error.message}`);
  exit(1);
}

function release(args) {
  const isDryRun = args.includes("--dry-run");
  const [version, ...others] = args.filter((arg) => arg !== "--dry-run");
  if (version === undefined || others.length > 0 || version.startsWith("-"))
    throw new Error("give one version: npm run release -- 0.2.0 [--dry-run]");
  const notes = checkedNotes(version);
  if (!isDryRun) makeRelease(version, notes);
  console.log(`\n${notes}\n`);
  console.log(
    isDryRun
      ? `${version} is ready: without --dry-run, all checks run, the package is packed and the commit is tagged v${version}.`
      : `Tagged v${version}. Next: git push origin v${version}, and npm publish ${packages}/dynalake-${version}.tgz`,
  );
}

/** Checks what can be known at once, and returns the release notes. */
function checkedNotes(version) {
  if (!/^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/.test(version)) throw new Error(`invalid version: ${version}`);
  for (const file of ["package.json", "package-lock.json"]) {
    const { version: own } = JSON.parse(readFileSync(join(root, file), "utf8"));
    if (own !== version)
      throw new Error(
        `${file} has version ${own}: commit \`npm version ${version} --no-git-tag-version\` first`,
      );
  }
  if (git("status", "--porcelain") !== "") throw new Error("some changes are not committed");
  if (git("tag", "--list", `v${version}`) !== "") throw new Error(`the tag v${version} exists`);
  return releaseNotes(readFileSync(join(root, "CHANGELOG.md"), "utf8"), version);
}

function makeRelease(version, notes) {
  run("npm", "run", "check");
  mkdirSync(join(root, packages), { recursive: true });
  pack(join(root, packages));
  if (git("status", "--porcelain") !== "") throw new Error("the checks or the packing changed files");
  git(
    "tag",
    "--annotate",
    `v${version}`,
    "--cleanup=verbatim",
    "--message",
    `dynalake ${version}\n\n${notes}`,
  );
}

function git(...args) {
  const { error, status, stderr, stdout } = spawnSync("git", args, { cwd: root, encoding: "utf8" });
  if (error) throw error;
  if (status !== 0) throw new Error(`git ${args[0]} failed: ${stderr.trim()}`);
  return stdout.trim();
}

function run(command, ...args) {
  const { error, status } = spawnSync(command, args, {
    cwd: root,
    stdio: "inherit",
    shell: platform === "win32",
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} failed`);
}
