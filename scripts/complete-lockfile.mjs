// npm writes into package-lock.json only those optional packages that its registry has. Where a registry lacks the packages of
// other systems, `npm ci` then stops there for want of their entries, or installs nothing native. This script adds the entries.
//
//   node scripts/complete-lockfile.mjs           adds what is missing (after every npm install)
//   node scripts/complete-lockfile.mjs --check   exits 1 and names what is missing, or any address of a registry
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
      ({ parent, name, range }) => `missing: ${name}@${range}, wanted by ${parent || "the project"}`,
    ),
    ...Object.entries(packages)
      .filter(([, entry]) => /^https?:/.test(entry.resolved ?? ""))
      .map(([path, entry]) => `address: ${path} names ${new URL(entry.resolved).host}`),
  ];
  for (const fault of faults) console.error(`package-lock.json: ${fault}`);
  if (faults.length > 0) {
    console.error(
      "`npm run lockfile` adds what is missing; addresses go when npm writes the file with this folder's .npmrc.",
    );
    process.exitCode = 1;
  }
}

/** Adds the missing entries to the lockfile in memory, in npm's order, and returns their paths. */
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

/** Every optional dependency, of any package, that node would not find in its version from where that package stands. */
function missing(packages) {
  return Object.entries(packages).flatMap(([parent, entry]) =>
    Object.entries(entry.optionalDependencies ?? {})
      .filter(([name, range]) => find(packages, parent, name, range) === undefined)
      .map(([name, range]) => ({ parent, name, range })),
  );
}

/** The path of the package that `parent` gets for `name`, or undefined where it gets none or another version. */
function find(packages, parent, name, range) {
  for (const folder of foldersAbove(parent)) {
    const path = `${folder}node_modules/${name}`;
    if (packages[path] !== undefined) return satisfies(packages[path].version, range) ? path : undefined;
  }
  return undefined;
}

/** "node_modules/a/node_modules/b" -> "node_modules/a/node_modules/b/", "node_modules/a/", "": where node looks, nearest first. */
function foldersAbove(parent) {
  const parts = parent.split(/(?:^|\/)node_modules\//).slice(1);
  return Array.from({ length: parts.length + 1 }, (_, dropped) =>
    parts
      .slice(0, parts.length - dropped)
      .map((part) => `node_modules/${part}/`)
      .join(""),
  );
}

/** Beside its parent, as npm lays them out; inside the parent where another version stands beside it. */
function placeFor(packages, parent, name) {
  const [inside, beside = inside] = foldersAbove(parent);
  const path = `${beside}node_modules/${name}`;
  return packages[path] === undefined ? path : `${inside}node_modules/${name}`;
}

/** What npm would write, but for the address and the hash: os, cpu and libc, as the package's name gives them. */
function entryFor(name, version, packages, range) {
  const words = name.split(/[^a-z0-9]+/);
  const os = systems.filter((system) => words.includes(system));
  const cpu = processors.filter((processor) => words.includes(processor));
  if (name === "fsevents") os.push("darwin");
  if (os.length === 0 && cpu.length === 0)
    throw new Error(`${name} does not name its platform: add its entry by hand`);
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

/** "1.2.3", "^1.2.3" and "~1.2.3" begin with a version that exists; other ranges need a person. */
function oldestOf(range, name) {
  const version = /^[~^]?(\d+\.\d+\.\d+\S*)$/.exec(range)?.[1];
  if (version === undefined)
    throw new Error(`${name}@${range}: this range names no version; add its entry by hand`);
  return version;
}

/** Ranges that are none of the three forms hold: npm has placed those packages itself. */
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
