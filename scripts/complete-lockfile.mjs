// npm lists in package-lock.json only the optional packages that its registry has. If the registry lacks the packages for other
// platforms, `npm ci` fails on those platforms, or installs no native packages. This script adds the missing entries.
//
//   node scripts/complete-lockfile.mjs           adds the missing entries (after every npm install)
//   node scripts/complete-lockfile.mjs --check   exits 1 and lists missing entries, and registry addresses
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const lockfile = join(dirname(dirname(fileURLToPath(import.meta.url))), "package-lock.json");
const systems = "aix android darwin freebsd linux netbsd openbsd openharmony sunos win32".split(" ");
const processors = "arm arm64 ia32 loong64 mips64el ppc64 riscv64 s390x wasm32 x64".split(" ");

const lock = JSON.parse(readFileSync(lockfile, "utf8"));
if (process.argv.includes("--check")) {
  check(lock);
} else {
  const added = complete(lock);
  if (added.length > 0) writeFileSync(lockfile, `${JSON.stringify(lock, null, 2)}\n`);
  console.log(
    added.length > 0 ? `added ${added.length}: ${added.join(", ")}` : "package-lock.json is complete",
  );
}

function check({ packages }) {
  const faults = [
    ...missing(packages).map(
      ({ parent, name, range }) => `missing: ${name}@${range}, required by ${parent || "the project"}`,
    ),
    ...Object.entries(packages)
      .filter(([, entry]) => /^https?:/.test(entry.resolved ?? ""))
      .map(([path, entry]) => `registry address: ${path} contains ${new URL(entry.resolved).host}`),
  ];
  for (const fault of faults) console.error(`package-lock.json: ${fault}`);
  if (faults.length > 0) {
    console.error(
      "`npm run lockfile` adds missing entries. npm omits registry addresses when it runs with the .npmrc of this folder.",
    );
    process.exitCode = 1;
  }
}

/** Adds the missing entries to `lock`, in npm's order, and returns their paths. */
function complete(lock) {
  const added = [];
  for (const { parent, name, range } of missing(lock.packages)) {
    if (find(lock.packages, parent, name, range) !== undefined) continue;
    const path = placeFor(lock.packages, parent, name);
    const version = oldestOf(range, name);
    lock.packages[path] = entryFor(name, version, lock.packages, range);
    added.push(path);
  }
  lock.packages = Object.fromEntries(
    Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, "en")),
  );
  const left = missing(lock.packages);
  if (left.length > 0) throw new Error(`no place for ${left.map(({ name, range }) => `${name}@${range}`)}`);
  return added;
}

/** The optional dependencies, of any package, that Node would not find from that package in the required version. */
function missing(packages) {
  return Object.entries(packages).flatMap(([parent, entry]) =>
    Object.entries(entry.optionalDependencies ?? {})
      .filter(([name, range]) => find(packages, parent, name, range) === undefined)
      .map(([name, range]) => ({ parent, name, range })),
  );
}

/** The path of the package that `parent` imports as `name`; undefined if there is none, or one of another version. */
function find(packages, parent, name, range) {
  for (const folder of foldersAbove(parent)) {
    const path = `${folder}node_modules/${name}`;
    if (packages[path] !== undefined) return satisfies(packages[path].version, range) ? path : undefined;
  }
  return undefined;
}

/** Where Node looks, nearest first: for node_modules/a/node_modules/b in that folder, in node_modules/a/, then at the root. */
function foldersAbove(parent) {
  const parts = parent.split(/(?:^|\/)node_modules\//).slice(1);
  return Array.from({ length: parts.length + 1 }, (_, dropped) =>
    parts
      .slice(0, parts.length - dropped)
      .map((part) => `node_modules/${part}/`)
      .join(""),
  );
}

/** Next to its parent, as npm does; inside the parent if another version is already next to it. */
function placeFor(packages, parent, name) {
  const [inside, beside = inside] = foldersAbove(parent);
  const path = `${beside}node_modules/${name}`;
  return packages[path] === undefined ? path : `${inside}node_modules/${name}`;
}

/** The entry that npm would write, without address and hash. The name of the package tells its os, cpu and libc. */
function entryFor(name, version, packages, range) {
  const words = name.split(/[^a-z0-9]+/);
  const os = systems.filter((system) => words.includes(system));
  const cpu = processors.filter((processor) => words.includes(processor));
  if (name === "fsevents") os.push("darwin");
  if (os.length === 0 && cpu.length === 0)
    throw new Error(`the name ${name} does not contain a platform: add its entry by hand`);
  const libc = words.some((word) => word.startsWith("musl"))
    ? ["musl"]
    : words.some((word) => word.startsWith("gnu")) && os.includes("linux")
      ? ["glibc"]
      : [];
  const parents = Object.values(packages).filter((entry) => entry.optionalDependencies?.[name] === range);
  return {
    version,
    ...(cpu.length > 0 && { cpu }),
    ...(parents.every((entry) => entry.dev === true) && { dev: true }),
    ...(libc.length > 0 && { libc }),
    optional: true,
    ...(os.length > 0 && { os }),
  };
}

/** "1.2.3", "^1.2.3" and "~1.2.3" start with a version that exists. Other ranges need a person. */
function oldestOf(range, name) {
  const version = /^[~^]?(\d+\.\d+\.\d+\S*)$/.exec(range)?.[1];
  if (version === undefined)
    throw new Error(`${name}@${range}: the range does not start with a version: add its entry by hand`);
  return version;
}

/** Any other form of range counts as satisfied, because npm has placed those packages itself. */
function satisfies(version, range) {
  const wanted = /^([~^]?)(\d+)\.(\d+)\.(\d+)(\S*)$/.exec(range);
  if (wanted === null) return true;
  const [, sign, ...parts] = wanted;
  if (sign === "") return version === range;
  const [major, minor, patch] = parts.slice(0, 3).map(Number);
  const [ownMajor, ownMinor, ownPatch] = version.split(/[.+-]/, 3).map(Number);
  const fixed = sign === "~" ? 2 : major > 0 ? 1 : minor > 0 ? 2 : 3;
  const own = [ownMajor, ownMinor, ownPatch];
  const lowest = [major, minor, patch];
  const changed = own.findIndex((part, at) => part !== lowest[at]);
  return changed < 0 || (changed >= fixed && own[changed] > lowest[changed]);
}
